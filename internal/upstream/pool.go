package upstream

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pool keeps the idle connections of a worker, the one used last on top, and counts all of them against a limit. Whoever holds a
// slot, with a connection or about to make one, gives it back by put or free.
type pool struct {
	limit int // 0: none
	ttl   time.Duration

	mu      sync.Mutex
	in, out int64 // bytes moved, without what connections in use have not told yet
	idle    []*Conn
	open    int // slots taken: connections idle and in use
	waiters []chan *Conn
	drained bool
	reaping bool // a timer is set
}

// quiet is how often the pool looks whether the backend has closed idle connections.
const quiet = time.Minute

// take returns an idle connection, which may be stale, or nil.
func (p *pool) take() (c *Conn) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c = p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
	}
	p.mu.Unlock()
	return c
}

// get returns an idle connection, which may be stale, or nil and the right to make one. It waits at most wait (0: as long as ctx
// lasts) when the limit is reached. With fresh set an idle connection is only returned for its slot, if no other is left.
func (p *pool) get(ctx context.Context, wait time.Duration, fresh bool) (*Conn, error) {
	p.mu.Lock()
	room := p.limit == 0 || p.open < p.limit || p.drained
	if n := len(p.idle); n > 0 && !(fresh && room) {
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	if room {
		p.open++
		p.mu.Unlock()
		return nil, nil
	}
	turn := make(chan *Conn, 1)
	p.waiters = append(p.waiters, turn)
	p.mu.Unlock()
	return p.await(ctx, turn, wait)
}

func (p *pool) await(ctx context.Context, turn chan *Conn, wait time.Duration) (*Conn, error) {
	var expired <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		expired = timer.C
	}
	var err error
	select {
	case c := <-turn:
		return c, nil
	case <-expired:
		err = errBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.mu.Lock()
	if i := slices.Index(p.waiters, turn); i >= 0 {
		p.waiters = slices.Delete(p.waiters, i, i+1)
		p.mu.Unlock()
		return nil, err
	}
	p.mu.Unlock()
	return <-turn, nil // the turn came meanwhile
}

// put takes back a connection that can be used again.
func (p *pool) put(c *Conn) {
	if p.ttl > 0 {
		c.idleSince = clock()
	}
	c.rested = false
	p.mu.Lock()
	p.in += c.in
	p.out += c.out
	if p.drained || len(p.waiters) > 0 {
		p.passOn(c)
		return
	}
	p.idle = append(p.idle, c)
	if !p.reaping {
		p.watch()
	}
	p.mu.Unlock()
}

// passOn closes a connection that nobody waits for any more, or gives it to the first who does. The caller holds mu, which is given up.
func (p *pool) passOn(c *Conn) {
	if p.drained {
		p.mu.Unlock()
		c.Conn.Close()
		p.free()
		return
	}
	turn := p.waiters[0]
	p.waiters = slices.Delete(p.waiters, 0, 1)
	p.mu.Unlock()
	turn <- c
}

// free gives up a slot, or hands it to the first who waits.
func (p *pool) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiters) > 0 {
		turn := p.waiters[0]
		p.waiters = slices.Delete(p.waiters, 0, 1)
		turn <- nil
		return
	}
	p.open--
}

// expired takes those out that are idle for longer than ttl. The caller holds mu.
func (p *pool) expired(now time.Duration) []*Conn {
	if p.ttl <= 0 {
		return nil
	}
	return p.without(func(c *Conn) bool { return now-c.idleSince >= p.ttl })
}

// left takes those out that the backend has closed. What was used since the last time is not looked at, but has no use for a
// buffer from now on. The caller holds mu.
func (p *pool) left() []*Conn {
	return p.without(func(c *Conn) bool {
		if c.rested {
			return c.closed()
		}
		c.rested = true
		c.R.Release()
		return false
	})
}

func (p *pool) without(dead func(*Conn) bool) (taken []*Conn) {
	p.idle = slices.DeleteFunc(p.idle, func(c *Conn) bool {
		if !dead(c) {
			return false
		}
		taken = append(taken, c)
		return true
	})
	p.open -= len(taken) // nobody waits while there are idle ones
	return taken
}

// watch sets a timer while there are idle connections. The caller holds mu.
func (p *pool) watch() {
	if p.reaping || len(p.idle) == 0 {
		return
	}
	p.reaping = true
	next := quiet
	if p.ttl > 0 {
		next = min(p.ttl, quiet)
	}
	time.AfterFunc(next, func() {
		p.mu.Lock()
		p.reaping = false
		dead := append(p.expired(clock()), p.left()...)
		p.watch()
		p.mu.Unlock()
		closeAll(dead)
	})
}

func (p *pool) drain() {
	p.mu.Lock()
	p.drained = true
	dead := p.idle
	p.idle = nil
	p.open -= len(dead)
	waiters := p.waiters
	p.waiters = nil
	p.open += len(waiters)
	p.mu.Unlock()
	for _, turn := range waiters {
		turn <- nil
	}
	closeAll(dead)
}

// count adds what connections have moved.
func (p *pool) count(in, out int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in += in
	p.out += out
}

func (p *pool) moved() (in, out int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.in, p.out
}

// busy is how many connections are in use, or about to be made.
func (p *pool) busy() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open - len(p.idle)
}

func (p *pool) counts() (open, idle, limit, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open, len(p.idle), p.limit, len(p.waiters)
}

func closeAll(conns []*Conn) {
	for _, c := range conns {
		c.Conn.Close()
	}
}
