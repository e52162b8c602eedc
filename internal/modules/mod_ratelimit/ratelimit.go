// Package ratelimit is mod_ratelimit: responses no faster than so many bytes a second.
package ratelimit

import (
	"net/http"
	"strconv"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_ratelimit. It has no directives: variables of the request say how fast.
func Module() *module.Module {
	return &module.Module{Name: "mod_ratelimit", Identifier: "ratelimit_module", Offers: module.Offers{
		Filters: []module.NamedFilter{{Name: "RATE_LIMIT", Rank: module.NetworkRank, Wrap: limit}}}}
}

// interval is how often a piece is sent, as in httpd.
const interval = 200 * time.Millisecond

func limit(r *module.Request) module.OutputFilter {
	return module.LateFilter(func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter {
		rate, ok := kilobytes(r, "rate-limit")
		if !ok || rate == 0 {
			return next
		}
		burst, _ := kilobytes(r, "rate-initial-burst")
		return &writer{module.FilterWriter{Next: next}, r, max(1, rate/int64(time.Second/interval)), burst}
	})
}

// kilobytes is the number of KiB in a variable, in bytes.
func kilobytes(r *module.Request, name string) (int64, bool) {
	text, ok := r.Env(name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		r.Logf("ratelimit", observe.Warn, "AH03488", "%s: %q is no number of KiB", name, text)
		return 0, false
	}
	return n << 10, true
}

type writer struct {
	module.FilterWriter
	r     *module.Request
	piece int64 // bytes in each interval
	burst int64 // bytes that may still be sent at once
}

func (w *writer) Write(b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		rest := b[sent:]
		if w.burst > 0 {
			rest = rest[:min(int64(len(rest)), w.burst)]
		} else {
			rest = rest[:min(int64(len(rest)), w.piece)]
		}
		n, err := w.Next.Write(rest)
		sent += n
		if err != nil {
			return sent, err
		}
		if w.burst > 0 {
			w.burst -= int64(n)
			continue
		}
		w.Flush()
		if err := w.pause(time.Duration(float64(interval) * float64(n) / float64(w.piece))); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// pause waits unless the client has gone.
func (w *writer) pause(d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-w.r.Context().Done():
		return w.r.Context().Err()
	}
}
