package proxy

import (
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
	"transom/internal/upstream"
)

// alias is one ProxyPass or ProxyPassMatch.
type alias struct {
	conf.Pos
	directive   string       // as written: "ProxyPass /path http://origin/"
	path        string       // what the URL begins with, if re is nil
	re          *regex.Regex // what it matches
	target      string       // "!" excludes
	open        bool         // target ends inside the authority, so that what follows must not go on with it
	hostRefs    bool         // back-references in the authority: written by the administrator
	noCanon     bool
	interpolate bool
	noQuery     bool
	mapping     string  // "", "encoded" or "servlet"
	origin      *origin // the target's, if that is a worker's; set by compile
	direct      *direct // nil if it depends on the request; set by compile
}

func newAlias(target string) *alias {
	a := &alias{target: target}
	a.open, a.hostRefs = shapeOf(target)
	return a
}

// shapeOf says whether a target ends inside its authority, and whether back-references make part of that. A reference at
// the very end, as in http://host:80$1, is taken for the path's.
func shapeOf(target string) (open, hostRefs bool) {
	rest, _ := authorityOf(target)
	end := strings.IndexByte(rest, '/')
	open = end < 0
	if !open {
		return false, hasReference(rest[:end])
	}
	host := rest
	for len(host) > 2 && hasReference(host[len(host)-2:]) {
		host = host[:len(host)-2]
	}
	return true, hasReference(host)
}

// authorityOf is what stands behind :// in a worker's URL.
func authorityOf(target string) (string, bool) {
	_, target, _ = cutSocket(target)
	_, rest, ok := strings.Cut(target, "://")
	return rest, ok
}

// cutSocket takes unix:/path| off a URL.
func cutSocket(url string) (socket, rest string, ok bool) {
	if len(url) < 5 || !strings.EqualFold(url[:5], "unix:") {
		return "", url, false
	}
	socket, rest, ok = strings.Cut(url[5:], "|")
	if !ok {
		return "", url, false
	}
	return socket, rest, true
}

func hasReference(s string) bool { return reference(s) >= 0 }

// outcome of a ProxyPass for a request.
type outcome uint8

const (
	passed   outcome = iota // not for this one, try the next
	excluded                // "!"
	mapped
	refused // the mapping would change the target's host
	failed  // the regular expression reached its limit
)

// match maps a request's path to what r.Filename becomes.
func (a *alias) match(r *module.Request, uri string) (filename string, noCanon bool, o outcome) {
	path, target, open := a.path, a.target, a.open
	if a.interpolate && dirs.Of(r.Dir).interpolate.Or(false) {
		path, target = interpolate(r, path), interpolate(r, target)
		open, _ = shapeOf(target)
	}
	if a.re != nil {
		return a.matchRegex(r, uri, target)
	}
	n := a.prefix(uri, path)
	if n == 0 {
		return "", false, passed
	}
	if a.target == "!" {
		return "", false, excluded
	}
	rest := uri[n:]
	if a.noCanon {
		if prefixLength(r.UnparsedURI, path) == n {
			rest, noCanon = r.UnparsedURI[n:], true
		} else {
			warnNoCanon(r)
		}
	}
	if open && rest != "" && rest[0] != '/' && !(noCanon && rest[0] == '?') {
		return "", false, refused
	}
	return proxyPrefix + target + rest, noCanon, mapped
}

func (a *alias) prefix(uri, path string) int {
	if a.mapping == "servlet" {
		return servletPrefixLength(uri, path)
	}
	return prefixLength(uri, path)
}

func (a *alias) matchRegex(r *module.Request, uri, target string) (filename string, noCanon bool, o outcome) {
	m, err := a.re.Match(uri)
	if err != nil {
		r.Logf("proxy", observe.Error, "AH01136", "ProxyPassMatch: %v", err)
		return "", false, failed
	}
	if !m.Matched() {
		return "", false, passed
	}
	if a.target == "!" {
		return "", false, excluded
	}
	if a.noCanon {
		raw, err := a.re.Match(r.UnparsedURI)
		if err != nil {
			r.Logf("proxy", observe.Error, "AH01136", "ProxyPassMatch: %v", err)
			return "", false, failed
		}
		if raw.Matched() {
			m, uri, noCanon = raw, r.UnparsedURI, true
		} else {
			warnNoCanon(r)
		}
	}
	url := regex.Expand(target, m)
	if url == target && !hasReference(target) { // the whole path is appended
		if a.open && !strings.HasPrefix(uri, "/") {
			return "", false, refused
		}
		return proxyPrefix + target + uri, noCanon, mapped
	}
	if !a.hostRefs && !sameAuthority(target, url) {
		return "", false, refused
	}
	return proxyPrefix + url, noCanon, mapped
}

