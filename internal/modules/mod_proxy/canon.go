package proxy

import (
	"errors"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/percent"
	"transom/internal/upstream"
)

// proxyPrefix is what r.Filename of a proxied request begins with, before the URL.
const proxyPrefix = "proxy:"

// Notes that other modules may leave for the proxy, as mod_rewrite does.
const (
	noteNoCanon  = "proxy-nocanon"    // the URL is as it is to be sent, query included
	noteNoEncode = "proxy-noencode"   // its path is encoded; the query is still to be appended
	noteHandler  = "proxy-sethandler" // its path is the name of a file
	noteNoQuery  = "proxy-noquery"    // CGI-like schemes leave the query out of SCRIPT_FILENAME
)

// canonicalise makes r.Filename the URL that is sent: host in lower case, default port left out, path encoded, query
// appended. It runs once for a request, and makes its exchange.
// What the request was mapped by may be nil.
func canonicalise(r *module.Request, a *alias) (*exchange, module.Result) {
	x := newExchange(r)
	if a == nil || a.direct == nil || !x.goDirectly(a.direct) {
		if res := x.encodeURL(a); res != module.OK {
			x.recycle()
			return nil, res
		}
	}
	x.filename = r.Filename
	return x, module.OK
}

// goDirectly takes the way of an alias, if it is known beforehand and the URL is sent as it is.
func (x *exchange) goDirectly(d *direct) bool {
	r := x.r
	name := r.Filename
	if len(name) < len(d.prefix) || name[:len(d.prefix)] != d.prefix || r.Query != "" || len(r.Notes) > 0 {
		return false
	}
	if !percent.Plain(name[len(d.prefix):]) {
		return false
	}
	if n := len(r.UnparsedURI); n > 0 && r.UnparsedURI[n-1] == '?' {
		return false
	}
	x.worker, x.scheme, x.path = d.worker, d.scheme, d.path
	return true
}

func (x *exchange) encodeURL(a *alias) module.Result {
	r := x.r
	url := r.Filename[len(proxyPrefix):]
	origin, path, err := x.rt.split(url, a)
	if err != nil {
		r.Logf("proxy_http", observe.Error, "AH01083", "error parsing URL %s: %v", url, err)
		return http.StatusBadRequest
	}
	query, hasQuery := r.Query, r.Query != "" || strings.HasSuffix(r.UnparsedURI, "?")
	raw := r.Notes[noteNoCanon] != "" || r.Notes[noteNoEncode] != ""
	switch {
	case origin.cgi && (raw || r.Notes[noteHandler] != ""):
		hasQuery = false
	case origin.cgi:
		path, hasQuery = encodePath(path, keepsSlashes(r)), false
	case r.Notes[noteNoCanon] != "":
		hasQuery = false
	case r.Notes[noteNoEncode] != "":
	default:
		path = encodePath(path, keepsSlashes(r))
	}
	if hasQuery {
		if !visible(query) {
			r.Logf("proxy_http", observe.Error, "AH10408", "To be forwarded query string contains control characters or spaces")
			return http.StatusForbidden
		}
		path += "?" + query
	}
	if !visible(path) && !(origin.cgi && !hasControls(path)) {
		r.Logf("proxy_http", observe.Error, "AH10415", "To be forwarded path contains control characters or spaces")
		return http.StatusForbidden
	}
	if n := len(origin.text); !strings.HasPrefix(url, origin.text) || url[n:] != path {
		r.Filename = proxyPrefix + origin.text + path
	}
	x.path = len(proxyPrefix) + len(origin.text)
	return module.OK
}

func keepsSlashes(r *module.Request) bool {
	return module.CoreServer.Of(r.Server.Settings).AllowEncodedSlashes == "nodecode"
}

// origin is the scheme and authority of a proxied URL in canonical form.
type origin struct {
	text string
	cgi  bool // its scheme takes a path as CGI does
}

