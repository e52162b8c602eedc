package tunnel

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// looped is the relay with event loops. What they cannot carry goes to the portable one.
type looped struct {
	*registry
	loops []*loop
	next  atomic.Uint32
	other *portable
}

// defaultLoops is how many event loops New starts on this machine: one serves all while the load is light, in bigger batches
// than two would have, and carries some 100,000 messages a second.
func defaultLoops() int { return (runtime.NumCPU() + 3) / 4 }

// New returns the relay that is best on this system.
func New(o Options) Relay {
	if o.Loops <= 0 {
		o.Loops = defaultLoops()
	}
	r := &looped{registry: newRegistry()}
	r.other = newPortable(r.registry)
	for range o.Loops {
		l, err := newLoop(r)
		if err != nil { // no descriptors, or a kernel without epoll
			break
		}
		r.loops = append(r.loops, l)
	}
	if len(r.loops) == 0 {
		return r.other
	}
	return r
}

func (r *looped) Carry(client, backend Side, p Policy, l Label, watcher Watcher) (uint64, error) {
	if !canDetach(client.Conn) || !canDetach(backend.Conn) {
		return r.other.Carry(client, backend, p, l, watcher)
	}
	id, t, err := r.open(p)
	if err != nil {
		client.Conn.Close()
		backend.Conn.Close()
		return 0, err
	}
	a, errA := detach(client.Conn)
	b, errB := detach(backend.Conn)
	if err := errors.Join(errA, errB); err != nil {
		if errA == nil {
			a.close(false)
		}
		if errB == nil {
			b.close(false)
		}
		r.report(nil, nil)
		return 0, err
	}
	// A loop stops only after the last tunnel has been reported, so it takes this one.
	r.loops[r.next.Add(1)%uint32(len(r.loops))].take(arrival{id: id, at: r.now(), terms: t, port: [2]port{a, b},
		buffered: [2][]byte{client.Buffered, backend.Buffered}, label: l.pack(), watcher: watcher})
	return id, nil
}

// fate is what a drain or a shutdown has in store for a tunnel.
func (r *looped) fate(now instant) (drain instant, down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drainTime(now), r.down
}

func (r *looped) List() []Status {
	list := r.other.List()
	for _, l := range r.loops {
		l.ask(func() {
			l.slab.all(func(t *slot) { list = append(list, t.status(t.id, t.label, r.base)) })
		})
	}
	slices.SortFunc(list, func(a, b Status) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (r *looped) Close(id uint64, code int) (found bool) {
	for _, l := range r.loops {
		l.ask(func() {
			l.slab.all(func(t *slot) {
				if t.id == id {
					found = true
					t.end(closeCode(code), EndOperator, l.now)
					l.turn(t)
				}
			})
		})
	}
	return found || r.other.Close(id, code)
}

func (r *looped) Drain(over time.Duration) {
	r.other.Drain(over)
	for _, l := range r.loops {
		l.ask(func() {
			l.slab.all(func(t *slot) {
				t.drain, _ = r.fate(l.now)
				l.arm(t)
			})
		})
	}
}

func (r *looped) Shutdown() {
	r.mu.Lock()
	r.down = true
	r.mu.Unlock()
	for _, p := range r.other.snapshot() {
		p.cut(EndShutdown)
	}
	for _, l := range r.loops {
		l.ask(func() { l.slab.all(l.cut) })
	}
	r.Wait(context.Background())
	for _, l := range r.loops {
		l.ask(func() {
			l.mu.Lock()
			l.stopped = true
			l.mu.Unlock()
		})
	}
}

func (l *loop) cut(t *slot) {
	t.driver.cut(EndShutdown)
	l.turn(t)
}
