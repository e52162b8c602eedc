package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"transom/internal/rawnet"
)

// Dialer says how connections are made; zero fields mean the network.
type Dialer struct {
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Lookup resolves a host. With a Dial and no Lookup of its own, Dial is given the name.
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

	// WrapRaw, if not nil, is put between the socket and TLS (a tunnel's transport).
	WrapRaw func(net.Conn) net.Conn
}

// Connect returns a connection to the request's origin, pooled or new. The caller must Release or Take it. An error is an *Error.
func (w *Worker) Connect(ctx context.Context, req *Request, defaultPort string) (*Conn, error) {
	for {
		c, err := w.connect(ctx, req, defaultPort, false)
		if err != nil || !c.Reused || !c.closed() {
			return c, err
		}
		c.Release(false)
	}
}

// Reconnect is Connect without the pool's idle connections: the one before turned out to be dead.
func (w *Worker) Reconnect(ctx context.Context, req *Request, defaultPort string) (*Conn, error) {
	return w.connect(ctx, req, defaultPort, true)
}

// connect does not look whether the backend has closed an idle connection.
func (w *Worker) connect(ctx context.Context, req *Request, defaultPort string, fresh bool) (*Conn, error) {
	if !w.Status().Usable() && !w.Usable(time.Now()) {
		return nil, disabledError(w)
	}
	name := w.serverNameFor(req)
	if !fresh {
		if c := w.pool.take(); c != nil {
			if now := clock(); c.fits(now, name, w.TTL) {
				c.Reused = true
				w.lend(c, req, now)
				return c, nil
			}
			c.Conn.Close()
			w.pool.free()
		}
	}
	return w.connectInTurn(ctx, req, defaultPort, name, fresh)
}

func (w *Worker) connectInTurn(ctx context.Context, req *Request, defaultPort, name string, fresh bool) (*Conn, error) {
	for {
		c, err := w.pool.get(ctx, w.Acquire, fresh)
		if err != nil {
			return nil, w.noTurn(ctx, err)
		}
		if c == nil {
			break
		}
		now := clock() // the turn may have been long in coming
		if !fresh && c.fits(now, name, w.TTL) {
			c.Reused = true
			w.lend(c, req, now)
			return c, nil
		}
		c.Conn.Close()
		if fresh {
			break // with its slot
		}
		w.pool.free()
	}
	c, err := w.open(ctx, req, defaultPort, name)
	if err != nil {
		w.pool.free()
		return nil, err
	}
	w.Recover()
	w.lend(c, req, clock())
	return c, nil
}

// noTurn is the failure of a request that waited for a connection in vain.
func (w *Worker) noTurn(ctx context.Context, err error) *Error {
	e := busyError(w, err)
	e.Abandoned = ctx.Err() != nil
	return e
}

// lend makes c ready for a request of w's.
func (w *Worker) lend(c *Conn, req *Request, now time.Duration) {
	c.worker, c.gone, c.in, c.out = w, false, 0, 0
	if c.sentAt.Load() != 0 {
		c.sentAt.Store(0)
	}
	c.pooled = w.reuse && req.URL == nil && !req.NoReuse
	c.setTimeout(w.timeoutFor(req))
	c.armRead(now)
	c.armed = true
}

func (w *Worker) serverNameFor(req *Request) string {
	u := w.target(req)
	if !u.TLS() {
		return ""
	}
	if req.ServerName != "" {
		return req.ServerName
	}
	return u.Host
}

func (w *Worker) target(req *Request) *URL {
	if req.URL != nil {
		return req.URL
	}
	return &w.URL
}

// hostFor is what the Host field says.
func (w *Worker) hostFor(req *Request) string {
	if req.Host != "" {
		return req.Host
	}
	return w.target(req).HostPort()
}

func noTLS(w *Worker, u *URL) *Error {
	return &Error{Status: 500, Code: "AH01961", Worker: w.name,
		Reason: "SSL Proxy requested for " + u.HostPort() + " but not enabled [Hint: SSLProxyEngine]"}
}

func (w *Worker) open(ctx context.Context, req *Request, defaultPort, name string) (*Conn, error) {
	u := w.target(req)
	if u.TLS() && w.TLS == nil {
		return nil, noTLS(w, u)
	}
	conn, err := w.dial(ctx, req, u, defaultPort)
	if err != nil {
		return nil, err
	}
	w.tune(conn)
	c := &Conn{Conn: conn, Raw: conn, worker: w, serverName: name}
	c.quick = rawnet.New(conn)
	c.plain = c.quick != nil && !u.TLS()
	if u.TLS() {
		if err := c.handshake(ctx, w, name, w.timeoutFor(req)); err != nil {
			conn.Close()
			return nil, err
		}
	}
	c.R = &c.reader
	c.R.Reset(c)
	return c, nil
}