func (rt *routes) newOrigin(text string) *origin {
	scheme, _, _ := strings.Cut(text[strings.LastIndexByte(text, '|')+1:], ":")
	return &origin{text, rt.isCGI(scheme)}
}

// findOrigins spares most requests the parsing of their URL.
func (rt *routes) findOrigins() {
	rt.origins = map[string]*origin{}
	for _, d := range rt.workers {
		if text := hostPart(d.name); !hasReference(text) {
			rt.origins[text] = rt.newOrigin(text)
		}
	}
	shared := rt.aliases
	rt.aliases = make([]*alias, len(shared))
	for i := range shared {
		a := *shared[i] // a server's own
		a.origin = rt.origins[hostPart(a.target)]
		a.direct = rt.directOf(&a)
		rt.aliases[i] = &a
	}
}

// direct is where an alias leads to, if that is the same for whatever it maps: one worker, and the path appended.
type direct struct {
	prefix string // of r.Filename
	worker *upstream.Worker
	scheme *scheme
	path   int // where the path begins in r.Filename
}

func (rt *routes) directOf(a *alias) *direct {
	text := hostPart(a.target)
	path := a.target[len(text):]
	if a.re != nil || a.interpolate || a.noCanon || a.noQuery || a.mapping != "" || a.origin == nil || a.origin.cgi || path == "" || !percent.Plain(path) {
		return nil
	}
	for _, d := range rt.workers {
		if d.refs || len(d.name) > len(a.target) && strings.HasPrefix(d.name, a.target) {
			return nil // it depends on the rest
		}
	}
	w, _ := rt.find(a.target, len(text))
	s := rt.schemes[w.URL.Scheme]
	if w.Generic || s == nil {
		return nil
	}
	return &direct{proxyPrefix + a.target, w, s, len(proxyPrefix) + len(text)}
}

// split is splitOrigin. The alias that the request was mapped by, which may be nil, most often knows the origin.
func (rt *routes) split(url string, a *alias) (*origin, string, error) {
	if a != nil && a.origin != nil {
		if path, ok := strings.CutPrefix(url, a.origin.text); ok && path != "" && path[0] == '/' {
			return a.origin, path, nil
		}
	}
	text := hostPart(url)
	if known, ok := rt.origins[text]; ok && len(url) > len(text) {
		return known, url[len(text):], nil
	}
	text, path, err := splitOrigin(url)
	return rt.newOrigin(text), path, err
}

var errNoURL = errors.New("expected scheme://host/path")

// splitOrigin takes a proxied URL apart: scheme and authority in canonical form, and the path from its slash, never empty.
func splitOrigin(url string) (origin, path string, err error) {
	socket, rest, hasSocket := cutSocket(url)
	scheme, rest, ok := strings.Cut(rest, "://")
	if !ok {
		return "", "", errNoURL
	}
	authority, path := rest, "/"
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if strings.ContainsAny(authority, "?#\\%$\"'<>{}|^`") || !visible(authority) {
		return "", "", errors.New("invalid character in the host")
	}
	if strings.EqualFold(scheme, "balancer") {
		return "balancer://" + strings.ToLower(authority), path, nil
	}
	if authority == "" && hasSocket {
		authority = "localhost"
	}
	u, _, err := workerURL(scheme + "://" + authority)
	if err != nil {
		return "", "", err
	}
	if hasSocket {
		u.Socket = socket
	}
	return u.String(), path, nil
}

// visible says that s has neither control characters nor spaces.
func visible(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

func hasControls(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// encodePath encodes a decoded path as httpd's ap_proxy_canonenc does for a reverse proxy. With keepSlashes, what was left
// as %2F while decoding stays that.
func encodePath(path string, keepSlashes bool) string {
	encoded := percent.EncodeUpper(path)
	if keepSlashes {
		encoded = escapedSlashes.Replace(encoded)
	}
	return encoded
}

var escapedSlashes = strings.NewReplacer("%252F", "%2F", "%252f", "%2f")
