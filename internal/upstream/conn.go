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
	net.Conn               // with TLS, if there is any
	Raw      net.Conn      // below TLS, as WrapRaw made it
	R        *http1.Reader // reads Conn; what it holds was read ahead
	Reused   bool          // carried a request before

	worker     *Worker
	timeout    time.Duration
	readBy     time.Time // deadlines in force
	writeBy    time.Time
	idleSince  time.Time
	serverName string
	quick      *rawnet.Conn // the socket below TLS; nil if there is none (tests)
	plain      bool         // nothing stands between Conn and the socket
	armed      bool         // for the next read, by the same look at the clock as the write before it
	pooled     bool         // may go back to the pool
	gone       atomic.Bool

	sending atomic.Bool  // another goroutine is sending a body
	sentAt  atomic.Int64 // when it ended (Unix nanoseconds)
}

// Read arms the idle timeout.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		if !c.armed {
			c.armRead(time.Now())
		}
		c.armed = false
		n, err := c.read(p)
		c.worker.read.Add(int64(n))
		if err == nil || n > 0 || !isTimeout(err) || !c.sentLately() {
			return n, err
		}
		c.readBy = time.Time{}
	}
}

func (c *Conn) read(p []byte) (int, error) {
	if c.plain {
		return c.quick.Read(p)
	}
	return c.Conn.Read(p)
}

// Rearm has the next read look at the clock if the write before it may have taken long.
func (c *Conn) Rearm() {
	if !c.plain || c.quick.Waited() {
		c.armed = false
	}
}

func (c *Conn) armRead(now time.Time) {
	if c.readBy.Sub(now) < c.timeout {
		c.readBy = now.Add(c.timeout + c.timeout/slack)
		c.Conn.SetReadDeadline(c.readBy)
	}
}

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
	c.worker.transferred.Add(int64(n))
	return n, err
}

func (c *Conn) armWrite() {
	if now := time.Now(); c.writeBy.Sub(now) < c.timeout {
		c.writeBy = now.Add(c.timeout + c.timeout/slack)
		c.Conn.SetWriteDeadline(c.writeBy)
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
	c.readBy, c.writeBy = time.Time{}, time.Time{}
}

// Release gives the connection back: to the pool if ok says that it stands between two exchanges and is good for another, else it
// is closed.
func (c *Conn) Release(ok bool) {
	if c.gone.Swap(true) {
		return
	}
	w := c.worker
	w.busy.Add(-1)
	if ok && c.pooled && len(c.R.Buffered()) == 0 {
		c.R.Release()
		w.pool.put(c, time.Now())
		return
	}
	c.Conn.Close()
	w.pool.free()
}

// Take takes the connection out of the pool for good. The receiver closes it and then calls done.
func (c *Conn) Take() (done func()) {
	if c.gone.Swap(true) {
		return func() {}
	}
	c.Conn.SetDeadline(time.Time{})
	w := c.worker
	var once atomic.Bool
	return func() {
		if !once.Swap(true) {
			w.busy.Add(-1)
			w.pool.free()
		}
	}
}

// fits says whether an idle connection can carry a request: young enough, to the same TLS name, open and silent.
func (c *Conn) fits(now time.Time, serverName string, ttl time.Duration) bool {
	if ttl > 0 && now.Sub(c.idleSince) >= ttl || c.serverName != serverName {
		return false
	}
	return !c.closed()
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
	c.readBy = time.Time{}
	n, err := c.Conn.Read(b[:])
	return n == 0 && isTimeout(err)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
