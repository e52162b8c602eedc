package tunnel

import (
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// slot is the place of a tunnel in a loop.
type slot struct {
	driver
	loop    *loop
	port    [2]port
	id      uint64
	label   string
	watcher Watcher
	tick    int64 // of its entry in the wheel, noTick without one
	ref     ref
	ready   bool // in the loop's list
}

func (t *slot) read(s side, p []byte) (int, error) {
	n, err := t.port[s].read(p)
	t.watch(s, nil)
	return n, err
}

func (t *slot) write(s side, p []byte) (int, error) {
	n, err := t.port[s].write(p)
	t.watch(s, err)
	return n, err
}

func (t *slot) shut(s side) error {
	err := t.port[s].shut()
	t.watch(s, err)
	return err
}

// watch asks to be told when a full socket takes more, once it has been full. Most never are.
func (t *slot) watch(s side, err error) {
	p := &t.port[s]
	if p.watched || err != errAgain && !p.queues() {
		return
	}
	p.watched = true
	if err := t.loop.control(unix.EPOLL_CTL_MOD, p.fd, interest, t.ref, s); err != nil {
		t.broke(s, err)
	}
}

// loop is one goroutine that carries many tunnels. What stands before mu is its own.
type loop struct {
	relay        *looped
	epfd         int
	wakefd       int
	now          instant
	heard        instant // the last event
	slab         slab
	wheel        wheel
	ready        []ref // tunnels that can go on without an event
	ended        []ending
	events       []unix.EpollEvent
	buf          *rest
	room         []arrival // for the next arrivals
	inRow        int       // events, each soon after the one before
	hasProcessor bool

	mu       sync.Mutex
	places   places
	arrivals []arrival
	inbox    []func()
	stopped  bool

	called atomic.Bool // something is, or will soon be, in arrivals or the inbox
	asleep atomic.Bool // until the next event, be it far away
}

// mostRoom is how many arrivals a sleeping loop is not woken for. The memory of a much bigger crowd is not kept.
const mostRoom = 64

// arrival is a tunnel on its way into its place in a loop.
type arrival struct {
	ref      ref
	id       uint64
	at       instant
	terms    *terms
	port     [2]port
	buffered [2][]byte
	unheard  [2]error // why no events of a side come
	label    string
	watcher  Watcher
}

const wakeSlot = 1<<31 - 1

func newLoop(r *looped) (*loop, error) {
	l := &loop{relay: r, heard: -keeping, events: make([]unix.EpollEvent, 256), buf: newBuffer()}
	var err error
	if l.epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if l.wakefd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		unix.Close(l.epfd)
		return nil, err
	}
	if err = l.control(unix.EPOLL_CTL_ADD, int32(l.wakefd), unix.EPOLLIN|unix.EPOLLET&0xffffffff, ref{slot: wakeSlot}, 0); err != nil {
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

func (l *loop) control(op int, fd int32, events uint32, r ref, s side) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(r.slot<<1 | uint32(s)), Pad: int32(r.gen)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(l.epfd), uintptr(op), uintptr(fd), uintptr(unsafe.Pointer(&ev)), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// take starts a tunnel without disturbing the loop more than it must: its sockets are watched from now on, and their first
// event, or whatever else ends the loop's wait, has it adopt the tunnel. No wait is longer than longSleep.
//
// called is set before the sockets are watched, and mu held until the tunnel can be found: no event comes too early.
func (l *loop) take(a arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.called.Store(true)
	a.ref = l.places.reserve()
	urgent := len(l.arrivals) >= mostRoom && l.asleep.Swap(false)
	for s := range a.port {
		a.unheard[s] = l.control(unix.EPOLL_CTL_ADD, a.port[s].fd, readInterest, a.ref, side(s))
		urgent = urgent || a.unheard[s] != nil || len(a.buffered[s]) > 0 || a.port[s].holds()
	}
	l.arrivals = append(l.arrivals, a)
	if urgent {
		l.wake()
	}
}

// post has the loop call f; false when it has stopped.
func (l *loop) post(f func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.called.Store(true)
	if l.inbox = append(l.inbox, f); len(l.inbox) == 1 {
		l.wake()
	}
	return true
}

// wake ends the loop's wait. The eventfd is never read: with edge-triggered events every write to it is an event.
func (l *loop) wake() {
	one := uint64(1)
	unix.RawSyscall(unix.SYS_WRITE, uintptr(l.wakefd), uintptr(unsafe.Pointer(&one)), unsafe.Sizeof(one))
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
			l.hear()
		}
		if l.called.Load() && l.read() {
			return
		}
		for i := range l.events[:n] {
			ev := &l.events[i]
			at := uint32(ev.Fd)
			if t := l.slab.get(ref{at >> 1, uint32(ev.Pad)}); t != nil {
				l.event(t, side(at&1), ev.Events)
			}
		}
		l.goOn()
		l.wheel.advance(l.now, l.expire)
		l.reportEnded()
	}
}

