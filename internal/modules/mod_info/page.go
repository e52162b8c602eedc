package info

import "html/template"

var page = template.Must(template.New("info").Parse(`<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Server information of {{.Name}}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; max-width: 90em }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 2em }
dl { display: grid; grid-template-columns: max-content auto; gap: .1em 1.5em }
dt { color: #666 } dd { margin: 0; white-space: pre-line }
code { font-size: .95em } .place { color: #999; margin-right: 1em }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } dt { color: #999 } a { color: #8bf } }
</style></head>
<body>
<h1>Server information of {{.Name}}</h1>
<p><a href="?">All</a> <a href="?config">Configuration</a> <a href="?hooks">Hooks</a> <a href="?list">Modules</a> <a href="?server">Server</a></p>
{{define "lines"}}{{range .}}<div style="margin-left: {{.Indent}}em"><code>{{if .Place}}<span class="place">{{.Place}}</span>{{end}}{{.Text}}</code></div>
{{end}}{{end}}{{if .Server}}<h2>Server settings</h2>
<dl>{{range .Server}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>
{{end}}</dl>
{{end}}{{if .List}}<h2>Modules</h2>
<p>{{range .List}}<a href="?{{.}}">{{.}}</a> {{end}}</p>
{{end}}{{if .Hooks}}<h2>Hooks, in the order in which they run</h2>
<dl>{{range .Hooks}}<dt>{{.Name}}</dt><dd>{{.Value}}</dd>
{{end}}</dl>
{{end}}{{if .Config}}<h2>Configuration</h2>
{{template "lines" .Config}}{{end}}{{range .Modules}}<h2 id="{{.Source}}">{{.Source}} ({{.Identifier}})</h2>
<dl>{{if .Handlers}}<dt>Handlers</dt><dd>{{.Handlers}}</dd>
{{end}}{{if .Phases}}<dt>Phases</dt><dd>{{.Phases}}</dd>
{{end}}{{range .Directives}}<dt><code>{{.Title}}</code></dt><dd>{{.Doc}}</dd>
{{end}}</dl>
{{range .More}}<p>{{.}}</p>
{{end}}{{if .Config}}<h3>Configuration in force</h3>
{{template "lines" .Config}}{{end}}{{end}}</body></html>
`))
