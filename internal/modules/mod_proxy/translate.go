package proxy

import (
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// mapsEncoded says that there is a ProxyPass with mapping=.
func mapsEncoded(server, _ *module.Settings) bool { return routing.Of(server).mapsEncoded }

// preTranslate applies the ProxyPass directives with mapping=, whose paths are compared before the URL is decoded.
func preTranslate(r *module.Request) module.Result {
	rt := routing.Of(r.Server.Settings)
	if r.Proxy != module.NotProxied {
		return module.Declined
	}
	path, _, _ := strings.Cut(r.UnparsedURI, "?")
	if !strings.HasPrefix(path, "/") { // absolute-form
		path = path[len(hostPart(path)):]
	}
	for _, a := range rt.aliases {
		if a.mapping == "" {
			continue
		}
		clean, ok := a.normalise(r, path)
		if !ok {
			continue
		}
		res, done := applyOne(r, a, clean)
		if !done {
			continue
		}
		if res == module.OK {
			commit(r, a, clean)
		}
		return res
	}
	return module.Declined
}

// commit makes the path as it was mapped the one that <Location> is compared with: it is not decoded any more.
func commit(r *module.Request, a *alias, path string) {
	r.URI = path
	if a.mapping == "servlet" {
		r.URI, _ = a.normalise(r, withoutParameters(path))
	}
	_, r.Query, _ = strings.Cut(r.UnparsedURI, "?")
	r.SetNote(noteNoEncode, "1")
}

// normalise makes one of the spellings of an encoded path, so that a <Location> covers them all (ap_normalize_path).
func (a *alias) normalise(r *module.Request, path string) (string, bool) {
	path = decodeUnreserved(path)
	if module.CoreServer.Of(r.Server.Settings).MergeSlashes.Or(true) {
		path = module.MergeSlashes(path)
	}
	return removeDots(path, a.mapping == "servlet")
}

// decodeUnreserved decodes what need not be encoded (RFC 3986 2.3).
func decodeUnreserved(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	b := make([]byte, 0, len(path))
	for i := 0; i < len(path); i++ {
		if path[i] == '%' && i+2 < len(path) {
			if n, err := strconv.ParseUint(path[i+1:i+3], 16, 8); err == nil && unreservedChar(byte(n)) {
				b = append(b, byte(n))
				i += 2
				continue
			}
		}
		b = append(b, path[i])
	}
	return string(b)
}

func unreservedChar(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '.' || c == '_' || c == '~'
}

// removeDots resolves "." and ".." segments of an encoded path; with parameters also those that have some ("..;x").
func removeDots(path string, parameters bool) (string, bool) {
	if !strings.HasPrefix(path, "/") {
		return "", false
	}
	if !strings.Contains(path, "/.") {
		return path, true
	}
	var out []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		name := s
		if parameters {
			name, _, _ = strings.Cut(s, ";")
		}
		switch name {
		case "..":
			if len(out) == 0 {
				return "", false
			}
			out = out[:len(out)-1]
		case ".":
		default:
			out = append(out, s)
			continue
		}
		if i == len(segments)-1 {
			out = append(out, "")
		}
	}
	return "/" + strings.Join(out, "/"), true
}

// translate applies ProxyPass: the one of the <Location> that applies, then those of the server in the file's order.
func translate(r *module.Request) module.Result {
	if r.Proxy != module.NotProxied {
		return module.OK
	}
	if !strings.HasPrefix(r.URI, "/") {
		return module.Declined
	}
	if _, off := r.Env("no-proxy"); off {
		return module.Declined
	}
	if a := dirs.Of(r.Dir).alias; a != nil {
		if res, done := applyOne(r, a, r.URI); done {
			return res
		}
	}
	aliases := routing.Of(r.Server.Settings).aliases
	for i, a := range aliases {
		if a.mapping != "" {
			continue
		}
		if res, done := applyOne(r, a, r.URI); done {
			if r.Trace != nil {
				traceLosers(r, aliases[i+1:])
			}
			return res
		}
	}
	return module.Declined
}

// traceLosers tells of the directives that stand behind the one that took the request, and cover it too.
func traceLosers(r *module.Request, behind []*alias) {
	for _, a := range behind {
		if a.mapping != "" {
			continue
		}
		if _, _, o := a.match(r, r.URI); o != passed {
			r.Tracef(a.Pos, a.directive, "covers %s too, but is not asked any more", r.URI)
		}
	}
}

func (a *alias) trace(r *module.Request, uri, filename string, o outcome) {
	if r.Trace == nil {
		return
	}
	url := strings.TrimPrefix(filename, proxyPrefix)
	text := map[outcome]string{passed: "does not cover " + uri, excluded: "excludes " + uri + ": no other ProxyPass is asked", mapped: "wins: " + uri + " becomes " + url,
		refused: uri + " would change the host of the URL", failed: "the pattern gives up on " + uri}[o]
	r.Tracef(a.Pos, a.directive, "%s", text)
}

func applyOne(r *module.Request, a *alias, uri string) (res module.Result, done bool) {
	if a.direct != nil && r.Trace == nil {
		n := prefixLength(uri, a.path)
		if n == 0 {
			return module.Declined, false
		}
		a.take(r, a.direct.prefix+uri[n:])
		return module.OK, true
	}
	return a.apply(r, uri)
}

func (a *alias) apply(r *module.Request, uri string) (res module.Result, done bool) {
	filename, noCanon, o := a.match(r, uri)
	a.trace(r, uri, filename, o)
	switch o {
	case passed:
		return module.Declined, false
	case excluded:
		return module.Declined, true
	case failed:
		return http.StatusInternalServerError, true
	case refused:
		r.Logf("proxy", observe.Error, "AH01083", "%s would become part of the host in %s: write the URL of ProxyPass with a slash at its end", uri, a.target)
		return http.StatusInternalServerError, true
	}
	a.take(r, filename)
	if noCanon {
		r.SetNote(noteNoCanon, "1")
	}
	if a.noQuery {
		r.SetNote(noteNoQuery, "1")
	}
	return module.OK, true
}

func (a *alias) take(r *module.Request, filename string) {
	r.Filename, r.Handler, r.Proxy = filename, handlerName, module.ReverseProxied
	r.Set(wayKey, a)
}

// wayKey keeps the *alias that has mapped a request, and its *exchange from the fixups on.
var wayKey = new(direct)

const handlerName = "proxy-server"

// mapToStorage keeps the directory walk and TRACE's handler away from proxied requests; the engine walks <Proxy> instead.
func mapToStorage(r *module.Request) module.Result {
	if isProxied(r) {
		return module.OK
	}
	return module.Declined
}

func isProxied(r *module.Request) bool {
	return r.Proxy != module.NotProxied && strings.HasPrefix(r.Filename, proxyPrefix)
}

func fixup(r *module.Request) module.Result {
	if !isProxied(r) {
		return module.Declined
	}
	kept := r.Get(wayKey)
	if x, ok := kept.(*exchange); ok && x.filename == r.Filename {
		return module.OK
	}
	a, _ := kept.(*alias)
	x, res := canonicalise(r, a)
	if res == module.OK {
		r.Set(wayKey, x)
	}
	return res
}
