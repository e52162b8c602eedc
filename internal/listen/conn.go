package listen

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"transom/internal/wire/http1"
)

// conn is one client connection. Its goroutine owns it, from serve to end; other
// goroutines touch the atomic fields and sock's Close and SetReadDeadline only.
type conn struct {
	server *Server
	id     int64
	sock   net.Conn        // as accepted
	net    net.Conn        // what HTTP is spoken on: sock, or TLS over it
	tcp    *net.TCPConn    // net, if it is plain TCP
	raw    syscall.RawConn // of tcp
	local  netip.AddrPort
	remote netip.AddrPort
	peer   string // remote as http.Request has it

	reader     http1.Reader
	pacer      pacer
	writeUntil time.Time
	settings   *Settings // of the address, or the name in TLS
	tls        tlsInfo
	keepalives int
	idleUntil  time.Time
	attached   any
	takenOver  bool

	idle     atomic.Bool // waits for a request of which nothing came
	aborted  atomic.Bool
	state    atomic.Int32
	since    atomic.Int64
	isH2     atomic.Bool
	accesses atomic.Int64
	sent     atomic.Int64
	current  atomic.Pointer[exchange]
}

// A connection that has been quiet for so long moves to a fresh goroutine, whose stack is
// the smallest.
const restAfter = time.Second

func newConn(s *Server, sock net.Conn) *conn {
	c := &conn{server: s, id: s.lastID.Add(1), sock: sock, peer: sock.RemoteAddr().String()}
	c.local, c.remote = addrPort(sock.LocalAddr()), addrPort(sock.RemoteAddr())
	c.use(sock)
	c.settings = s.Settings(c.local, "")
	c.enter(Reading, time.Now())
	return c
}

// use makes nc what HTTP is spoken on.
func (c *conn) use(nc net.Conn) {
	c.net = nc
	if tcp, ok := nc.(*net.TCPConn); ok {
		c.tcp = tcp
		c.raw, _ = tcp.SyscallConn()
	} else {
		c.tcp, c.raw = nil, nil
	}
	c.reader.Reset(c)
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

func (c *conn) serve() {
	now := time.Now()
	if c.settings.TLS != nil {
		c.pacer.begin(c.settings.HandshakeTimeout, c.settings.Timeout, now)
		if !c.startTLS() {
			c.end()
			return
		}
		now = time.Now()
	}
	c.pacer.begin(c.settings.HeaderTimeout, c.settings.Timeout, now)
	c.idleUntil = soonest(now, c.settings.HeaderTimeout.First, c.settings.Timeout)
	c.run(restAfter)
}

// soonest is the earliest end of the timeouts that are set, or the zero time.
func soonest(now time.Time, timeouts ...time.Duration) (t time.Time) {
	for _, d := range timeouts {
		if d > 0 && (t.IsZero() || now.Add(d).Before(t)) {
			t = now.Add(d)
		}
	}
	return t
}

// run serves one request after the other. When none comes within patience (0: until the
// idle timeout) it leaves the connection to a fresh goroutine.
func (c *conn) run(patience time.Duration) {
	for {
		switch c.await(patience) {
		case quiet:
			go c.run(0)
			return
		case over:
			c.end()
			return
		}
		patience = restAfter
		if !c.exchange() {
			c.end()
			return
		}
	}
}

type awaited int

const (
	ready awaited = iota
	quiet
	over
)

// await waits for the first bytes of a request. It holds no buffer meanwhile on a plain
// connection.
func (c *conn) await(patience time.Duration) awaited {
	if len(c.reader.Buffered()) > 0 {
		return ready
	}
	until := c.idleUntil
	if patience > 0 {
		if t := time.Now().Add(patience); until.IsZero() || t.Before(until) {
			until = t
		}
	}
	c.idle.Store(true)
	c.pacer.force(c.sock, until)
	if c.server.draining.Load() {
		return over
	}
	err := c.fill()
	c.idle.Store(false)
	switch {
	case err == nil:
		return ready
	case !errors.Is(err, os.ErrDeadlineExceeded) || c.server.draining.Load():
		return over
	case c.idleUntil.IsZero() || time.Now().Before(c.idleUntil):
		return quiet
	case c.keepalives == 0:
		c.logTimeout()
	}
	return over
}

// Read reads from the connection under the stage's deadline; it is the reader's source.
func (c *conn) Read(p []byte) (int, error) {
	c.pacer.arm(c.sock)
	if c.aborted.Load() {
		return 0, net.ErrClosed
	}
	n, err := c.net.Read(p)
	c.pacer.got(n)
	return n, err
}

// armWrite sets the deadline for writes from now on.
func (c *conn) armWrite(now time.Time, timeout time.Duration) {
	if timeout <= 0 {
		if !c.writeUntil.IsZero() {
			c.writeUntil = time.Time{}
			c.sock.SetWriteDeadline(time.Time{})
		}
		return
	}
	want := now.Add(timeout)
	if d := want.Sub(c.writeUntil); d < 0 || d >= timeout/16 {
		c.writeUntil = want
		c.sock.SetWriteDeadline(want)
	}
}

// wakeIdle ends the wait of a connection on which no request is under way.
func (c *conn) wakeIdle() {
	if c.idle.Load() {
		c.sock.SetReadDeadline(time.Unix(1, 0))
	}
}

// abort closes the socket under whoever uses it.
func (c *conn) abort() {
	c.aborted.Store(true)
	c.sock.Close()
}

// end closes the connection, if it is still the server's.
func (c *conn) end() {
	c.server.forget(c)
	c.reader.Reset(nil)
	if c.takenOver {
		return
	}
	if c.net != c.sock {
		c.net.Close()
	}
	c.sock.Close()
}

const (
	lingerRead  = 2 * time.Second
	lingerTotal = 30 * time.Second
)

// linger reads for a while what the client still sends, so that the answer to a request
// that was not read to its end is not lost to a reset (RFC 9112 §9.6). The times are
// httpd's.
func (c *conn) linger() {
	c.enter(Closing, time.Now())
	if !c.closeWrite() {
		return
	}
	end := time.Now().Add(lingerTotal)
	for !c.aborted.Load() && !c.server.draining.Load() && time.Now().Before(end) {
		c.pacer.force(c.sock, time.Now().Add(lingerRead))
		c.reader.Discard(len(c.reader.Buffered()))
		if c.reader.Fill() != nil {
			return
		}
	}
}

func (c *conn) closeWrite() bool {
	cw, ok := c.net.(interface{ CloseWrite() error })
	return ok && cw.CloseWrite() == nil
}

// logTimeout tells the log that nothing came on a fresh connection, as httpd does.
func (c *conn) logTimeout() {
	x := newExchange(c, time.Now())
	x.refuse(&BadRequest{Status: http.StatusRequestTimeout, Reason: "no request came in time", LogOnly: true})
	x.serve()
}
