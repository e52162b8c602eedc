package tunnel

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"time"
)

// portable is the relay with two goroutines per tunnel.
type portable struct {
	*registry
	pairs map[uint64]*pair // guarded by registry.mu
}

// NewPortable returns the relay that works on every system and carries every net.Conn.
func NewPortable() Relay { return newPortable(newRegistry()) }

func newPortable(r *registry) *portable {
	return &portable{registry: r, pairs: make(map[uint64]*pair)}
}

// pair is a tunnel of the portable relay.
type pair struct {
	relay   *portable
	id      uint64
	label   string
	watcher Watcher
	conn    [2]net.Conn
	// writing[s] is held by whoever writes to side s, from before it asks the machine what to write.
	writing [2]sync.Mutex
	flows   sync.WaitGroup
	closes  sync.WaitGroup

	mu      sync.Mutex // guards what follows; taken after writing
	m       machine
	timer   *time.Timer
	blocked [2]bool // a write to the side is under way
	closed  bool
}

func (r *portable) Carry(client, backend Side, p Policy, l Label, watcher Watcher) (uint64, error) {
	id, t, err := r.open(p)
	if err != nil {
		client.Conn.Close()
		backend.Conn.Close()
		return 0, err
	}
	return id, r.carry(id, t, client, backend, l, watcher)
}

func (r *portable) carry(id uint64, t *terms, client, backend Side, l Label, watcher Watcher) error {
	p := &pair{relay: r, id: id, label: l.pack(), watcher: watcher, conn: [2]net.Conn{client.Conn, backend.Conn}}
	now := r.now()
	p.m.begin(t, now)
	r.mu.Lock()
	p.m.drain = r.drainTime(now)
	r.pairs[id] = p
	down := r.down
	r.mu.Unlock()
	p.flows.Add(2)
	go p.flow(0, client.Buffered)
	go p.flow(1, backend.Buffered)
	go p.finish()
	p.mu.Lock()
	p.timer = time.AfterFunc(time.Hour, p.expire)
	p.arm()
	p.mu.Unlock()
	if down {
		p.cut(EndShutdown)
	}
	return nil
}

var buffers = sync.Pool{New: func() any { b := make([]byte, headroom+32<<10); return &b }}

// flow carries what one side says, and owns the reading of that side.
func (p *pair) flow(from side, buffered []byte) {
	defer p.flows.Done()
	if len(buffered) > 0 && !p.deliver(from, buffered, len(buffered)) {
		return
	}
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	buf := *b
	for {
		n, err := p.conn[from].Read(buf[headroom:])
		if n > 0 {
			p.mu.Lock()
			at := p.m.prepend(from, buf)
			p.mu.Unlock()
			if !p.deliver(from, buf[at:headroom+n], n) {
				return
			}
		}
		if err != nil {
			p.ended(from, err)
			return
		}
	}
}

// deliver passes on what was read; false when the tunnel is over.
func (p *pair) deliver(from side, b []byte, n int) bool {
	p.writing[from.peer()].Lock()
	p.mu.Lock()
	out := p.m.received(from, b, n, p.relay.now())
	p.mu.Unlock()
	p.write(from.peer(), out)
	p.writing[from.peer()].Unlock()
	p.speak()
	p.mu.Lock()
	if p.m.closing {
		p.arm()
	}
	p.mu.Unlock()
	return p.alive()
}

// write is called with writing held.
func (p *pair) write(to side, out []byte) {
	if len(out) == 0 {
		return
	}
	p.setBlocked(to, true)
	_, err := p.conn[to].Write(out)
	p.setBlocked(to, false)
	if err != nil {
		p.mu.Lock()
		p.m.deaf(to, err)
		p.mu.Unlock()
	}
}

func (p *pair) setBlocked(to side, yes bool) {
	p.mu.Lock()
	p.blocked[to] = yes
	p.m.active = p.relay.now()
	p.mu.Unlock()
}

// ended passes on the end of a side.
func (p *pair) ended(from side, err error) {
	to := from.peer()
	p.writing[to].Lock()
	p.mu.Lock()
	var out []byte
	if orderly(err) {
		out = p.m.eof(from, p.relay.now())
	} else {
		p.m.broke(from, err)
	}
	p.mu.Unlock()
	p.write(to, out)
	p.mu.Lock()
	tell := !p.m.flow[from].passed && !p.m.reset
	if tell {
		p.m.fin(from)
	}
	p.arm()
	p.mu.Unlock()
	if tell && !closeWrite(p.conn[to]) {
		p.mu.Lock()
		p.m.over = true
		p.mu.Unlock()
	}
	p.writing[to].Unlock()
	p.speak()
	p.alive()
}

