package site

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

// engine runs requests within requests for modules.
type engine struct{ site *Site }

func (e engine) Pick(local netip.AddrPort, host string) *module.Server {
	return e.site.Pick(local, host)
}

func (e engine) Redirect(r *module.Request, uri string) module.Result {
	return e.site.redirect(r, uri, nil)
}

// redirect serves uri in place of r with the same connection and header. adapt may change the new request first.
func (s *Site) redirect(r *module.Request, uri string, adapt func(*module.Request)) module.Result {
	if tooDeep(r) {
		s.errorPage(r, 500, "")
		return module.Done
	}
	r.Tracef(conf.Pos{}, "internal redirect", "to %s", uri)
	n := s.derive(r, uri)
	n.Prev, n.RedirectNow = r, r.RedirectNow
	for name, value := range r.EnvMap() {
		n.SetEnv("REDIRECT_"+name, value)
	}
	n.ErrHeader = r.ErrHeader.Clone()
	if _, ok := n.Env("REDIRECT_STATUS"); !ok {
		n.SetEnv("REDIRECT_STATUS", "200")
		n.SetEnv("REDIRECT_URL", r.URI)
	}
	if adapt != nil {
		adapt(n)
	}
	stateOf(r).last = n
	outermost(r).belongTo(n)
	res := s.run(module.PostRead, n)
	if res == module.OK {
		res = s.process(n)
	}
	s.answer(n, res)
	if res == module.Suspended {
		return res
	}
	return module.Done
}

// tooDeep says whether r may lead to no further request (LimitInternalRecursion).
func tooDeep(r *module.Request) bool {
	core := module.CoreServer.Of(r.Server.Settings)
	redirects, subrequests := cmp.Or(core.LimitRedirects, defaultRecursion), cmp.Or(core.LimitSubrequests, defaultRecursion)
	redirected, nested := 0, 0
	for p := r; p.Prev != nil || p.Main != nil; p = cmp.Or(p.Prev, p.Main) {
		if p.Prev != nil {
			redirected++
		} else {
			nested++
		}
	}
	exceeded := func(code string, limit int, what string) bool {
		r.Logf("core", observe.Error, code, "Request exceeded the limit of %d %s due to probable configuration error. "+
			"Use 'LimitInternalRecursion' to increase the limit if necessary.", limit, what)
		return true
	}
	switch {
	case redirected >= redirects:
		return exceeded("AH00124", redirects, "internal redirects")
	case nested >= subrequests:
		return exceeded("AH00125", subrequests, "subrequest nesting levels")
	}
	return false
}

// outermost is the engine's own writer below whatever filters r has put before it.
func outermost(r *module.Request) *response {
	w := r.Writer
	for {
		if out, ok := w.(*response); ok {
			return out
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return &response{next: w, request: r, aside: true}
		}
		w = u.Unwrap()
	}
}

// derive makes a request for another URI of the same exchange.
func (s *Site) derive(r *module.Request, uri string) *module.Request {
	hr := *r.HTTP
	hr.Header = r.Header().Clone()
	path, query, _ := strings.Cut(uri, "?")
	hr.URL = &url.URL{Path: path, RawQuery: query}
	n := &module.Request{
		HTTP: &hr, Writer: r.Writer, Conn: r.Conn, Site: r.Site, Server: r.Server,
		Method: r.Method, Protocol: r.Protocol,
		UserAgentAddr: r.UserAgentAddr, UnparsedURI: uri, Host: r.Host, Port: r.Port,
		User: r.User, AuthType: r.AuthType, Trace: r.Trace,
	}
	s.begin(n, new(state))
	return n
}

// Lookup runs a subrequest up to its fixups. As in httpd, uri is encoded.
func (e engine) Lookup(r *module.Request, uri string) *module.Request {
	if !strings.HasPrefix(uri, "/") {
		uri = module.EscapePath(directoryOf(r.URI)) + uri
	}
	return e.lookup(r, uri, e.site.prepare)
}

// LookupFile runs a subrequest for a file from the directory walk on.
func (e engine) LookupFile(r *module.Request, name string) *module.Request {
	if !strings.HasPrefix(name, "/") {
		name = directoryOf(r.Filename) + name
	}
	uri := directoryOf(r.URI) + path.Base(name)
	return e.lookup(r, uri, func(n *module.Request) module.Result {
		n.URI, n.Filename = uri, name
		return e.site.place(n, false)
	})
}

func (e engine) lookup(r *module.Request, uri string, prepare func(*module.Request) module.Result) *module.Request {
	n := e.site.derive(r, uri)
	n.Main, n.Writer = r, scratch{}
	n.Method, n.HTTP.Method = "GET", "GET"
	for name, value := range r.EnvMap() {
		n.SetEnv(name, value)
	}
	if tooDeep(r) {
		n.Status = 500
		return n
	}
	res := prepare(n)
	if instead := stateOf(n).instead; instead != nil {
		return instead
	}
	n.Status = 200
	if res >= 100 {
		n.Status = int(res)
	}
	return n
}

// directoryOf is a path up to its last slash.
func directoryOf(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }

// FastRedirect makes sub, which has been looked up for r, the request itself: no phase runs again, and nothing is renamed.
func (e engine) FastRedirect(r, sub *module.Request) module.Result {
	if _, lookup := r.Writer.(scratch); lookup {
		for name, values := range r.Writer.Header() {
			sub.Writer.Header()[name] = values
		}
		sub.Main = r.Main
		stateOf(r).instead = sub
		return module.Done
	}
	h := r.Writer.Header()
	for name, values := range sub.Writer.Header() {
		h[name] = values
	}
	for name, values := range r.ErrHeader {
		for _, v := range values {
			sub.AddErrHeader(name, v)
		}
	}
	for name, value := range r.Notes {
		if _, ok := sub.Notes[name]; !ok {
			sub.SetNote(name, value)
		}
	}
	sub.Main, sub.Prev, sub.RedirectNow = r.Main, r.Prev, r.RedirectNow
	sub.Method, sub.HTTP.Method, sub.Status = r.Method, r.Method, 0
	outermost(r).belongTo(sub)
	stateOf(r).last = sub
	res := e.site.handle(sub)
	e.site.answer(sub, res)
	if res == module.Suspended {
		return res
	}
	return module.Done
}

func (e engine) Run(r, sub *module.Request) module.Result {
	outermost(r).belongTo(sub)
	stateOf(r).last = sub
	if sub.Status != 200 {
		return module.Result(sub.Status)
	}
	return e.site.handle(sub)
}

// scratch takes the header of a request that is only looked up; nothing is ever written to it.
type scratch http.Header

func (s scratch) Header() http.Header       { return http.Header(s) }
func (s scratch) Write([]byte) (int, error) { return 0, http.ErrBodyNotAllowed }
func (s scratch) WriteHeader(int)           {}