// hear takes note of events. Lingering pays if more follow before it ends, which some in a row foretell: a message and its answer
// are two.
func (l *loop) hear() {
	if l.inRow++; l.now-l.heard >= lingering {
		l.inRow = 1
	}
	l.heard = l.now
}

// A loop that blocks in a system call for more than 10 ms loses its processor to Go's scheduler, whose monitor then wakes
// some sixty times to watch what comes of that. Under bursts of messages this cost a tenth of all processor time. So for
// a while after the last event a loop waits without telling the scheduler, on a processor that it takes for that.
const (
	someInRow    = 3
	lingering    = 250 * time.Millisecond
	lingerMillis = 10 // at a time
	keeping      = 10 * time.Second
)

// wait returns the number of events, 0 when a timer may be due.
func (l *loop) wait() int {
	n := rawPoll(l.epfd, l.events, 0)
	if n > 0 || len(l.ready) > 0 {
		return n
	}
	due := l.wheel.next()
	for now := l.now; l.inRow >= someInRow && now < min(l.heard+lingering, due); now = l.relay.now() {
		l.keepProcessor(true)
		if n := rawPoll(l.epfd, l.events, lingerMillis); n > 0 || l.called.Load() {
			return n
		}
	}
	if l.now > l.heard+keeping {
		l.keepProcessor(false)
	}
	l.asleep.Store(true)
	defer l.asleep.Store(false)
	if l.called.Load() {
		return 0
	}
	now := l.relay.now()
	return poll(l.epfd, l.events, int(sleep(now, l.heard, due)/time.Millisecond)+1)
}

// keepProcessor takes one for the loop, or gives it back.
func (l *loop) keepProcessor(yes bool) {
	switch {
	case l.hasProcessor == yes:
		return
	case yes:
		processors.add(1)
	default:
		processors.add(-1)
	}
	l.hasProcessor = yes
}

// A collection of garbage, or whatever else stops all goroutines, that begins in the very moment in which one enters a system
// call overlooks it in Go 1.26: the whole process stands still until the call ends, or for a minute. So a loop sleeps no longer
// than it has been quiet before, which is short while there is so much to do that such moments are many.
const (
	shortSleep = 100 * time.Millisecond
	longSleep  = time.Second
)

func sleep(now, heard, due instant) time.Duration {
	return max(0, min(due-now, max(shortSleep, min(now-heard, longSleep))))
}

// read adopts what has arrived and does what was posted until there is nothing more, and reports whether the loop has stopped:
// whatever take and post took is done.
func (l *loop) read() bool {
	for {
		l.mu.Lock()
		arrived, todo, stopped := l.arrivals, l.inbox, l.stopped
		l.arrivals, l.inbox, l.room = l.room, nil, nil
		if len(arrived)+len(todo) == 0 {
			l.called.Store(false)
		}
		l.mu.Unlock()
		if len(arrived)+len(todo) == 0 {
			if stopped {
				l.keepProcessor(false)
				l.close()
			}
			return stopped
		}
		if len(arrived) > 0 {
			l.hear()
		}
		for i := range arrived {
			l.adopt(&arrived[i])
		}
		if clear(arrived); cap(arrived) <= 2*mostRoom {
			l.room = arrived[:0]
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
func (l *loop) adopt(a *arrival) {
	t := l.slab.at(a.ref)
	t.begin(a.terms, min(a.at, l.now)) // it may have come after the loop looked at the clock
	t.writable = [2]bool{true, true}
	t.loop, t.port, t.id, t.label, t.watcher, t.tick = l, a.port, a.id, a.label, a.watcher, noTick
	var down bool
	if t.drain, down = l.relay.fate(l.now); down {
		t.driver.cut(EndShutdown)
	}
	for s := range t.port {
		t.readable[s] = t.port[s].holds()
		if b := a.buffered[s]; len(b) > 0 {
			t.offer(side(s).peer(), t.received(side(s), b, len(b), l.now), t, &l.buf)
		}
		if err := a.unheard[s]; err != nil {
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
	l.ended = append(l.ended, ending{t.watcher, t.result(t.id, t.label, l.relay.base, l.now)})
	l.mu.Lock()
	l.places.free(l.slab.clear(t))
	l.mu.Unlock()
}

// ending is a tunnel that is over, but not reported.
type ending struct {
	watcher Watcher
	result  Result
}

// reportEnded tells of the tunnels that ended in this turn.
func (l *loop) reportEnded() {
	if len(l.ended) == 0 {
		return
	}
	ended := l.ended
	l.ended = nil
	go func() {
		for i := range ended {
			l.relay.report(ended[i].watcher, &ended[i].result)
		}
	}()
}
