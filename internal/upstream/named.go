package upstream

import (
	"net/http"

	"transom/internal/wire/http1"
)

// StripNamed removes from a client's header what its Connection names, Upgrade and its like aside. It belongs before anybody adds
// fields, so that a client can't name those: it is as if the client had not sent what goes.
func StripNamed(h http.Header) {
	for _, line := range h["Connection"] {
		for name, rest, ok := http1.NextElement(line); ok; name, rest, ok = http1.NextElement(rest) {
			if !common(name) && !hopByHop(name) && !protected(name) {
				h.Del(name)
			}
		}
	}
}
