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

// conn is one client connection. It is owned by its goroutine, or by the rest area while
// it has none; others touch the atomic fields and sock's Close and SetReadDeadline only.
type conn struct {
	server *Server
	id     int64
	sock   net.Conn       // as accepted
	net    net.Conn       // what HTTP is spoken on: sock, or TLS over it
	tcp    *net.TCPConn   // net, if it is plain TCP
	peer   string         // the client as http.Request has it
	client netip.AddrPort // that a PROXY header named; invalid without one
	tls    tlsInfo

	raw     syscall.RawConn       // of sock, if that is TCP
	tryFill func(fd uintptr) bool // tryFillFD, made once
	got     int                   // its results
	gotErr  error

	reader     http1.Reader
	pacer      pacer
	writeUntil instant   // the write deadline in force
	idleUntil  instant   // when to give up waiting for a request
	settings   *Settings // of the address, or the name in TLS
	keepalives int
	attached   any
	takenOver  bool

	idle     atomic.Bool // waits for a request of which nothing came
	aborted  atomic.Bool
	isH2     atomic.Bool
	state    atomic.Int32
	since    atomic.Int64
	accesses atomic.Int64
	sent     atomic.Int64
	current  atomic.Pointer[exchange]
}

// restAfter is how long a quiet connection keeps its goroutine.
const restAfter = time.Second

func newConn(s *Server, sock net.Conn) *conn {
	c := &conn{server: s, id: s.lastID.Add(1), sock: sock, peer: sock.RemoteAddr().String()}
	if tcp, ok := sock.(*net.TCPConn); ok {
		c.raw, _ = tcp.SyscallConn()
		c.tryFill = c.tryFillFD
	}
	c.use(sock)
	c.settings = s.Settings(c.local(), "")
	c.enter(Reading)
	return c
}

// use makes nc what HTTP is spoken on.
func (c *conn) use(nc net.Conn) {
	c.net = nc
	c.tcp, _ = nc.(*net.TCPConn)
	c.reader.Reset(c)
}

func (c *conn) local() netip.AddrPort  { return addrPort(c.sock.LocalAddr()) }
func (c *conn) remote() netip.AddrPort { return addrPort(c.sock.RemoteAddr()) }

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

func (c *conn) serve() {
	if c.expectsProxyHeader() {
		if err := c.readProxyHeader(); err != nil {
			c.server.log(err)
			c.end()
			return
		}
	}
	if c.settings.TLS != nil {
		c.pacer.begin(c.settings.HandshakeTimeout, c.settings.Timeout, now())
		if !c.startTLS() {
			c.end()
			return
		}
	}
	began := now()
	c.pacer.begin(c.settings.HeaderTimeout, c.settings.Timeout, began)
	c.idleUntil = soonest(began, c.settings.HeaderTimeout.First, c.settings.Timeout)
	c.run(restAfter)
}

// run serves one request after the other until the connection ends, is taken over, or
// has been quiet for patience (0: until the idle timeout).
func (c *conn) run(patience time.Duration) {
	for {
		switch c.await(patience) {
		case quiet:
			if !c.server.resting.add(c) {
				go c.run(0) // a fresh goroutine has the smallest stack
			}
			return
		case expired:
			c.expire()
			return
		case gone:
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

// expire ends a connection on which no request came in time. httpd logs that of a
// connection that never saw one.
func (c *conn) expire() {
	if c.keepalives == 0 {
		x := newExchange(c)
		x.refuse(&BadRequest{Status: http.StatusRequestTimeout, Reason: "no request came in time", LogOnly: true})
		x.serve()
	}
	c.end()
}

type awaited int

const (
	ready   awaited = iota
	quiet           // for patience
	expired         // quiet until idleUntil
	gone
)

// await waits for the first bytes of a request. It holds no buffer meanwhile on a plain
// connection.
func (c *conn) await(patience time.Duration) awaited {
	if len(c.reader.Buffered()) > 0 {
		return ready
	}
	until := c.idleUntil
	if t := soonest(now(), patience); t != 0 && (until == 0 || t < until) {
		until = t
	}
	c.idle.Store(true)
	c.pacer.force(c.sock, until)
	if c.server.draining.Load() {
		return gone
	}
	err := c.fill()
	c.idle.Store(false)
	switch {
	case err == nil:
		return ready
	case !errors.Is(err, os.ErrDeadlineExceeded) || c.server.draining.Load():
		return gone
	case c.idleUntil == 0 || now() < c.idleUntil:
		return quiet
	}
	return expired
}

// Read reads from the connection under the stage's deadline, or await's; it is the
// reader's source.
func (c *conn) Read(p []byte) (int, error) {
	if !c.idle.Load() {
		c.pacer.arm(c.sock)
	}
	if c.aborted.Load() {
		return 0, net.ErrClosed
	}
	n, err := c.net.Read(p)
	c.pacer.got(n)
	return n, err
}

// armWrite sets the deadline for writes from now on; like the reader's, it may be early
// by a small part.
func (c *conn) armWrite(timeout time.Duration) {
	want := soonest(now(), timeout)
	if early := want - c.writeUntil; early >= 0 && early < instant(timeout/16) || want == c.writeUntil {
		return
	}
	c.writeUntil = want
	c.sock.SetWriteDeadline(want.time())
}

// wakeIdle ends the wait of a connection on which no request is under way.
func (c *conn) wakeIdle() {
	if c.idle.Load() {
		c.sock.SetReadDeadline(past)
	}
}

// interrupt ends a read under way, and all later ones.
func (c *conn) interrupt() {
	c.aborted.Store(true)
	c.sock.SetReadDeadline(past)
}

// abort closes the socket under whoever uses it.
func (c *conn) abort() {
	c.aborted.Store(true)
	c.sock.Close()
}

// end closes the connection, if it is still the server's.
func (c *conn) end() {
	defer c.server.wg.Done()
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
	lingerLate  = 2 * time.Second // with a client whose time was up already
)

// linger reads for a while what the client still sends, so that the answer to a request
// that was not read to its end is not lost to a reset (RFC 9112 §9.6). The times are
// httpd's.
func (c *conn) linger(total time.Duration) {
	c.enter(Closing)
	if cw, ok := c.net.(interface{ CloseWrite() error }); !ok || cw.CloseWrite() != nil {
		return
	}
	for last := now().add(total); now() < last; {
		c.pacer.begin(Pace{}, lingerRead, now())
		c.reader.Discard(len(c.reader.Buffered()))
		if c.reader.Fill() != nil || c.server.draining.Load() {
			return
		}
	}
}
