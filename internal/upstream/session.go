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

// Session finds the session in a request's URL (path and query), or else in its cookies. One without a route is none.
func (b *Balancer) Session(target string, h http.Header) Session {
	s := Session{Name: b.StickyPath, Value: pathParam(target, b.StickyPath, b.ScolonPathDelim)}
	if s.Value == "" {
		s = Session{Name: b.StickySession, Value: cookieOf(h, b.StickySession)}
	}
	s.Route = s.Value
	if b.StickySep != 0 {
		_, s.Route, _ = strings.Cut(s.Value, string([]byte{b.StickySep}))
	}
	if s.Route == "" {
		return Session{}
	}
	return s
}

// pathParam finds name=value anywhere in path and query, as httpd does. The value ends at & or ?, and at ; if scolonpathdelim is
// on.
func pathParam(target, name string, semicolon bool) string {
	if name == "" {
		return ""
	}
	_, value, found := strings.Cut(target, name+"=")
	if !found {
		return ""
	}
	ends := "?&"
	if semicolon {
		ends = "?&;"
	}
	if i := strings.IndexAny(value, ends); i >= 0 {
		value = value[:i]
	}
	return value
}

// cookieOf finds a cookie by its exact name.
func cookieOf(h http.Header, name string) string {
	if name == "" {
		return ""
	}
	for _, line := range h["Cookie"] {
		for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ';' || r == ',' }) {
			key, value, found := strings.Cut(part, "=")
			if found && strings.TrimSpace(key) == name {
				return strings.TrimSpace(value)
			}
		}
	}
	return ""
}
