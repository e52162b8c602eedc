package balancer

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"transom/internal/module"
	"transom/internal/upstream"
)

type balancerView struct {
	*upstream.Balancer
	Nonce, Sticky, Timeout string
	Attempts               int
	Workers                []workerView
}

type workerView struct {
	upstream.Stats
	Factor, To, From string
	Flags            []flagView
}

type flagView struct {
	Letter, Title string
	On            bool
}

type managerView struct {
	Title, Path string
	Balancers   []balancerView
}

func view(r *module.Request, balancers []*upstream.Balancer) managerView {
	v := managerView{Title: "Load Balancer Manager for " + r.ServerName(), Path: r.URI}
	for _, b := range balancers {
		bv := balancerView{Balancer: b, Nonce: nonce(r, b), Sticky: "(None)", Timeout: fmt.Sprint(int(b.Timeout.Seconds())), Attempts: b.Attempts()}
		if b.StickySession != "" {
			bv.Sticky = b.StickySession
			if b.StickyPath != b.StickySession {
				bv.Sticky += " | " + b.StickyPath
			}
		}
		for _, w := range b.Members {
			bv.Workers = append(bv.Workers, viewOf(w))
		}
		v.Balancers = append(v.Balancers, bv)
	}
	return v
}

func viewOf(w *upstream.Worker) workerView {
	s := w.Stats()
	v := workerView{Stats: s, Factor: fmt.Sprintf("%.2f", s.LoadFactor), To: size(s.Transferred), From: size(s.Read)}
	for _, f := range flags {
		v.Flags = append(v.Flags, flagView{f.Letter, f.Title, s.Status&f.Bit != 0})
	}
	return v
}

// size writes bytes as httpd's pages do: four characters at most.
func size(n int64) string {
	units := " KMGTPE"
	f, i := float64(n), 0
	for f >= 973 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	switch {
	case i == 0:
		return fmt.Sprintf("%3d ", n)
	case f < 9.95:
		return fmt.Sprintf("%.1f%c", f, units[i])
	}
	return fmt.Sprintf("%3.0f%c", f, units[i])
}

var page = template.Must(template.New("manager").Parse(`<!DOCTYPE html>
<html><head><title>Balancer Manager</title>
<style>
body { font-family: sans-serif; margin: 1.5em }
table { border-collapse: collapse; margin: .5em 0 1.5em }
th, td { border: 1px solid #aaa; padding: .2em .5em; text-align: left }
th { background: #eee }
input[type=text] { width: 5em }
</style></head>
<body>
<h1>{{.Title}}</h1>
{{range $b := .Balancers}}<hr>
<h3>LoadBalancer Status for {{.Name}}</h3>
<table><tr><th>StickySession</th><th>DisableFailover</th><th>Timeout</th><th>FailoverAttempts</th><th>Method</th></tr>
<tr><td>{{.Sticky}}</td><td>{{if .NoFailover}}On{{else}}Off{{end}}</td><td>{{.Timeout}}</td><td>{{.Attempts}}</td><td>{{.LBMethod}}</td></tr></table>
<table><tr><th>Worker URL</th><th>Route</th><th>RouteRedir</th><th>Factor</th><th>Set</th><th>Status</th><th>Elected</th><th>Busy</th><th>Load</th><th>To</th><th>From</th><th>Change</th></tr>
{{range .Workers}}<tr><td>{{.Name}}</td><td>{{.Route}}</td><td>{{.Redirect}}</td><td>{{.Factor}}</td><td>{{.LBSet}}</td><td>{{.Status}}</td><td>{{.Elected}}</td><td>{{.Busy}}</td><td>{{.LBStatus}}</td><td>{{.To}}</td><td>{{.From}}</td>
<td><details><summary>edit</summary><form method="post" action="{{$.Path}}">
<input type="hidden" name="b" value="{{$b.Name}}"><input type="hidden" name="w" value="{{.Name}}"><input type="hidden" name="nonce" value="{{$b.Nonce}}">
<p>Load factor <input type="text" name="w_lf" value="{{.Factor}}"> LB Set <input type="text" name="w_ls" value="{{.LBSet}}"></p>
<p>Route <input type="text" name="w_wr" value="{{.Route}}"> Route Redirect <input type="text" name="w_rr" value="{{.Redirect}}"></p>
{{range .Flags}}<p>{{.Title}}: <label><input type="radio" name="w_status_{{.Letter}}" value="1"{{if .On}} checked{{end}}> On</label> <label><input type="radio" name="w_status_{{.Letter}}" value="0"{{if not .On}} checked{{end}}> Off</label></p>
{{end}}<p><input type="submit" value="Submit"></p></form></details></td></tr>
{{end}}</table>
{{else}}<p>No balancer is configured for this server.</p>
{{end}}</body></html>
`))

// status is the part of server-status.
var status = module.StatusSection{
	Title: "Proxy LoadBalancer Status",
	HTML: func(r *module.Request, w http.ResponseWriter) {
		for _, b := range statusOf(r) {
			var out bytes.Buffer
			if statusPart.Execute(&out, b) == nil {
				w.Write(out.Bytes())
			}
		}
	},
	Auto: func(r *module.Request, w http.ResponseWriter) {
		for i, b := range statusOf(r) {
			fmt.Fprintf(w, "ProxyBalancer[%d]Name: %s\n", i, b.Name)
			for j, m := range b.Workers {
				prefix := fmt.Sprintf("ProxyBalancer[%d]Worker[%d]", i, j)
				fmt.Fprintf(w, "%sName: %s\n%sStatus: %s\n%sElected: %d\n%sBusy: %d\n%sSent: %dK\n%sRcvd: %dK\n",
					prefix, m.Name, prefix, m.Status, prefix, m.Elected, prefix, m.Busy, prefix, m.Transferred>>10, prefix, m.Read>>10)
			}
		}
	},
}

func statusOf(r *module.Request) []balancerView {
	if !module.ProxyStatus.Of(r.Server.Settings).Or(false) {
		return nil
	}
	return view(r, balancersOf(r.Server, r.Site)).Balancers
}

var statusPart = template.Must(template.New("status").Parse(`<hr>
<h1>Proxy LoadBalancer Status for {{.Name}}</h1>
<table border="0"><tr><th>SSes</th><th>Timeout</th><th>Method</th></tr><tr><td>{{.Sticky}}</td><td>{{.Timeout}}</td><td>{{.LBMethod}}</td></tr></table>
<table border="0"><tr><th>Sch</th><th>Host</th><th>Stat</th><th>Route</th><th>Redir</th><th>F</th><th>Set</th><th>Acc</th><th>Busy</th><th>Wr</th><th>Rd</th></tr>
{{range .Workers}}<tr><td colspan="2">{{.Name}}</td><td>{{.Stats.Status}}</td><td>{{.Route}}</td><td>{{.Redirect}}</td><td>{{.Factor}}</td><td>{{.LBSet}}</td><td>{{.Elected}}</td><td>{{.Busy}}</td><td>{{.To}}</td><td>{{.From}}</td></tr>
{{end}}</table>
`))
