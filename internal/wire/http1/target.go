package http1

import (
	"net/netip"
	"strings"
)

// Form is the shape of a request target (RFC 9112 §3.2).
type Form byte

const (
	Origin    Form = iota // /path?query
	Absolute              // http://host/path?query
	Authority             // host:port, of CONNECT alone
	Asterisk              // *, of OPTIONS alone
)

// parseTarget finds the target's form and, for the two that carry one, its host.
func (h *RequestHead) parseTarget() error {
	t := h.Target
	switch {
	case h.Method == "CONNECT":
		h.Form, h.Host = Authority, t
		if port := strings.LastIndexByte(t, ':'); port < 0 || !ValidHost(t) {
			return bad("CONNECT target is not host:port")
		}
		return nil
	case t[0] == '/':
	case t == "*" && h.Method == "OPTIONS":
		h.Form = Asterisk
	default:
		h.Form = Absolute
		authority, ok := targetAuthority(t)
		if !ok || !ValidHost(authority) {
			return bad("invalid request target")
		}
		h.Host = authority
	}
	if !escapesValid(t) {
		return bad("invalid escape in the request target")
	}
	return nil
}

// targetAuthority cuts the authority out of scheme://authority[/...|?...].
func targetAuthority(t string) (string, bool) {
	scheme, rest, ok := strings.Cut(t, "://")
	if !ok || !EqualFold(scheme, "http") && !EqualFold(scheme, "https") &&
		!EqualFold(scheme, "ws") && !EqualFold(scheme, "wss") && !EqualFold(scheme, "ftp") {
		return "", false
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return rest, true
}

func escapesValid(t string) bool {
	for i := strings.IndexByte(t, '%'); i >= 0 && i < len(t); i++ {
		if t[i] != '%' {
			continue
		}
		if i+2 >= len(t) || class[t[i+1]]&hexChar == 0 || class[t[i+2]]&hexChar == 0 {
			// httpd looks at the path only: a stray % in the query is the application's.
			return strings.IndexByte(t[:i], '?') >= 0
		}
	}
	return true
}

// parseHost wants exactly one valid Host of HTTP/1.1 and at most one of HTTP/1.0
// (RFC 9112 §3.2). It takes part in nothing if the target names a host itself, but is
// checked all the same.
func (h *RequestHead) parseHost(f *framing) error {
	switch {
	case f.hosts == 0 && h.Minor > 0:
		return bad("HTTP/1.1 request without Host")
	case f.hosts > 0 && !ValidHost(f.host):
		return bad("invalid Host")
	case h.Host == "":
		h.Host = f.host
	}
	if f.hosts > 1 {
		return bad("repeated Host")
	}
	return nil
}

// ValidHost reports whether s is host[:port] as httpd's strict check takes it: a name of
// letters, digits, "-", "_" and "." without empty labels, or an address, IPv6 in brackets.
func ValidHost(s string) bool {
	host, port := s, ""
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return false
		}
		host, port = s[1:end], s[end+1:]
		if !validIPv6(host) {
			return false
		}
	} else {
		n := 0
		for n < len(s) && class[s[n]]&hostChar != 0 && (s[n] != '.' || n > 0 && s[n-1] != '.') {
			n++
		}
		if n == 0 {
			return false
		}
		port = s[n:]
	}
	return port == "" || validPort(port)
}

// validPort takes ":" and 1 to 65535.
func validPort(s string) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' {
		return false
	}
	n := 0
	for _, c := range []byte(s[1:]) {
		if !digit(c) {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n > 0 && n <= 65535
}

func validIPv6(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && addr.Zone() == ""
}
