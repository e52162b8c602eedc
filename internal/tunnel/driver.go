package tunnel

import (
	"errors"
	"sync"
)

// errAgain, also beside bytes, says that a side gives or takes nothing more until it is reported ready.
var errAgain = errors.New("tunnel: not now")

// wire is how a driver moves bytes. No call blocks.
type wire interface {
	read(s side, p []byte) (int, error) // io.EOF at the end of the stream
	write(s side, p []byte) (int, error)
	shut(s side) error // nothing will be written any more
}

// driver is a machine with what non-blocking I/O needs. Readiness is edge-triggered: readable and writable are set
// when the system says so and cleared by errAgain.
type driver struct {
	machine
	rest     [2]*rest // what the side could not take yet; its peer is not read meanwhile
	readable [2]bool
	writable [2]bool
}

// turns is how often both directions move before other tunnels get their turn.
const turns = 4

// run moves bytes until neither direction can go on, or until it has had its share: then it returns true. It reads into
// buf, and puts another there when it keeps that one.
func (d *driver) run(w wire, buf **rest, now instant) (more bool) {
	for range turns {
		up := d.move(client, w, buf, now)
		down := d.move(backend, w, buf, now)
		if !up && !down && !d.maySpeak(client) && !d.maySpeak(backend) || d.finished() {
			return false
		}
	}
	return true
}

// move takes one step in one direction and reports whether another may be possible.
func (d *driver) move(from side, w wire, buf **rest, now instant) bool {
	f, to := &d.flow[from], from.peer()
	if d.rest[to] != nil && d.writable[to] {
		d.flush(to, w, now)
	}
	if f.wants != 0 {
		d.offer(to, d.speech(to), w, buf)
	}
	if f.ended {
		return d.pass(from, w)
	}
	if !d.readable[from] || d.over || d.busy(from) {
		return false
	}
	b := (*buf).b[:cap((*buf).b)]
	n, err := w.read(from, b[headroom:headroom+readSize])
	if n > 0 {
		at := d.prepend(from, b)
		d.offer(to, d.received(from, b[at:headroom+n], n, now), w, buf)
	}
	switch {
	case err == nil:
		return true
	case err == errAgain:
		d.readable[from] = false
		return false
	case orderly(err):
		d.offer(to, d.eof(from, now), w, buf)
		return true
	}
	d.broke(from, err)
	return false
}

// busy: the side is not read, because its peer has not taken what there is.
func (d *driver) busy(from side) bool {
	to := from.peer()
	return !d.flow[from].mute && (d.rest[to] != nil || !d.writable[to])
}

// pass tells the peer of a side that has ended, once it has had everything.
func (d *driver) pass(from side, w wire) bool {
	to := from.peer()
	if d.flow[from].passed || d.rest[to] != nil || !d.writable[to] {
		return false
	}
	if err := w.shut(to); err == errAgain {
		d.writable[to] = false
	} else if err != nil {
		d.deaf(to, err)
	}
	d.fin(from)
	return true
}

// offer writes b to a side, behind what is already waiting, and keeps what the side does not take.
func (d *driver) offer(to side, b []byte, w wire, buf **rest) {
	if len(b) == 0 {
		return
	}
	if d.rest[to] == nil && d.writable[to] {
		n, err := w.write(to, b)
		if !d.wrote(to, err) {
			return
		}
		b = b[n:]
	}
	switch {
	case len(b) == 0:
	case d.rest[to] == nil && len(b) > smallRest && (*buf).holds(b):
		d.rest[to] = (*buf).cut(b)
		*buf = newBuffer()
	default:
		d.rest[to] = d.rest[to].add(b)
	}
}

func (d *driver) flush(to side, w wire, now instant) {
	r := d.rest[to]
	n, err := w.write(to, r.b[r.off:])
	if n > 0 {
		d.active = now
	}
	r.off += n
	if d.wrote(to, err) && r.off == len(r.b) {
		d.rest[to] = r.free()
	}
}

// wrote takes note of a write's outcome; false if the side is lost.
func (d *driver) wrote(to side, err error) bool {
	switch err {
	case nil:
	case errAgain:
		d.writable[to] = false
	default:
		d.deaf(to, err)
		d.rest[to] = d.rest[to].free()
		d.writable[to] = true
		return false
	}
	return true
}

// finished: the tunnel is over, and what it had to write is written as far as that still matters.
func (d *driver) finished() bool {
	if !d.over {
		return false
	}
	for s := range d.rest {
		if d.rest[s] != nil || !d.writable[s] {
			return d.abrupt
		}
	}
	return true
}

func (d *driver) release() {
	for s := range d.rest {
		d.rest[s] = d.rest[s].free()
	}
}

// rest is pooled memory for what could not be written yet: b[off:]. The buffer of a read is one too, so that a large part
// of it can be kept without copying.
type rest struct {
	b   []byte
	off int
}

// Most of what a peer cannot take is either a small message or most of a read.
const (
	smallRest = 4 << 10
	largeRest = headroom + readSize + 256 // with room for a word of the proxy's
	readSize  = 64 << 10                  // of one read
)

var (
	smallRests = sync.Pool{New: func() any { return &rest{b: make([]byte, 0, smallRest)} }}
	largeRests = sync.Pool{New: func() any { return &rest{b: make([]byte, 0, largeRest)} }}
)

func newBuffer() *rest { return largeRests.Get().(*rest) }

// holds reports whether b lies in r, up to its end.
func (r *rest) holds(b []byte) bool {
	at := cap(r.b) - cap(b)
	return at >= 0 && &r.b[:cap(r.b)][at] == &b[0]
}

// cut makes b, which r holds, the rest.
func (r *rest) cut(b []byte) *rest {
	r.off = cap(r.b) - cap(b)
	r.b = r.b[:r.off+len(b)]
	return r
}

// add appends to a rest, which may be nil.
func (r *rest) add(b []byte) *rest {
	if r == nil && len(b) <= smallRest {
		r = smallRests.Get().(*rest)
	} else if r == nil {
		r = largeRests.Get().(*rest)
	}
	r.b = append(r.b, b...)
	return r
}

// free gives the memory back and returns nil.
func (r *rest) free() *rest {
	if r == nil {
		return nil
	}
	r.b, r.off = r.b[:0], 0
	switch cap(r.b) {
	case smallRest:
		smallRests.Put(r)
	case largeRest:
		largeRests.Put(r)
	}
	return nil
}
