package http1

import "strings"

const (
	tokenChar  = 1 << iota // tchar, RFC 9110 §5.6.2
	valueChar              // VCHAR, obs-text, SP, HTAB: RFC 9110 §5.5
	targetChar             // what httpd takes in a request target: printable, obs-text, no '#'
	hexChar
	hostChar // letters, digits, "-", "_", ".": httpd's strict host names
)

var class = func() (t [256]byte) {
	for c := 0; c < 256; c++ {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		if letter || digit || c > 0 && c < 128 && strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0 {
			t[c] |= tokenChar
		}
		if c >= ' ' && c != 0x7f || c == '\t' {
			t[c] |= valueChar
		}
		if c > ' ' && c != 0x7f && c != '#' {
			t[c] |= targetChar
		}
		if digit || c|0x20 >= 'a' && c|0x20 <= 'f' {
			t[c] |= hexChar
		}
		if letter || digit || c == '-' || c == '_' || c == '.' {
			t[c] |= hostChar
		}
	}
	return t
}()

func all[T string | []byte](s T, mask byte) bool {
	for i := 0; i < len(s); i++ {
		if class[s[i]]&mask == 0 {
			return false
		}
	}
	return true
}

// IsToken reports whether s is a token: a method, a field name, a coding (RFC 9110 §5.6.2).
func IsToken(s string) bool { return len(s) > 0 && all(s, tokenChar) }

// IsValue reports whether s may stand as a field value (RFC 9110 §5.5).
func IsValue(s string) bool { return all(s, valueChar) }

func trimOWS(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// NextElement takes the first element of a comma-separated list (RFC 9110 §5.6.1)
// and what follows it. Elements may be empty; an exhausted list has ok false.
func NextElement(list string) (element, rest string, ok bool) {
	if list == "" {
		return "", "", false
	}
	element, rest, _ = strings.Cut(list, ",")
	return trimOWS(element), rest, true
}

// HasToken reports whether the comma-separated list contains token, in any case.
func HasToken(list, token string) bool {
	for e, rest, ok := NextElement(list); ok; e, rest, ok = NextElement(rest) {
		if EqualFold(e, token) {
			return true
		}
	}
	return false
}
