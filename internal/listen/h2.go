//lint:file-ignore SA1019 http.Server serves HTTP/2 on its own listener only; connections that are accepted and wrapped here need ServeConn

package listen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"

	"transom/internal/module"
	"transom/internal/wire/http1"
)

// serveH2 serves HTTP/2 until the connection ends. Its times are httpd's: KeepAliveTimeout while no stream is open,
// else Timeout for what the client leaves unread, and for its answer to a PING when it says nothing.
func (c *conn) serveH2(tc *tls.Conn) {
	c.pacer.set(c.sock, 0, 0)
	c.armWrite(0)
	c.enter(Writing, now())
	s := c.settings
	base := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
	h2 := &http2.Server{IdleTimeout: cmp.Or(s.KeepAliveTimeout, s.Timeout), ReadIdleTimeout: s.Timeout, PingTimeout: s.Timeout, WriteByteTimeout: s.Timeout}
	http2.ConfigureServer(base, h2)
	c.h2.Store(base)
	if c.server.draining.Load() { // goAway may have come too early to be heard
		return
	}
	h2.ServeConn(tc, &http2.ServeConnOpts{BaseConfig: base, Handler: http.HandlerFunc(c.serveH2Request)})
}

// goAway lets an HTTP/2 connection end with the streams that it has.
func (c *conn) goAway() {
	if base := c.h2.Load(); base != nil {
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		base.Shutdown(ended) // starts GOAWAY; there is nothing else to wait for
	}
}

// h2Exchange is one stream, and the times that hold for it.
type h2Exchange struct {
	http.ResponseWriter
	client  context.Context // ends when the client has left the stream, or both have ended it
	isHead  bool            // its answer ends with the head
	control *http.ResponseController
	timeout time.Duration
	pacer   pacer
	body    io.ReadCloser
	in, out atomic.Int64
	after   []func()
	abort   bool

	mu   sync.Mutex
	over bool // control must not be used any more
}

func (c *conn) serveH2Request(rw http.ResponseWriter, r *http.Request) {
	s := c.settings
	if of := c.server.Settings(c.local, r.Host); of != nil {
		s = of
	}
	x := &h2Exchange{ResponseWriter: rw, client: r.Context(), isHead: r.Method == http.MethodHead, control: http.NewResponseController(rw), timeout: s.Timeout, body: r.Body}
	x.pacer.begin(s.BodyTimeout, s.Timeout, now())
	nth := c.accesses.Add(1) - 1
	info := &module.Conn{
		ID: c.id, Local: c.local, Remote: c.remote, ProxiedFor: c.client, TLS: c.tls.state, KeepAlives: int(nth), Received: time.Now(),
		Line: r.Method + " " + r.RequestURI + " HTTP/2.0", Exchange: (*h2Stream)(x), Scoreboard: (*h2Stream)(x),
	}
	info.Bad = judge(r, info.Line, &c.settings.Options)
	ours := *r // the library asks its own what the method was
	r = &ours
	r.TLS = c.tls.state
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = (*h2Body)(x)
	}
	defer func() {
		e := recover()
		if e == nil && x.abort {
			e = http.ErrAbortHandler
		}
		x.finish()
		if e != nil {
			c.server.logPanic(e)
			panic(http.ErrAbortHandler) // resets the stream
		}
	}()
	c.server.Handler(x, r, info)
}

// judge holds a request to what HTTP/1's reader demands. The library has refused what is malformed HTTP/2: fields of a
// connection, a Host that is not :authority.
func judge(r *http.Request, line string, o *http1.Options) *module.BadRequest {
	head := http1.RequestHead{Line: line, Method: r.Method, Target: r.RequestURI, Host: r.Host}
	for name, values := range r.Header {
		for _, v := range values {
			head.Fields = append(head.Fields, http1.Field{Name: name, Value: v})
		}
	}
	var e *http1.Error
	if err := head.Check(o); errors.As(err, &e) {
		return &module.BadRequest{Status: e.Status, Reason: e.Reason}
	}
	if head.Length != max(r.ContentLength, 0) {
		return &module.BadRequest{Status: http.StatusBadRequest, Reason: "Content-Length of a request without a body"}
	}
	if _, ok := expectation(head.Fields); !ok {
		return &module.BadRequest{Status: http.StatusExpectationFailed, Reason: "unknown expectation"}
	}
	return nil
}

func (x *h2Exchange) finish() {
	x.Flush()
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
	for _, f := range x.after {
		f()
	}
}

// h2Piece is what a client must take within Timeout; it has to make room in its window for it.
const h2Piece = 16 << 10

func (x *h2Exchange) Write(p []byte) (n int, err error) {
	for {
		x.armWrite()
		m, err := x.ResponseWriter.Write(p[n:min(n+h2Piece, len(p))])
		x.disarmWrite()
		x.out.Add(int64(m))
		if n += m; err != nil || n == len(p) {
			return n, err
		}
	}
}

// Flush is http.Flusher's.
func (x *h2Exchange) Flush() {
	x.armWrite()
	x.control.Flush()
	x.disarmWrite()
}

// A deadline that passes resets the stream, so it stands only while something waits for the client.

func (x *h2Exchange) armWrite() {
	x.control.SetWriteDeadline(soonest(now(), x.timeout).time())
}

func (x *h2Exchange) disarmWrite() { x.control.SetWriteDeadline(time.Time{}) }

// Unwrap is for http.ResponseController.
func (x *h2Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

type h2Body h2Exchange

func (b *h2Body) Read(p []byte) (int, error) {
	b.deadline(b.pacer.next())
	n, err := b.body.Read(p)
	b.deadline(0)
	b.pacer.got(n)
	b.in.Add(int64(n))
	return n, err
}

// deadline may be called by a reader that the handler has left behind.
func (b *h2Body) deadline(t instant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.control.SetReadDeadline(t.time())
	}
}

func (b *h2Body) Close() error { return b.body.Close() }