// dial tries the host's addresses in their order. That none answers puts the worker in error.
func (w *Worker) dial(ctx context.Context, req *Request, u *URL, defaultPort string) (net.Conn, error) {
	if req.Upgrade && req.URL == nil && w.direct.IsValid() {
		conn, err := dialTunnel(ctx, w.direct, w.connectTimeoutFor(req))
		if err != nil {
			return nil, w.dialFailed(ctx, u, err)
		}
		return conn, nil
	}
	network, addr := u.Address(defaultPort)
	addrs := []string{addr}
	if network == "tcp" {
		var err error
		if addrs, err = w.resolve(ctx, u, addr); err != nil {
			return nil, dnsError(w, u.Host, err)
		}
	}
	timeout := w.connectTimeoutFor(req)
	var failed error
	for _, a := range addrs {
		conn, err := w.dialOne(ctx, network, a, timeout, req.Upgrade && !u.TLS())
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	return nil, w.dialFailed(ctx, u, failed)
}

// directAddr is where a handshake goes if its URL names an address and nothing has to be set on the socket.
func (w *Worker) directAddr() (none netip.AddrPort) {
	if w.URL.TLS() || w.URL.Socket != "" || w.tuned() || w.Dialer.Dial != nil {
		return none
	}
	_, addr := w.URL.Address(defaultPorts[w.URL.Scheme])
	a, err := netip.ParseAddrPort(addr)
	if err != nil || a.Addr().Zone() != "" {
		return none
	}
	return a
}

func (w *Worker) tuned() bool { return w.KeepAlive || w.ReceiveBufferSize > 0 }

func (w *Worker) dialFailed(ctx context.Context, u *URL, failed error) error {
	e := connectError(w, u.HostPort(), failed)
	if ctx.Err() != nil {
		e.Abandoned = true
		return e
	}
	w.dns.forget(u.Host)
	w.Fail(time.Now())
	return e
}

var network = net.Dialer{KeepAlive: -1}

func (w *Worker) dialOne(ctx context.Context, kind, addr string, timeout time.Duration, tunnel bool) (net.Conn, error) {
	if tunnel && !w.tuned() && kind == "tcp" && w.Dialer.Dial == nil {
		if a, err := netip.ParseAddrPort(addr); err == nil && a.Addr().Zone() == "" {
			return dialTunnel(ctx, a, timeout)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return w.Dialer.dial(ctx, kind, addr)
}

func (d *Dialer) dial(ctx context.Context, kind, addr string) (net.Conn, error) {
	if d.Dial != nil {
		return d.Dial(ctx, kind, addr)
	}
	return network.DialContext(ctx, kind, addr)
}

func (w *Worker) tune(conn net.Conn) {
	t, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	if w.KeepAlive {
		t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: -1}) // the system's times
	}
	if w.ReceiveBufferSize > 0 {
		t.SetReadBuffer(w.ReceiveBufferSize)
	}
}

func (c *Conn) handshake(ctx context.Context, w *Worker, name string, timeout time.Duration) error {
	if w.Dialer.WrapRaw != nil {
		c.Raw = w.Dialer.WrapRaw(c.Raw)
	}
	config := w.TLS.Clone()
	config.ServerName = strings.TrimSuffix(name, ".")
	if verify := config.VerifyConnection; verify != nil {
		config.VerifyConnection = func(cs tls.ConnectionState) error {
			cs.ServerName = config.ServerName // crypto/tls leaves it empty for an address
			return verify(cs)
		}
	}
	t := tls.Client(c.Raw, config)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return &Error{Status: 500, Code: "AH00898", Reason: "Error during SSL Handshake with remote server", Worker: w.name, Err: err}
	}
	c.Conn = t
	return nil
}

// addressCache keeps looked up addresses of the worker's host (addressttl).
type addressCache struct {
	mu    sync.Mutex
	host  string
	addrs []netip.Addr
	until time.Time // zero: until forgotten
}

func (w *Worker) resolve(ctx context.Context, u *URL, addr string) ([]string, error) {
	if _, err := netip.ParseAddr(u.Host); err == nil || w.Dialer.Dial != nil && w.Dialer.Lookup == nil {
		return []string{addr}, nil
	}
	addrs := w.dns.get(u.Host, time.Now())
	if addrs == nil {
		lookup := w.Dialer.Lookup
		if lookup == nil {
			lookup = lookupHost
		}
		var err error
		if addrs, err = lookup(ctx, u.Host); err != nil {
			return nil, err
		}
		if len(addrs) == 0 {
			return nil, &net.DNSError{Err: "no addresses", Name: u.Host, IsNotFound: true}
		}
		if w.reuse && w.AddressTTL != 0 {
			w.dns.put(u.Host, addrs, w.AddressTTL)
		}
	}
	_, port, _ := net.SplitHostPort(addr)
	list := make([]string, len(addrs))
	for i, a := range addrs {
		list[i] = net.JoinHostPort(a.Unmap().String(), port)
	}
	return list, nil
}

func lookupHost(ctx context.Context, host string) ([]netip.Addr, error) {
	resolver := net.Resolver{PreferGo: true}
	return resolver.LookupNetIP(ctx, "ip", host)
}

func (a *addressCache) get(host string, now time.Time) []netip.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.host != host || !a.until.IsZero() && now.After(a.until) {
		return nil
	}
	return a.addrs
}

func (a *addressCache) put(host string, addrs []netip.Addr, ttl time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.host, a.addrs, a.until = host, addrs, time.Time{}
	if ttl > 0 {
		a.until = time.Now().Add(ttl)
	}
}

func (a *addressCache) forget(host string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.host == host {
		a.host, a.addrs = "", nil
	}
}
