// Package percent is the percent-encoding of paths (RFC 3986 2.1), as httpd does it.
package percent

// plain are the characters that stand in a path as they are.
var plain = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$-_.+!*'(),:;@&=/~") {
		t[c] = true
	}
	return t
}()

const (
	lower = "0123456789abcdef"
	upper = "0123456789ABCDEF"
)

// Encode encodes a decoded path as ap_escape_uri does. Escapes that are there are escaped again.
func Encode(path string) string { return encode(path, lower) }

// EncodeUpper is Encode with the digits of ap_proxy_canonenc, A to F.
func EncodeUpper(path string) string { return encode(path, upper) }

func encode(path, digits string) string {
	n := 0
	for i := 0; i < len(path); i++ {
		if !plain[path[i]] {
			n++
		}
	}
	if n == 0 {
		return path
	}
	b := make([]byte, 0, len(path)+2*n)
	for i := 0; i < len(path); i++ {
		if c := path[i]; plain[c] {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

// Plain says that a path is its own encoded form.
func Plain(path string) bool {
	for i := 0; i < len(path); i++ {
		if !plain[path[i]] {
			return false
		}
	}
	return true
}

// Append appends c, encoded.
func Append(b []byte, c byte) []byte { return append(b, '%', lower[c>>4], lower[c&15]) }

// Decode is the byte that s begins with in its encoded form, if it does.
func Decode(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := digit(s[1]), digit(s[2])
	return high<<4 | low&15, high|low < 16
}

// digit is the value of a hexadecimal digit; of anything else, more than 15.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
