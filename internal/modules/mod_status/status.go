// Package status is mod_status: what the server does at this moment, for people and, with ?auto, for monitoring.
package status

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_status. ExtendedStatus is core's, as in httpd.
func Module() *module.Module {
	c := &counter{}
	return &module.Module{Name: "mod_status", Identifier: "status_module", Compile: c.open,
		Hooks: []module.Hook{
			{Phase: module.PostRead, Run: name},
			{Phase: module.LogTransaction, Position: module.ReallyLast, Run: c.count, Detach: c.detach},
		},
		Offers: module.Offers{Handlers: []module.NamedHandler{{Name: "server-status", Serve: serve}}},
	}
}

// name tells the listener whose request a connection carries.
func name(r *module.Request) module.Result {
	if r.Conn.Scoreboard != nil && r.Initial() {
		r.Conn.SetVHost(&r.Server.Name)
	}
	return module.Declined
}

// serve is the handler server-status. Its query is a list of words: auto, notable, refresh=SECONDS.
func serve(r *module.Request) module.Result {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		r.SetErrHeader("Allow", "GET,HEAD")
		return http.StatusMethodNotAllowed
	}
	s := look(r)
	if seconds, ok := refresh(r.Query); ok {
		r.Writer.Header().Set("Refresh", strconv.Itoa(seconds))
	}
	var b bytes.Buffer
	if strings.Contains(r.Query, "auto") {
		s.auto(r, &b)
		return r.SendPage("text/plain; charset=ISO-8859-1", b.Bytes())
	}
	if err := s.page(r, &b); err != nil {
		r.Logf("status", observe.Error, "", "the page can't be made: %v", err)
		return http.StatusInternalServerError
	}
	return r.SendPage("text/html; charset=utf-8", b.Bytes())
}

// refresh is the time after which browsers load the page again; 10 seconds if the query names none.
func refresh(query string) (seconds int, ok bool) {
	_, rest, ok := strings.Cut(query, "refresh")
	if !ok {
		return 0, false
	}
	if text, named := strings.CutPrefix(rest, "="); named {
		text, _, _ = strings.Cut(text, "&")
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			return n, true
		}
	}
	return 10, true
}

// writer lets the sections of other modules write to a page that is not sent yet.
type writer struct{ *bytes.Buffer }

func (w writer) Header() http.Header { return http.Header{} }
func (w writer) WriteHeader(int)     {}
