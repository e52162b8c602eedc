package rewrite

import (
	"strings"

	"transom/internal/percent"
)

// escaping is what B, BCTLS, BNE and BNP say of back-references.
type escaping struct {
	on       bool   // B
	controls bool   // BCTLS: control characters and blanks, and those of only
	only     string // the characters of B=...; empty: everything but letters, digits and the underscore
	not      string // of BNE=...
	noPlus   bool   // BNP: a blank becomes %20
}

func (e *escaping) apply(s string) string {
	if e == nil || !e.on && !e.controls {
		return s
	}
	var b []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isAlnum(c) || c == '_' || !e.covers(c):
			b = append(b, c)
		case c == ' ' && !e.noPlus:
			b = append(b, '+')
		default:
			b = percent.Append(b, c)
		}
	}
	return string(b)
}

func (e *escaping) covers(c byte) bool {
	if strings.IndexByte(e.not, c) >= 0 {
		return false
	}
	if e.only != "" && strings.IndexByte(e.only, c) >= 0 {
		return true
	}
	if e.controls {
		return c <= ' ' || c == 0x7f
	}
	return e.only == ""
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unescapePath decodes what is encoded rightly and leaves the rest, as httpd's ap_unescape_url; %00 ends the text.
func unescapePath(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		c, ok := percent.Decode(s[i:])
		switch {
		case !ok:
			b = append(b, s[i])
		case c == 0:
			return string(b)
		default:
			b = append(b, c)
			i += 2
		}
	}
	return string(b)
}

// schemes are the ones that make a substitution an absolute URL; true: a question mark begins a query there.
var schemes = map[string]bool{
	"ajp://": true, "balancer://": true, "fcgi://": true, "scgi://": true, "http://": true, "https://": true, "h2://": true, "h2c://": true,
	"ws://": true, "wss://": true, "unix:": true, "mailto:": true, "ftp://": false, "gopher://": false, "ldap://": false, "news:": false, "nntp://": false,
}

// schemeOf returns the length of an absolute URL's scheme, separator included, or 0, and whether it knows queries.
func schemeOf(uri string) (n int, queries bool) {
	colon := strings.IndexByte(uri, ':')
	if colon < 0 || colon > len("balancer") {
		return 0, false
	}
	for _, n := range []int{colon + 3, colon + 1} {
		if n < len(uri) {
			if queries, ok := schemes[strings.ToLower(uri[:n])]; ok {
				return n, queries
			}
		}
	}
	return 0, false
}

func isAbsolute(uri string) bool { n, _ := schemeOf(uri); return n > 0 }

// escapeAbsolute encodes what stands behind the host of an absolute URL.
func escapeAbsolute(uri string) string {
	n, _ := schemeOf(uri)
	if n > 0 && uri[n-1] == '/' {
		slash := strings.IndexByte(uri[n:], '/')
		if slash < 0 {
			return uri
		}
		n += slash + 1
		if strings.HasPrefix(strings.ToLower(uri), "ldap") {
			// RFC 4516: question marks separate the parts of an LDAP URL.
			parts := strings.SplitN(uri[n:], "?", 5)
			for i := range parts {
				parts[i] = percent.Encode(parts[i])
			}
			return uri[:n] + strings.Join(parts, "?")
		}
	}
	return uri[:n] + percent.Encode(uri[n:])
}

func lowerASCII(s string) string {
	return mapBytes(s, func(c byte) byte {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	})
}

func upperASCII(s string) string {
	return mapBytes(s, func(c byte) byte {
		if c >= 'a' && c <= 'z' {
			return c - 'a' + 'A'
		}
		return c
	})
}

func mapBytes(s string, f func(byte) byte) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = f(c)
	}
	return string(b)
}
