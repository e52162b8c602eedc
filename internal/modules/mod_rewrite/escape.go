package rewrite

import "strings"

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
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isAlnum(c) || c == '_' || !e.covers(c):
			b.WriteByte(c)
		case c == ' ' && !e.noPlus:
			b.WriteByte('+')
		default:
			writeHex(&b, c)
		}
	}
	return b.String()
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

// escapePath encodes a path as httpd's ap_escape_uri: a decoded path becomes one that a URL may hold.
func escapePath(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; isAlnum(c) || strings.IndexByte("$-_.+!*'(),:;@&=/~", c) >= 0 {
			b.WriteByte(c)
		} else {
			writeHex(&b, c)
		}
	}
	return b.String()
}

func writeHex(b *strings.Builder, c byte) {
	const digits = "0123456789abcdef"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unescapePath decodes what is encoded rightly and leaves the rest, as httpd's ap_unescape_url; %00 ends the text.
func unescapePath(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+2 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		high, ok1 := hexValue(s[i+1])
		low, ok2 := hexValue(s[i+2])
		if !ok1 || !ok2 {
			b.WriteByte('%')
			continue
		}
		if high|low == 0 {
			break
		}
		b.WriteByte(high<<4 | low)
		i += 2
	}
	return b.String()
}

func hexValue(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
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
				parts[i] = escapePath(parts[i])
			}
			return uri[:n] + strings.Join(parts, "?")
		}
	}
	return uri[:n] + escapePath(uri[n:])
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
