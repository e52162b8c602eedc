package upstream

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"transom/internal/rawnet"
	"transom/internal/wire/http1"
)

// Conn is a connection of a worker. One goroutine owns it from Connect until it calls Release or Take; another may write
// meanwhile. Reads and writes fail after the request's timeout without progress.
type Conn struct {
	R       *http1.Reader // reads Conn; what it holds was read ahead
	reader  http1.Reader  // most often R
	quick   *rawnet.Conn  // the socket below TLS; nil if there is none (tests)
	worker  *Worker
	timeout time.Duration
	readBy  time.Duration // deadlines in force, by clock
	in, out int64         // bytes that the pool has not counted yet
	Reused  bool          // carried a request before
	plain   bool          // nothing stands between Conn and the socket
	armed   bool          // for the next read, by the same look at the clock as the write before it
	pooled  bool          // may go back to the pool
	gone    bool
	rested  bool        // was idle when the pool last looked
	sending atomic.Bool // another goroutine is sending a body

	sentAt     atomic.Int64  // when it ended (Unix nanoseconds)
	idleSince  time.Duration // by clock; only if there is a ttl
	serverName string
	net.Conn            // with TLS, if there is any
	Raw        net.Conn // below TLS, as WrapRaw made it
	writeBy    time.Duration
}

var started = time.Now()

// clock is time.Now for half the price.
func clock() time.Duration { return time.Since(started) }

// Read arms the idle timeout.
func (c *Conn) Read(p []byte) (n int, err error) {
	for {
		if !c.armed {
			c.armRead(clock())
		}
		c.armed = false
		if c.plain {
			n, err = c.quick.Read(p)
		} else {
			n, err = c.Conn.Read(p)
		}
		c.received(int64(n))
		if err == nil || n > 0 || !c.stillSending(err) {
			return n, err
		}
		c.readBy = 0
	}
}

// uncounted is how much a connection moves before the pool counts it, so that those who watch see long bodies on their way.
const uncounted = 64 << 10

func (c *Conn) received(n int64) {
	if c.in += n; c.in > uncounted {
		c.worker.pool.count(c.in, 0)
		c.in = 0
	}
}

// Rearm has the next read look at the clock if the write before it may have taken long.
func (c *Conn) Rearm() {
	if !c.plain || c.quick.Waited() {
		c.armed = false
	}
}

func (c *Conn) armRead(now time.Duration) {
	if c.readBy-now < c.timeout {
		c.readBy = now + c.timeout + c.timeout/slack
		c.Conn.SetReadDeadline(started.Add(c.readBy))
	}
}

// stillSending says that a read has only waited for the backend while it was sent the request's body.
func (c *Conn) stillSending(err error) bool { return isTimeout(err) && c.sentLately() }

// sentLately says that the request's body is under way or has just ended: the backend may well be silent still.
func (c *Conn) sentLately() bool {
	return c.sending.Load() || time.Since(time.Unix(0, c.sentAt.Load())) < c.timeout
}

// Write arms the idle timeout.
func (c *Conn) Write(p []byte) (n int, err error) {
	if c.plain {
		n, err = c.quick.Write(p, c.timeout)
	} else {
		c.armWrite()
		n, err = c.Conn.Write(p)
	}
	c.sent(int64(n))
	return n, err
}

func (c *Conn) sent(n int64) {
	if c.out += n; c.out > uncounted {
		c.worker.pool.count(0, c.out)
		c.out = 0
	}
}

// ask begins an exchange on a connection that was idle, unless that is closed: rawnet.ErrStale. If p is the whole request it is
// written and the answer read into R; what can't be written at once is left to Write.
func (c *Conn) ask(p []byte, whole bool) (n int, err error) {
	if !whole || !c.plain {
		if c.closed() {
			err = rawnet.ErrStale
		}
		return 0, err
	}
	n, err = c.quick.Ask(p, c.R)
	c.armed = false
	c.sent(int64(n))
	c.received(int64(len(c.R.Buffered())))
	return n, err
}

func (c *Conn) armWrite() {
	if now := clock(); c.writeBy-now < c.timeout {
		c.writeBy = now + c.timeout + c.timeout/slack
		c.Conn.SetWriteDeadline(started.Add(c.writeBy))
	}
}

// A deadline is set so much later than the timeout, a fraction of it, that not every read has to move it.
const slack = 8

// setTimeout changes the idle timeout from the next read and write on.
func (c *Conn) setTimeout(d time.Duration) {
	if d == c.timeout {
		return
	}
	c.timeout, c.armed = d, false
	c.readBy, c.writeBy = 0, 0
}

// Release gives the connection back: to the pool if ok says that it stands between two exchanges and is good for another, else it
// is closed.
func (c *Conn) Release(ok bool) {
	if c.gone {
		return
	}
	c.gone = true
	if ok && c.pooled && len(c.R.Buffered()) == 0 {
		c.worker.pool.put(c)
	} else {
		c.end()
	}
}

func (c *Conn) end() {
	p := &c.worker.pool
	c.Conn.Close()
	c.R.Release()
	p.count(c.in, c.out)
	p.free()
}

// Take takes the connection out of the pool for good. The receiver closes it and then frees its slot.
func (c *Conn) Take() Slot {
	c.gone = true
	c.Conn.SetReadDeadline(time.Time{})
	if c.writeBy != 0 {
		c.Conn.SetWriteDeadline(time.Time{})
	}
	p := &c.worker.pool
	p.count(c.in, c.out)
	return p
}

// Free gives up the slot of a connection that was taken.
func (p *pool) Free() { p.free() }

// fits says whether an idle connection is young enough and to the same TLS name.
func (c *Conn) fits(now time.Duration, serverName string, ttl time.Duration) bool {
	return !(ttl > 0 && now-c.idleSince >= ttl) && c.serverName == serverName
}

// closed says whether the backend has closed the connection, or sent what nobody asked for.
func (c *Conn) closed() bool {
	if c.quick == nil {
		return false // the next read tells
	}
	switch c.quick.Look() {
	case rawnet.Silent:
		return false
	case rawnet.Readable:
		return c.plain || !c.quietTLS()
	}
	return true
}

// quietTLS reads what lies between TLS records: session tickets are fine, data or an alert is not.
func (c *Conn) quietTLS() bool {
	var b [1]byte
	c.Conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	c.readBy, c.armed = 0, false
	n, err := c.Conn.Read(b[:])
	return n == 0 && isTimeout(err)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
