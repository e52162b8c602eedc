package proxy

import (
	"html"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// serve is httpd's proxy_handler: Max-Forwards, bans, the choice of a worker, and the exchange.
func serve(r *module.Request) module.Result {
	if !isProxied(r) {
		if r.Proxy != module.NotProxied || !strings.HasPrefix(r.Handler, proxyPrefix) {
			return module.Declined
		}
		// SetHandler "proxy:URL"
		r.Filename, r.Proxy = r.Handler+r.Filename, module.ReverseProxied
		r.SetNote(noteHandler, "1")
	}
	kept := r.Take(wayKey)
	x, ok := kept.(*exchange)
	if !ok || x.filename != r.Filename {
		a, _ := kept.(*alias)
		var res module.Result
		if x, res = canonicalise(r, a); res != module.OK {
			return res
		}
	}
	x.dir, x.server = dirs.Of(r.Dir), x.rt.settings
	res := x.serve()
	if !x.later {
		x.recycle()
	}
	return res
}

func (x *exchange) serve() module.Result {
	r := x.r
	if http1.Find(r.Conn.Fields, http1.MaxForwards) != nil || !r.Untouched() || x.server.maxForwardsSet || r.Method == http.MethodTrace {
		if res, done := limitForwards(r, x.server); done {
			return res
		}
	}
	url := x.url()
	if len(x.server.blocks) > 0 && blocked(x.server.blocks, hostOf(url)) {
		return fail(r, http.StatusForbidden, "AH00898", "Connect to remote machine blocked")
	}
	if r.HTTP.ContentLength < 0 {
		if res := x.peekBody(); res != module.OK {
			return res
		}
	}
	if x.scheme == nil {
		return x.route(url)
	}
	res, _ := x.run(x.worker, &x.worker.URL, x.filename[x.path:])
	return res
}

// route finds the worker of a URL, or the balancer.
func (x *exchange) route(url string) module.Result {
	if isBalancerURL(url) {
		if b := x.rt.balancer(url); b != nil {
			return x.balance(b, url)
		}
	}
	w, own := x.rt.find(url, x.path-len(proxyPrefix))
	if own {
		res, _ := x.through(w, &w.URL, x.filename[x.path:])
		return res
	}
	u, err := upstream.ParseURL(url)
	if err != nil {
		return fail(x.r, http.StatusBadRequest, "AH01083", err.Error())
	}
	x.foreign = &u
	res, _ := x.through(w, &u, u.Path)
	return res
}

// hostOf is the host of a canonical URL, without port.
func hostOf(url string) string {
	rest, _ := authorityOf(url)
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest = rest[:i]
	}
	if strings.HasPrefix(rest, "[") {
		rest, _, _ = strings.Cut(rest[1:], "]")
		return rest
	}
	host, _, _ := strings.Cut(rest, ":")
	return host
}

// through is run, if there is a scheme for it.
func (x *exchange) through(w *upstream.Worker, u *upstream.URL, path string) (module.Result, *upstream.Error) {
	if x.scheme = x.rt.schemes[u.Scheme]; x.scheme == nil {
		x.r.Logf("proxy", observe.Warn, "AH01144", "No protocol handler was valid for the URL %s (scheme '%s'). "+
			"If you are using a DSO version of mod_proxy, make sure the proxy submodules are included in the configuration using LoadModule.", x.r.URI, u.Scheme)
		return http.StatusInternalServerError, nil
	}
	return x.run(w, u, path)
}

// limitForwards counts Max-Forwards down (RFC 9110 7.6.2); at zero the proxy answers itself.
func limitForwards(r *module.Request, s *serverSettings) (res module.Result, done bool) {
	text := r.Field("Max-Forwards")
	if text == "" {
		if s.maxForwardsSet && s.maxForwards >= 0 {
			r.Header().Set("Max-Forwards", strconv.Itoa(s.maxForwards))
		}
		return traceAllowed(r)
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return fail(r, http.StatusBadRequest, "AH00898", "Max-Forwards request header could not be parsed"), true
	}
	if n == 0 {
		if r.Method == http.MethodTrace || r.Method == http.MethodOptions {
			r.Proxy, r.Filename, r.Handler = module.NotProxied, "", ""
			return module.Declined, true // core's handler answers for this server
		}
		return fail(r, http.StatusBadRequest, "AH00898", "Max-Forwards has reached zero - proxy loop?"), true
	}
	r.Header().Set("Max-Forwards", strconv.FormatUint(n-1, 10))
	return traceAllowed(r)
}

func traceAllowed(r *module.Request) (module.Result, bool) {
	if r.Method != http.MethodTrace {
		return module.OK, false
	}
	mode := module.CoreServer.Of(r.Server.Settings).TraceEnable
	if mode == "off" {
		r.SetNote("error-notes", "TRACE forbidden by server configuration")
		return http.StatusMethodNotAllowed, true
	}
	if mode != "extended" && r.HTTP.ContentLength != 0 {
		r.SetNote("error-notes", "TRACE with request body is not allowed")
		return http.StatusRequestEntityTooLarge, true
	}
	return module.OK, false
}

// blocked says whether ProxyBlock bans a host: by a word in its name, or "*".
func blocked(words []string, host string) bool {
	host = strings.ToLower(host)
	for _, w := range words {
		if w == "*" || strings.Contains(host, w) {
			return true
		}
	}
	return false
}

// fail is httpd's ap_proxyerror: the reason goes to the log and, with 400, 500 and 502, to the client.
func fail(r *module.Request, status int, code, reason string) module.Result {
	r.Logf("proxy", observe.Error, code, "%s returned by %s", reason, r.URI)
	note(r, status, reason)
	return module.Result(status)
}

func note(r *module.Request, status int, reason string) {
	if status != http.StatusServiceUnavailable {
		r.SetNote("error-notes", "The proxy server could not handle the request<p>Reason: <strong>"+html.EscapeString(reason)+"</strong></p>")
	}
}
