package tunnel

import (
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// slot is the place of a tunnel in a loop.
type slot struct {
	driver
	port  [2]port
	id    uint64
	label string
	done  func(Result)
	tick  int64 // of its entry in the wheel, noTick without one
	ref   ref
	ready bool // in the loop's list
}

func (t *slot) read(s side, p []byte) (int, error)  { return t.port[s].read(p) }
func (t *slot) write(s side, p []byte) (int, error) { return t.port[s].write(p) }
func (t *slot) shut(s side) error                   { return t.port[s].shut() }

// loop is one goroutine that carries many tunnels. All but the inbox is its own.
type loop struct {
	relay  *looped
	epfd   int
	wakefd int
	now    instant
	heard  instant // the last event
	slab   slab
	wheel  wheel
	ready  []ref // tunnels that can go on without an event
	events []unix.EpollEvent
	buf    *rest
	// lingers: GOMAXPROCS has a processor for every loop beyond those of the machine.
	lingers bool

	mu      sync.Mutex
	inbox   []func()
	stopped bool
}

const wakeSlot = 1<<31 - 1

func newLoop(r *looped, lingers bool) (*loop, error) {
	l := &loop{relay: r, lingers: lingers, events: make([]unix.EpollEvent, 256), buf: newBuffer()}
	var err error
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if l.wakefd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(l.epfd)
		return nil, err
	}
	if err = l.watch(int32(l.wakefd), unix.EPOLLIN|unix.EPOLLET&0xffffffff, ref{slot: wakeSlot}, 0); err != nil {
		l.close()
		return nil, err
	}
	go l.run()
	return l, nil
}

func (l *loop) close() {
	unix.Close(l.wakefd)
	unix.Close(l.epfd)
}

func (l *loop) watch(fd int32, events uint32, r ref, s side) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(r.slot<<1 | uint32(s)), Pad: int32(r.gen)}
	return unix.EpollCtl(l.epfd, unix.EPOLL_CTL_ADD, int(fd), &ev)
}

// post has the loop call f; false when it has stopped. The eventfd is never read: with edge-triggered events every write
// to it is an event.
func (l *loop) post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.inbox = append(l.inbox, f)
	if len(l.inbox) == 1 {
		unix.Write(l.wakefd, binary.NativeEndian.AppendUint64(nil, 1))
	}
	return true
}

// ask has the loop call f and waits.
func (l *loop) ask(f func()) {
	answered := make(chan struct{})
	if l.post(func() { f(); close(answered) }) {
		<-answered
	}
}

func (l *loop) run() {
	for {
		n := l.wait()
		if l.now = l.relay.now(); n > 0 {
			l.heard = l.now
		}
		woken := false
		for i := range l.events[:n] {
			ev := &l.events[i]
			at := uint32(ev.Fd)
			if at>>1 == wakeSlot {
				woken = true
			} else if t := l.slab.get(ref{at >> 1, uint32(ev.Pad)}); t != nil {
				l.event(t, side(at&1), ev.Events)
			}
		}
		l.goOn()
		l.wheel.advance(l.now, l.expire)
		if woken && l.read() {
			return
		}
	}
}

// A loop that blocks in a system call for more than 10 ms loses its processor to Go's scheduler, whose monitor then wakes
// some sixty times to watch what comes of that. Under bursts of messages this cost a tenth of all processor time. So for
// a while after the last event a loop waits without telling the scheduler, if it has a processor to itself.
const (
	lingering    = 250 * time.Millisecond
	lingerMillis = 10 // at a time
)

// wait returns the number of events, 0 when a timer may be due.
func (l *loop) wait() int {
	n := rawPoll(l.epfd, l.events, 0)
	if n > 0 || len(l.ready) > 0 {
		return n
	}
	due := l.wheel.next()
	if l.lingers {
		for now := l.now; now < min(l.heard+lingering, due); now = l.relay.now() {
			if n := rawPoll(l.epfd, l.events, lingerMillis); n > 0 {
				return n
			}
		}
	}
	timeout := -1
	if due != never {
		timeout = int(max(due-l.relay.now(), 0)/time.Millisecond) + 1
	}
	return poll(l.epfd, l.events, timeout)
}

// read does what was posted until there is nothing more, and reports whether the loop has stopped: whatever post took is done.
func (l *loop) read() bool {
	for {
		l.mu.Lock()
		todo, stopped := l.inbox, l.stopped
		l.inbox = nil
		l.mu.Unlock()
		if len(todo) == 0 {
			if stopped {
				l.close()
			}
			return stopped
		}
		for _, f := range todo {
			f()
		}
	}
}

// event is called when one side has become ready.
func (l *loop) event(t *slot, s side, events uint32) {
	readable, writable := t.port[s].ready(events)
	t.readable[s] = t.readable[s] || readable
	t.writable[s] = t.writable[s] || writable
	l.turn(t)
}

// turn gives a tunnel its share.
func (l *loop) turn(t *slot) {
	more := t.driver.run(t, &l.buf, l.now)
	if t.finished() {
		l.remove(t)
		return
	}
	if more && !t.ready {
		t.ready = true
		l.ready = append(l.ready, t.ref)
	}
	if t.closing || t.halfClosed() {
		l.arm(t)
	}
}

// goOn gives another turn to those who were ready before this one.
func (l *loop) goOn() {
	n := len(l.ready)
	for _, r := range l.ready[:n] {
		if t := l.slab.get(r); t != nil {
			t.ready = false
			l.turn(t)
		}
	}
	l.ready = l.ready[:copy(l.ready, l.ready[n:])]
}

// arm puts the tunnel in the wheel if it has no entry there that is early enough.
func (l *loop) arm(t *slot) {
	if due := t.due(); due != never && tickOf(due) < t.tick {
		t.tick = l.wheel.add(t.ref, due)
	}
}

func (l *loop) expire(r ref) {
	t := l.slab.get(r)
	if t == nil || t.tick != l.wheel.at {
		return
	}
	t.tick = noTick
	t.expire(l.now, [2]bool{t.busy(client), t.busy(backend)})
	l.arm(t)
	l.turn(t)
}

// adopt starts a tunnel.
func (l *loop) adopt(id uint64, p *terms, ports [2]port, buffered [2][]byte, label string, done func(Result)) {
	t := l.slab.new()
	t.driver = driver{machine: newMachine(p, l.now), writable: [2]bool{true, true}}
	t.port, t.id, t.label, t.done, t.tick = ports, id, label, done, noTick
	var down bool
	if t.drain, down = l.relay.fate(l.now); down {
		t.driver.cut(EndShutdown)
	}
	for s := range t.port {
		t.readable[s] = t.port[s].secure != nil && holds(t.port[s].secure.Conn)
		if b := buffered[s]; len(b) > 0 {
			t.offer(side(s).peer(), t.received(side(s), b, len(b), l.now), t, &l.buf)
		}
		if err := l.watch(t.port[s].fd, interest, t.ref, side(s)); err != nil {
			t.broke(side(s), err)
		}
	}
	l.arm(t)
	l.turn(t)
}

func (l *loop) remove(t *slot) {
	t.release()
	for s := range t.port {
		t.port[s].close(t.reset)
	}
	done, result := t.done, t.result(t.id, t.label, l.relay.base, l.now)
	l.slab.free(t)
	go l.relay.report(done, result)
}