// speak sends what the proxy has to say to either side, unless somebody else is writing there: that one calls speak
// when it is done.
func (p *pair) speak() {
	for to := range p.conn {
		for p.maySpeak(side(to)) && p.writing[to].TryLock() {
			p.mu.Lock()
			out := p.m.speech(side(to))
			p.mu.Unlock()
			p.write(side(to), out)
			p.writing[to].Unlock()
		}
	}
}

func (p *pair) maySpeak(to side) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m.maySpeak(to)
}

// alive closes both sides when the tunnel is over.
func (p *pair) alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.m.over {
		return true
	}
	if !p.closed {
		p.closed = true
		for _, c := range p.conn {
			reset := p.m.reset
			p.closes.Go(func() { closeConn(c, reset) })
		}
	}
	return false
}

// closeConn may take its time: a TLS connection's Close sends an alert.
func closeConn(c net.Conn, reset bool) {
	if reset {
		if t, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS would say goodbye
			c = t.NetConn()
		}
		if t, ok := c.(*Transport); ok {
			c = t.Conn
		}
		if l, ok := c.(interface{ SetLinger(int) error }); ok {
			l.SetLinger(0)
		}
	}
	c.Close()
}

func (p *pair) expire() {
	p.mu.Lock()
	busy := [2]bool{p.blocked[1], p.blocked[0]}
	p.m.expire(p.relay.now(), busy)
	p.mu.Unlock()
	p.speak()
	if p.alive() {
		p.mu.Lock()
		p.arm()
		p.mu.Unlock()
	}
}

// arm is called with mu held.
func (p *pair) arm() {
	if p.timer == nil {
		return
	}
	if at := p.m.due(); at != never {
		p.timer.Reset(max(at-p.relay.now(), 0))
	} else {
		p.timer.Stop()
	}
}

func (p *pair) end(code uint16, by End) {
	p.mu.Lock()
	p.m.end(code, by, p.relay.now())
	p.arm()
	p.mu.Unlock()
	p.speak()
	p.alive()
}

func (p *pair) cut(by End) {
	p.mu.Lock()
	p.m.cut(by)
	p.mu.Unlock()
	p.alive()
}

// finish waits for both flows and reports.
func (p *pair) finish() {
	p.flows.Wait()
	p.mu.Lock()
	p.m.over = true
	p.timer.Stop()
	p.mu.Unlock()
	p.alive()
	p.closes.Wait()
	r := p.relay
	r.mu.Lock()
	delete(r.pairs, p.id)
	r.mu.Unlock()
	result := p.result()
	r.report(p.watcher, &result)
}

func (p *pair) status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m.status(p.id, p.label, p.relay.base)
}

func (p *pair) result() Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.m.result(p.id, p.label, p.relay.base, p.relay.now())
}

func closeWrite(c net.Conn) bool {
	w, ok := c.(interface{ CloseWrite() error })
	return ok && w.CloseWrite() == nil
}

// orderly: the side ended its stream. That a TLS peer left out its close_notify says nothing here, as many do.
func orderly(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (r *portable) snapshot() []*pair {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.pairs))
}

func (r *portable) List() []Status {
	var list []Status
	for _, p := range r.snapshot() {
		list = append(list, p.status())
	}
	slices.SortFunc(list, func(a, b Status) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (r *portable) Close(id uint64, code int) bool {
	r.mu.Lock()
	p := r.pairs[id]
	r.mu.Unlock()
	if p == nil {
		return false
	}
	p.end(closeCode(code), EndOperator)
	return true
}

func (r *portable) Drain(over time.Duration) {
	r.startDrain(over)
	for _, p := range r.snapshot() {
		r.mu.Lock()
		at := r.drainTime(r.now())
		r.mu.Unlock()
		p.mu.Lock()
		p.m.drain = at
		p.arm()
		p.mu.Unlock()
	}
}

func (r *portable) Shutdown() {
	r.mu.Lock()
	r.down = true
	r.mu.Unlock()
	for _, p := range r.snapshot() {
		p.cut(EndShutdown)
	}
	r.Wait(context.Background())
}
