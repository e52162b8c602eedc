package status

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"strings"
	"time"

	"transom/internal/module"
)

// view is what the page's template sees.
type view struct {
	*snapshot
	Name, Via, Version, Built string
	Table                     bool
	Sections                  []section
}

type section struct {
	Title string
	HTML  template.HTML
}

func (s *snapshot) page(r *module.Request, b *bytes.Buffer) error {
	v := view{snapshot: s, Name: r.ServerName(), Via: r.Conn.Local.Addr().Unmap().String(), Version: version, Built: built(),
		Table: !strings.Contains(r.Query, "notable")}
	for _, offered := range r.Site.Offered.StatusSections {
		if offered.HTML == nil {
			continue
		}
		var part bytes.Buffer
		if offered.HTML(r, writer{&part}); part.Len() == 0 {
			continue
		}
		v.Sections = append(v.Sections, section{offered.Title, template.HTML(part.String())})
	}
	return pageTemplate.Execute(b, v)
}

// LoadText is the load of 1, 5 and 15 minutes.
func (s *snapshot) LoadText() string {
	return fmt.Sprintf("%.2f %.2f %.2f", s.Load[0], s.Load[1], s.Load[2])
}

// Rates say how much was done per second and per request.
func (s *snapshot) Rates() string {
	uptime := max(s.Uptime.Seconds(), 1)
	requests := float64(max(s.Accesses, 1))
	return fmt.Sprintf("%.3g requests/sec - %s/second - %s/request - %.3g ms/request", float64(s.Accesses)/uptime,
		size(int64(float64(s.Bytes)/uptime)), size(int64(float64(s.Bytes)/requests)), float64(s.Duration.Milliseconds())/requests)
}

func (s *snapshot) ago(t time.Time) string { return s.Now.Sub(t).Round(time.Second).String() }

// row is a connection in words.
type row struct {
	Client, State, Since, VHost, Line, Protocol string
	Accesses                                    int64
	Bytes                                       string
}

var states = map[byte]string{'R': "reading", 'W': "replying", 'K': "kept alive", 'L': "logging", 'C': "closing"}

func (s *snapshot) Rows() []row {
	rows := make([]row, len(s.Connections))
	for i, c := range s.Connections {
		rows[i] = row{address(c.Client), cmp.Or(states[c.State], string(c.State)), s.ago(c.Since), c.VHost, c.Line, c.Protocol, c.Accesses, size(c.Bytes)}
	}
	return rows
}

type tunnelRow struct {
	ID                           uint64
	Client, Host, URL, Backend   string
	Age, Idle, In, Out, Messages string
}

func (s *snapshot) TunnelRows() []tunnelRow {
	rows := make([]tunnelRow, len(s.Tunnels))
	for i, t := range s.Tunnels {
		rows[i] = tunnelRow{t.ID, t.Client, t.Host, t.URL, t.Backend, s.ago(t.Started), s.ago(t.Last), size(t.FromClient.Bytes), size(t.FromBackend.Bytes),
			fmt.Sprintf("%d / %d", t.FromClient.Messages, t.FromBackend.Messages)}
		if t.Opaque {
			rows[i].Messages = "-"
		}
	}
	return rows
}

func (s *snapshot) Traffic() string { return size(s.Bytes) }

// size writes a number of bytes with the unit that fits.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, units := float64(n), "kMGTPE"
	i := -1
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return fmt.Sprintf("%.1f %cB", f, units[i])
}

var pageTemplate = template.Must(template.New("status").Parse(`<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Server status of {{.Name}}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; max-width: 90em }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 2em }
dl { display: grid; grid-template-columns: max-content auto; gap: .1em 1.5em }
dt { color: #666 } dd { margin: 0 }
table { border-collapse: collapse; font-size: .9em }
th, td { text-align: left; padding: .2em .8em .2em 0; border-bottom: 1px solid #ddd; vertical-align: top; overflow-wrap: anywhere }
td.n, th.n { text-align: right }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } th, td { border-color: #333 } dt { color: #999 } }
</style></head>
<body>
<h1>Server status of {{.Name}} (via {{.Via}})</h1>
<dl>
<dt>Server version</dt><dd>{{.Version}}</dd>
<dt>Server built</dt><dd>{{.Built}}</dd>
<dt>Current time</dt><dd>{{.Now.Format "2006-01-02 15:04:05 MST"}}</dd>
<dt>Configuration</dt><dd>number {{.Generation}}, since {{.Reloaded.Format "2006-01-02 15:04:05 MST"}}</dd>
<dt>Uptime</dt><dd>{{.UptimeText}}</dd>
{{if .HasLoad}}<dt>Load</dt><dd>{{.LoadText}}</dd>
{{end}}{{if .Extended}}<dt>Total</dt><dd>{{.Accesses}} requests, {{.Traffic}}</dd>
<dt>Rates</dt><dd>{{.Rates}}</dd>
<dt>CPU</dt><dd>{{.User}} user, {{.System}} system</dd>
{{end}}<dt>Connections</dt><dd>{{.Reading}} reading, {{.Writing}} replying, {{.KeptAlive}} kept alive, {{.Closing}} closing</dd>
<dt>Tunnels</dt><dd>{{len .Tunnels}}</dd>
{{if .LostLogLines}}<dt>Lost</dt><dd>{{.LostLogLines}} lines that no log took: the error log says which</dd>
{{end}}</dl>
{{if and .Extended .Tunnels}}<h2>Tunnels</h2>
{{if .Table}}<table><tr><th class="n">ID</th><th>Client</th><th>Host</th><th>URL</th><th>Backend</th><th class="n">Age</th><th class="n">Idle</th><th class="n">In</th><th class="n">Out</th><th class="n">Messages</th></tr>
{{range .TunnelRows}}<tr><td class="n">{{.ID}}</td><td>{{.Client}}</td><td>{{.Host}}</td><td>{{.URL}}</td><td>{{.Backend}}</td><td class="n">{{.Age}}</td><td class="n">{{.Idle}}</td><td class="n">{{.In}}</td><td class="n">{{.Out}}</td><td class="n">{{.Messages}}</td></tr>
{{end}}</table>
{{else}}<pre>{{range .TunnelRows}}{{.ID}} {{.Client}} {{.Host}}{{.URL}} to {{.Backend}}: {{.Age}}, idle for {{.Idle}}, {{.In}} in, {{.Out}} out
{{end}}</pre>
{{end}}{{end}}{{if and .Extended .Connections}}<h2>Connections</h2>
{{if .Table}}<table><tr><th>Client</th><th>State</th><th class="n">Since</th><th class="n">Requests</th><th class="n">Sent</th><th>Protocol</th><th>Virtual host</th><th>Request</th></tr>
{{range .Rows}}<tr><td>{{.Client}}</td><td>{{.State}}</td><td class="n">{{.Since}}</td><td class="n">{{.Accesses}}</td><td class="n">{{.Bytes}}</td><td>{{.Protocol}}</td><td>{{.VHost}}</td><td>{{.Line}}</td></tr>
{{end}}</table>
{{else}}<pre>{{range .Rows}}{{.Client}} {{.State}} for {{.Since}}: {{.Accesses}} requests, {{.Bytes}} sent ({{.Protocol}}) {{.VHost}} {{.Line}}
{{end}}</pre>
{{end}}{{end}}{{range .Sections}}<section title="{{.Title}}">
{{.HTML}}</section>
{{end}}</body></html>
`))
