package upstream

import (
	"net/http"
	"strconv"
	"strings"

	"transom/internal/wire/http1"
)

// HopByHop says that a field concerns one connection (RFC 9110 7.6.1), or is written anew by the scheme.
func HopByHop(name string) bool {
	switch len(name) {
	case 2:
		return strings.EqualFold(name, "TE")
	case 7:
		return strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "Trailer")
	case 10:
		return strings.EqualFold(name, "Connection") || strings.EqualFold(name, "Keep-Alive")
	case 14:
		return strings.EqualFold(name, "Content-Length") || strings.EqualFold(name, "HTTP2-Settings")
	case 16:
		return strings.EqualFold(name, "Proxy-Connection")
	case 17:
		return strings.EqualFold(name, "Transfer-Encoding")
	}
	return false
}

// protected fields stay although Connection names them: the backend trusts them, and who could have them removed would be
// somebody else (CVE-2022-31813).
func protected(name string) bool {
	switch http1.Canonical(name) {
	case "Host", "Cookie", "Authorization", "Forwarded", "X-Real-Ip", "Content-Type":
		return true
	}
	return hasPrefixFold(name, "X-Forwarded-") || hasPrefixFold(name, "Sec-WebSocket-")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// StripNamed removes from a client's header what its Connection names, Upgrade and its like aside. It belongs before anybody adds
// fields, so that a client can't name those: it is as if the client had not sent what goes.
func StripNamed(h http.Header) {
	for _, line := range h["Connection"] {
		for name, rest, ok := http1.NextElement(line); ok; name, rest, ok = http1.NextElement(rest) {
			if !common(name) && !HopByHop(name) && !protected(name) {
				h.Del(name)
			}
		}
	}
}

// EndToEnd keeps, in place, the fields that go on; Content-Length only if the caller says that it is sound.
func EndToEnd(fields []Field, keepLength bool) []Field {
	var named []string
	for _, f := range fields {
		if len(f.Name) != len("Connection") || !strings.EqualFold(f.Name, "Connection") {
			continue
		}
		for name, rest, ok := http1.NextElement(f.Value); ok; name, rest, ok = http1.NextElement(rest) {
			if !common(name) && !protected(name) && !isLength(name) {
				named = append(named, name)
			}
		}
	}
	kept := fields[:0]
	for _, f := range fields {
		hop := HopByHop(f.Name) && !(keepLength && isLength(f.Name))
		if !hop && !containsFold(named, f.Name) {
			kept = append(kept, f)
		}
	}
	return kept
}

func isLength(name string) bool {
	return len(name) == len("Content-Length") && strings.EqualFold(name, "Content-Length")
}

// soundLength says that a response has one Content-Length, and that it is a number. It may describe a body that is not sent.
func soundLength(fields []Field) bool {
	found := 0
	for _, f := range fields {
		if isLength(f.Name) {
			if _, err := strconv.ParseUint(f.Value, 10, 63); err != nil {
				return false
			}
			found++
		}
	}
	return found == 1
}

// common are the options of Connection that name no field, or one that goes anyway.
func common(option string) bool {
	return strings.EqualFold(option, "keep-alive") || strings.EqualFold(option, "close") || strings.EqualFold(option, "upgrade")
}

func containsFold(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