// sameAuthority says that what was put in for references begins behind the authority of target.
func sameAuthority(target, url string) bool {
	want, ok := authorityOf(target)
	got, _ := authorityOf(url)
	if !ok {
		return false
	}
	if end := strings.IndexAny(want, "/$"); end >= 0 {
		want = want[:end]
	}
	end := strings.IndexByte(got, '/')
	if end < 0 {
		end = len(got)
	}
	return got[:end] == want
}

func warnNoCanon(r *module.Request) {
	r.Logf("proxy", observe.Warn, "AH01135", "Unescaped URL path matched ProxyPass; ignoring unsafe nocanon")
}

// prefixLength is how much of uri the path of a ProxyPass covers, 0 if it doesn't: whole segments, and any number of
// slashes for one (httpd's alias_match).
func prefixLength(uri, path string) int {
	u, p := 0, 0
	for p < len(path) && u < len(uri) {
		if path[p] != '/' {
			if uri[u] != path[p] {
				return 0
			}
			u, p = u+1, p+1
			continue
		}
		if uri[u] != '/' {
			return 0
		}
		for p < len(path) && path[p] == '/' {
			p++
		}
		for u < len(uri) && uri[u] == '/' {
			u++
		}
	}
	if p < len(path) {
		return 0
	}
	if p > 0 && path[p-1] != '/' && u < len(uri) && uri[u] != '/' {
		return 0
	}
	return u
}

// servletPrefixLength is prefixLength with path parameters (";x=y" at the end of a segment) left out of the comparison. Those
// of the last segment that is covered belong to the rest.
func servletPrefixLength(uri, path string) int {
	u, p := 0, 0
	for p < len(path) && u < len(uri) {
		if uri[u] == ';' {
			empty := u > 0 && uri[u-1] == '/'
			if u = segmentEnd(uri, u); empty && u < len(uri) {
				u++ // a segment of parameters alone is none
			}
			continue
		}
		if uri[u] != path[p] {
			return 0
		}
		u, p = u+1, p+1
	}
	if p < len(path) || p > 0 && path[p-1] != '/' && u < len(uri) && uri[u] != '/' && uri[u] != ';' {
		return 0
	}
	return u
}

func segmentEnd(uri string, from int) int {
	if i := strings.IndexByte(uri[from:], '/'); i >= 0 {
		return from + i
	}
	return len(uri)
}

// withoutParameters drops all path parameters.
func withoutParameters(uri string) string {
	var b strings.Builder
	for uri != "" {
		i := strings.IndexByte(uri, ';')
		if i < 0 {
			break
		}
		b.WriteString(uri[:i])
		uri = uri[segmentEnd(uri, i):]
	}
	return b.String() + uri
}

// interpolate replaces ${NAME} by the request's environment; an unknown name by nothing.
func interpolate(r *module.Request, s string) string {
	start := strings.Index(s, "${")
	if start < 0 {
		return s
	}
	end := strings.IndexByte(s[start:], '}')
	if end < 0 {
		return s
	}
	value, _ := r.Env(s[start+2 : start+end])
	return s[:start] + value + interpolate(r, s[start+end+1:])
}

// serves says that requests for url, in canonical form, go to this worker: its name is a leading part of url at or behind its
// authority, and a back-reference in it stands for any text.
func (d *definition) serves(url string, authority int) bool {
	if !d.refs {
		return len(d.name) >= authority && strings.HasPrefix(url, d.name)
	}
	name, first := d.name, true
	for name != "" {
		part := name
		if i := reference(name); i >= 0 {
			part, name = name[:i], name[i+2:]
		} else {
			name = ""
		}
		i := strings.Index(url, part)
		if i < 0 || first && i > 0 {
			return false
		}
		url, first = url[i+len(part):], false
	}
	return true
}

// reference is where the first back-reference stands, or -1.
func reference(s string) int {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '$' && s[i+1] >= '0' && s[i+1] <= '9' {
			return i
		}
	}
	return -1
}

// workerURL reads the URL of a worker and gives it the name by which URLs find it.
func workerURL(text string) (upstream.URL, string, error) {
	u, err := upstream.ParseURL(text)
	if err != nil {
		return u, "", err
	}
	if u.Host == "" && u.Socket != "" {
		u.Host = "localhost"
	}
	return u, u.String(), nil
}
