package http1

import "strings"

// ForbiddenTrailer reports whether a field must not be taken from a trailer section:
// framing, routing, request modifiers, authentication, and what says how to read the
// content (RFC 9110 §6.5.1).
func ForbiddenTrailer(name string) bool {
	var low [32]byte
	if len(name) > len(low) {
		return false
	}
	n := copy(low[:], name)
	for i, c := range low[:n] {
		if c >= 'A' && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	switch string(low[:n]) {
	case "transfer-encoding", "content-length", "host", "connection", "keep-alive", "te", "trailer", "upgrade", "http2-settings",
		"cache-control", "expect", "max-forwards", "pragma", "range", "authorization", "proxy-authorization",
		"proxy-authenticate", "proxy-connection", "www-authenticate", "authentication-info", "cookie", "set-cookie",
		"content-encoding", "content-type", "content-range", "content-location",
		"age", "date", "expires", "location", "retry-after", "vary", "warning", "forwarded", "via":
		return true
	}
	return strings.HasPrefix(string(low[:n]), "x-forwarded-") || strings.HasPrefix(string(low[:n]), "if-") ||
		strings.HasPrefix(string(low[:n]), "sec-websocket-")
}
