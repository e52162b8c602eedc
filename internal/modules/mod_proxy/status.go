package proxy

import (
	"fmt"
	"html/template"
	"net/http"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
)

// statusSection is the part of server-status about workers outside balancers; ProxyStatus asks for it.
var statusSection = module.StatusSection{Title: "Proxy Workers",
	HTML: func(r *module.Request, w http.ResponseWriter) {
		list := workerStats(r)
		if len(list) == 0 {
			return
		}
		if err := workerTable.Execute(w, list); err != nil {
			r.Logf("proxy", observe.Error, "", "server-status: %v", err)
		}
	},
	Auto: func(r *module.Request, w http.ResponseWriter) {
		for i, s := range workerStats(r) {
			prefix := fmt.Sprintf("ProxyWorker[%d]", i)
			fmt.Fprintf(w, "%sName: %s\n%sStatus: %s\n%sBusy: %d\n%sOpen: %d\n%sIdle: %d\n%sWaiting: %d\n%sSent: %dK\n%sRcvd: %dK\n",
				prefix, s.Name, prefix, s.Status, prefix, s.Busy, prefix, s.Open, prefix, s.Idle, prefix, s.Waiting, prefix, s.Transferred>>10, prefix, s.Read>>10)
		}
	},
}

func workerStats(r *module.Request) (list []upstream.Stats) {
	if !module.ProxyStatus.Of(r.Server.Settings).Or(false) || r.Site.Build.Kept == nil {
		return nil
	}
	set, ok := module.Lookup[*upstream.Set](r.Site.Build.Kept, keptWorkers)
	if !ok {
		return nil
	}
	for _, w := range set.Workers() {
		if !w.Member {
			list = append(list, w.Stats())
		}
	}
	return list
}

var workerTable = template.Must(template.New("workers").Parse(`<h2>Proxy workers</h2>
<table><tr><th>URL</th><th>Status</th><th class="n">Busy</th><th class="n">Connections</th><th class="n">Idle</th><th class="n">Limit</th><th class="n">Waiting</th><th class="n">Bytes sent</th><th class="n">Received</th></tr>
{{range .}}<tr><td>{{.Name}}</td><td>{{.Status}}</td><td class="n">{{.Busy}}</td><td class="n">{{.Open}}</td><td class="n">{{.Idle}}</td><td class="n">{{if .Limit}}{{.Limit}}{{else}}none{{end}}</td><td class="n">{{.Waiting}}</td><td class="n">{{.Transferred}}</td><td class="n">{{.Read}}</td></tr>
{{end}}</table>
`))
