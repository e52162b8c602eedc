package upstream

import (
	"net/http"
	"strconv"

	"transom/internal/wire/http1"
)

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
	return len(s) >= len(prefix) && http1.EqualFold(s[:len(prefix)], prefix)
}

// NamesFields says that StripNamed would remove fields if they are there.
func NamesFields(fields []Field) bool {
	for i := range fields {
		if f := &fields[i]; f.ID() == http1.Connection && namesFields(f.Value) {
			return true
		}
	}
	return false
}

func namesFields(options string) bool {
	for name, rest, ok := http1.NextElement(options); ok; name, rest, ok = http1.NextElement(rest) {
		if removable(name) {
			return true
		}
	}
	return false
}

func removable(name string) bool {
	return !common(name) && !http1.NameID(name).OneHop() && !protected(name)
}

// StripNamed removes from a client's header what its Connection names, Upgrade and its like aside. It belongs before anybody adds
// fields, so that a client can't name those: it is as if the client had not sent what goes.
func StripNamed(h http.Header) {
	for _, line := range h["Connection"] {
		for name, rest, ok := http1.NextElement(line); ok; name, rest, ok = http1.NextElement(rest) {
			if removable(name) {
				h.Del(name)
			}
		}
	}
}

// EndToEnd keeps, in place, the fields that go on; Content-Length only if the caller says that it is sound.
func EndToEnd(fields []Field, keepLength bool) []Field {
	for i := range fields {
		if ends(fields[i].ID(), keepLength) {
			return withoutHops(fields, i, keepLength)
		}
	}
	return fields // no Connection either, which could name others
}

func ends(id http1.ID, keepLength bool) bool {
	return id.OneHop() && !(keepLength && id == http1.ContentLength)
}

func withoutHops(fields []Field, first int, keepLength bool) []Field {
	named := namedByConnection(fields[first:])
	if len(named) > 0 {
		first = 0
	}
	kept := fields[:first]
	for i := first; i < len(fields); i++ {
		if f := &fields[i]; !ends(f.ID(), keepLength) && !(len(named) > 0 && named[f.Canonical()]) {
			kept = append(kept, *f)
		}
	}
	return kept
}

func namedByConnection(fields []Field) (named map[string]bool) {
	for i := range fields {
		f := &fields[i]
		if f.ID() != http1.Connection {
			continue
		}
		for name, rest, ok := http1.NextElement(f.Value); ok; name, rest, ok = http1.NextElement(rest) {
			if !common(name) && !protected(name) && !isLength(name) {
				if named == nil {
					named = map[string]bool{}
				}
				named[http1.Canonical(name)] = true
			}
		}
	}
	return named
}

func isLength(name string) bool { return http1.EqualFold(name, "Content-Length") }

// soundLength says that a response has one Content-Length, and that it is a number. It may describe a body that is not sent.
func soundLength(fields []Field) bool {
	found := 0
	for i := range fields {
		if f := &fields[i]; f.ID() == http1.ContentLength {
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
	return http1.EqualFold(option, "keep-alive") || http1.EqualFold(option, "close") || http1.EqualFold(option, "upgrade")
}
