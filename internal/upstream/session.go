package upstream

import (
	"net/http"
	"strings"
)

// Session is what a request says about the member that it belongs to.
type Session struct {
	Name  string // of the cookie or path parameter; "" if the request has none
	Value string
	Route string // behind the separator, or ""
}

// Session finds the session in a request's URL (path and query), or else in its cookies.
func (b *Balancer) Session(target string, h http.Header) Session {
	if b.StickySession == "" && b.StickyPath == "" {
		return Session{}
	}
	if v := pathParam(target, b.StickyPath, b.ScolonPathDelim); v != "" {
		// Only the cookie's separator can be chosen.
		return Session{b.StickyPath, v, routeOf(v, '.')}
	}
	for _, line := range h["Cookie"] {
		if v := cookie(line, b.StickySession); v != "" {
			s := Session{Name: b.StickySession, Value: v, Route: v}
			if b.StickySep != 0 {
				s.Route = routeOf(v, b.StickySep)
			}
			return s
		}
	}
	return Session{}
}

// routeOf is what stands behind the first separator.
func routeOf(value string, sep byte) string {
	i := strings.IndexByte(value, sep)
	if i < 0 {
		return ""
	}
	return value[i+1:]
}

// pathParam finds name=value behind the first ; or in the query. The value ends at & or ?, and at ; if scolonpathdelim is on.
func pathParam(target, name string, semicolon bool) string {
	if name == "" {
		return ""
	}
	for from := 0; ; {
		i := strings.Index(target[from:], name)
		if i < 0 {
			return ""
		}
		start, end := from+i, from+i+len(name)
		from = end
		if start == 0 || end >= len(target) || target[end] != '=' || !paramStart(target[start-1]) {
			continue
		}
		value := target[end+1:]
		ends := "?&"
		if semicolon {
			ends = "?&;"
		}
		if i := strings.IndexAny(value, ends); i >= 0 {
			value = value[:i]
		}
		return value
	}
}

func paramStart(c byte) bool { return c == ';' || c == '?' || c == '&' }

// cookie finds a cookie by its exact name.
func cookie(line, name string) string {
	for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ';' || r == ',' }) {
		key, value, found := strings.Cut(strings.TrimSpace(part), "=")
		if found && strings.TrimSpace(key) == name && name != "" {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}
