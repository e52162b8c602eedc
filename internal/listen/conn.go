package listen

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"transom/internal/module"
	"transom/internal/rawnet"
	"transom/internal/wire/http1"
)

// conn is one client connection. It is owned by its goroutine, or by the rest area while
// it has none; others touch the atomic fields and sock's Close and SetReadDeadline only.
type conn struct {
	server *Server
	next   *conn // of the server's
	prev   *conn
	id     int64
	sock   net.Conn // as accepted
	net    net.Conn // what HTTP is spoken on: sock, or TLS over it
	tcp    tcpConn  // net, if it is plain TCP
	peer   string   // the client as http.Request has it
	local  netip.AddrPort
	remote netip.AddrPort
	client netip.AddrPort // that a PROXY header named; invalid without one
	tls    tlsInfo
	quick  *rawnet.Conn // sock, if that is TCP

	reader     http1.Reader
	pacer      pacer
	writeUntil instant   // the write deadline in force
	idleUntil  instant   // when to give up waiting for a request
	looked     instant   // at the clock, last: when the connection came, or a request began or ended
	settings   *Settings // of the address, or the name in TLS
	keepalives int
	takenOver  bool

	idle     atomic.Bool // waits for a request of which nothing came
	aborted  atomic.Bool
	h2       atomic.Pointer[http.Server] // through which an HTTP/2 connection learns that it should say GOAWAY
	state    atomic.Int64
	accesses atomic.Int64
	sent     atomic.Int64
	current  current
}

// restAfter is how long a quiet connection keeps its goroutine.
const restAfter = time.Second

func newConn(s *Server, sock net.Conn) *conn {
	c := &conn{server: s, id: s.lastID.Add(1), sock: sock}
	c.use(sock)
	if s, ok := sock.(*rawnet.Socket); ok {
		c.local, c.remote = s.Addresses()
	} else {
		c.local, c.remote = addrPort(sock.LocalAddr()), addrPort(sock.RemoteAddr())
	}
	if c.tcp != nil {
		c.quick, c.peer = rawnet.New(sock), c.remote.String()
	} else {
		c.peer = sock.RemoteAddr().String()
	}
	c.settings = s.Settings(c.local, "")
	c.looked = now()
	c.enter(Reading, c.looked)
	return c
}

// use makes nc what HTTP is spoken on.
func (c *conn) use(nc net.Conn) {
	c.net, c.tcp = nc, nil
	switch nc := nc.(type) {
	case *rawnet.Socket:
		c.tcp = nc
	case *net.TCPConn:
		c.tcp = nc
	}
	c.reader.Reset(c)
}

// tcpConn is a *rawnet.Socket or a *net.TCPConn.
type tcpConn interface {
	syscall.Conn
	io.ReaderFrom
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		ap := t.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

// rescue keeps a panic outside a handler, in what reads a request or logs it, from being more than this connection's.
func (c *conn) rescue() {
	if e := recover(); e != nil {
		c.server.logPanic(e)
		c.abort()
		c.end()
	}
}

func (c *conn) serve() {
	defer c.rescue()
	if c.expectsProxyHeader() {
		if err := c.readProxyHeader(); err != nil {
			c.server.log(err)
			c.end()
			return
		}
		c.looked = now()
	}
	if c.settings.TLS != nil {
		c.pacer.begin(c.settings.HandshakeTimeout, c.settings.Timeout, c.looked)
		if !c.startTLS() {
			c.end()
			return
		}
		c.looked = now()
	}
	c.pacer.begin(c.settings.HeaderTimeout, c.settings.Timeout, c.looked)
	c.idleUntil = soonest(c.looked, c.settings.HeaderTimeout.First, c.settings.Timeout)
	c.run(restAfter)
}

// resume is run for a connection that had no goroutine.
func (c *conn) resume(patience time.Duration) {
	c.looked = now()
	c.run(patience)
}

// run serves one request after the other until the connection ends, is taken over, or
// has been quiet for patience (0: until the idle timeout).
func (c *conn) run(patience time.Duration) {
	defer c.rescue()
	for {
		switch c.await(patience) {
		case quiet:
			if !c.server.resting.add(c) {
				go c.resume(0) // a fresh goroutine has the smallest stack
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
	defer c.rescue()
	if c.keepalives == 0 {
		x := newExchange(c, time.Now())
		x.head = http1.RequestHead{}
		x.refuse(&module.BadRequest{Status: http.StatusRequestTimeout, Reason: "no request came in time", LogOnly: true})
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
	c.idle.Store(true)
	if t := soonest(c.looked, patience); t == 0 || c.idleUntil != 0 && c.idleUntil <= t {
		c.pacer.set(c.sock, c.idleUntil, 0)
	} else {
		c.pacer.set(c.sock, t, patience/2)
	}
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
	n, err := c.read(p)
	c.pacer.got(n)
	return n, err
}

func (c *conn) read(p []byte) (int, error) {
	if c.tcp != nil {
		return c.quick.Read(p)
	}
	return c.net.Read(p)
}

// fill waits for bytes and reads them. On plain TCP it holds no buffer meanwhile.
func (c *conn) fill() error {
	if c.tcp == nil {
		return c.reader.Fill()
	}
	err := c.quick.Fill(&c.reader)
	c.pacer.got(len(c.reader.Buffered()))
	return err
}

// write writes p, all of it unless the client takes nothing for as long as timeout.
func (c *conn) write(p []byte, timeout time.Duration) (int, error) {
	if c.tcp != nil {
		return c.quick.Write(p, timeout)
	}
	c.armWrite(timeout)
	return c.net.Write(p)
}

// writeBuffers writes under the deadline of armWrite.
func (c *conn) writeBuffers(b net.Buffers) (int64, error) {
	if s, ok := c.net.(*rawnet.Socket); ok {
		return s.WriteBuffers(b)
	}
	return b.WriteTo(c.net)
}

// armWrite sets the deadline for writes past c.write from now on; like the reader's, it
// may be early by a small part.
func (c *conn) armWrite(timeout time.Duration) {
	want := soonest(now(), timeout)
	if early := want - c.writeUntil; early >= 0 && early < instant(timeout/16) || want == c.writeUntil {
		return
	}
	c.writeUntil = want
	c.sock.SetWriteDeadline(want.time())
}

// disarmWrite leaves no deadline behind on which c.write would stumble.
func (c *conn) disarmWrite() {
	if c.tcp != nil && c.writeUntil != 0 {
		c.writeUntil = 0
		c.sock.SetWriteDeadline(time.Time{})
	}
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
	c.reader.Reset(nil)
	if c.takenOver {
		return
	}
	c.server.forget(c)
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
	c.enter(Closing, now())
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
