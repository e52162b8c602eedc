package site

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
)

// What follows tells whoever explains a request how it goes through a Site; r.Trace is nil for all others.

func (s *Site) traceHost(r *module.Request) {
	if r.Trace == nil {
		return
	}
	title := "server config"
	if r.Server.Virtual() {
		title = "<VirtualHost>"
	}
	r.Tracef(r.Server.Pos, title, "%s: %s", hostTitle(r.Server), s.vhosts.why(r.Server, r.Conn.Local, r.Host))
}

// hostTitle is how a server is called in explanations.
func hostTitle(s *module.Server) string {
	if s.Name == "" {
		return "no ServerName"
	}
	return s.Name
}

// why says in words what pick has done.
func (v *vhosts) why(s *module.Server, local netip.AddrPort, host string) string {
	list := v.candidates(local)
	where := fmt.Sprintf("%d virtual hosts fit %v", len(list.servers), local)
	if len(list.servers) == 1 {
		where = fmt.Sprintf("one virtual host fits %v", local)
	}
	switch {
	case list == v.main:
		return fmt.Sprintf("no virtual host fits %v, so that the main server answers", local)
	case host == "":
		return where + "; the request names no host, so that the first one listed answers"
	case strings.TrimSuffix(s.Name, ".") == strings.TrimSuffix(host, "."):
		return where + "; its ServerName is " + host
	case slices.Contains(s.Aliases, host) || matchesAny(s.Wildcards, host):
		return where + "; a ServerAlias of it covers " + host
	}
	return fmt.Sprintf("%s and none is named %s, so that the first one listed answers", where, host)
}

func traceSection(r *module.Request, sec *module.Section) {
	if r.Trace != nil {
		r.Tracef(sec.Pos, sec.Title, "applies")
	}
}

// traceHook tells who ended a phase, and who took part in one that only one module decides.
func traceHook(r *module.Request, p module.Phase, owner string, res module.Result) {
	switch {
	case res == module.Declined || res == module.OK && p.RunsAll():
	case res >= 100:
		r.Tracef(conf.Pos{}, owner, "%v: answers %d %s", p, res, http.StatusText(int(res)))
	case res == module.OK && (p == module.Translate || p == module.PreTranslate):
		r.Tracef(conf.Pos{}, owner, "%v: %s is %s", p, r.URI, r.Filename)
	case p == module.Handler:
		r.Tracef(conf.Pos{}, owner, "%v: serves the request", p)
	}
}

func traceFilters(r *module.Request) {
	if r.Trace == nil {
		return
	}
	if names := r.FilterNames(); len(names) > 0 {
		r.Tracef(conf.Pos{}, "filters", "the response passes %s", strings.Join(names, ", "))
	}
}
