package http1

import (
	"math/bits"
	"strings"
)

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
func IsToken(s string) bool { return len(s) > 0 && tokenEnd(s) == len(s) }

// tokenEnd is the length of the token that s begins with.
func tokenEnd(s string) int {
	i := 0
	for rest := s; len(rest) > 8; rest = rest[8:] {
		x := word(rest)
		if other := (letters(x) | hyphens(x)) ^ highs; other != 0 {
			i += bits.TrailingZeros64(other) / 8
			break
		}
		i += 8
	}
	for i < len(s) && class[s[i]]&tokenChar != 0 {
		i++
	}
	return i
}

// IsValue reports whether s may stand as a field value (RFC 9110 §5.5).
func IsValue(s string) bool { return valueEnd(s) == len(s) }

// valueEnd is the length of the longest field value that s begins with.
func valueEnd[T string | []byte](s T) int {
	rest := s
	for len(rest) > 16 && (unusual(word(rest))|unusual(word(rest[8:])))&highs == 0 {
		rest = rest[16:]
	}
	i := len(s) - len(rest)
	for ; len(rest) > 8; rest = rest[8:] {
		if found := controls(word(rest)); found != 0 {
			i += bits.TrailingZeros64(found) / 8
			break
		}
		i += 8
	}
	if len(s) >= 8 && len(rest) <= 8 && controls(word(s[len(s)-8:])) == 0 {
		return len(s)
	}
	for i < len(s) && class[s[i]]&valueChar != 0 {
		i++
	}
	return i
}

func isOWS(c byte) bool { return c == ' ' || c == '\t' }

// trimOWS removes the whitespace around a field value or a list's element.
func trimOWS(s string) string {
	start, end := 0, len(s)
	for start < end && isOWS(s[start]) {
		start++
	}
	for start < end && isOWS(s[end-1]) {
		end--
	}
	return s[start:end]
}

// NextElement takes the first element of a comma-separated list (RFC 9110 §5.6.1)
// and what follows it. Elements may be empty; an exhausted list has ok false.
func NextElement(list string) (element, rest string, ok bool) {
	element, rest, _ = cutByte(list, ',')
	return trimOWS(element), rest, list != ""
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

// EqualFold is ASCII's; strings.EqualFold also folds the Kelvin sign into k.
func EqualFold(a, b string) bool { return len(a) == len(b) && (a == b || fold(a, b)) }

// fold compares strings of the same length.
func fold(a, b string) bool {
	for len(a) >= 8 && len(b) >= 8 {
		if !foldWord(word(a), word(b)) {
			return false
		}
		a, b = a[8:], b[8:]
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := a[i], b[i]; x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
