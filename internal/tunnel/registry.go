package tunnel

import (
	"context"
	crand "crypto/rand"
	"math/rand/v2"
	"sync"
	"time"

	"transom/internal/wire/ws"
)

// registry is what every relay needs to know of its tunnels as a whole.
type registry struct {
	base time.Time
	ping [pingSize]byte

	mu        sync.Mutex
	terms     map[Policy]*terms
	last      *terms // that were asked for
	ids       uint64
	live      int
	down      bool
	draining  bool
	drained   instant         // when the last tunnel of a drain is closed
	observers []chan struct{} // closed when live becomes 0
}

func newRegistry() *registry {
	r := &registry{base: time.Now(), terms: make(map[Policy]*terms)}
	crand.Read(r.ping[:])
	return r
}

func (r *registry) now() instant { return time.Since(r.base) }

// open counts a tunnel in.
func (r *registry) open(p Policy) (uint64, *terms, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return 0, nil, ErrShutdown
	}
	t := r.last
	if t == nil || t.Policy != p {
		t = r.termsOf(p)
	}
	r.ids++
	r.live++
	return r.ids, t, nil
}

// termsOf needs mu.
func (r *registry) termsOf(p Policy) *terms {
	t := r.terms[p]
	if t == nil {
		t = &terms{Policy: p, ping: r.ping}
		r.terms[p] = t
	}
	r.last = t
	return t
}

// report hands the result over and counts the tunnel out.
func (r *registry) report(watcher Watcher, result *Result) {
	if watcher != nil {
		watcher.TunnelEnded(result)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live--; r.live == 0 {
		for _, c := range r.observers {
			close(c)
		}
		r.observers = nil
	}
}

func (r *registry) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live
}

func (r *registry) Wait(ctx context.Context) error {
	c := make(chan struct{})
	r.mu.Lock()
	if r.live == 0 {
		close(c)
	} else {
		r.observers = append(r.observers, c)
	}
	r.mu.Unlock()
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *registry) startDrain(over time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining, r.drained = true, r.now()+over
}

// drainTime is when a tunnel has to close for the drain under way, 0 without one. It needs mu.
func (r *registry) drainTime(now instant) instant {
	if !r.draining {
		return 0
	}
	if left := r.drained - now; left > 0 {
		return now + 1 + rand.N(left)
	}
	return now
}

// closeCode is a code that may stand in a Close frame, or none.
func closeCode(code int) uint16 {
	if code < 1000 || code > 4999 {
		return ws.CodeNone
	}
	return uint16(code)
}

// status describes the tunnel.
func (m *machine) status(id uint64, label string, base time.Time) Status {
	c, b := &m.flow[client], &m.flow[backend]
	return Status{
		ID:          id,
		Label:       unpackLabel(label),
		Started:     base.Add(m.started),
		Last:        base.Add(m.active),
		FromClient:  Traffic{c.bytes, c.follow.Messages},
		FromBackend: Traffic{b.bytes, b.follow.Messages},
		Opaque:      !m.framed,
	}
}

func (m *machine) result(id uint64, label string, base time.Time, now instant) Result {
	r := Result{Status: m.status(id, label, base), Duration: now - m.started, CloseCode: int(m.code), EndedBy: m.by, Err: m.err}
	if m.framed && m.code == 0 {
		r.CloseCode = ws.CodeAbnormal
	}
	return r
}
