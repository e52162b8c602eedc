//lint:file-ignore SA1019 http.Server serves HTTP/2 on its own listener only; connections that are accepted and wrapped here need ServeConn

package listen

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// h2Side is what HTTP/2 connections share: the library's server, and the http.Server
// through which it learns that it should say GOAWAY.
type h2Side struct {
	once sync.Once
	base http.Server
	h2   http2.Server
}

func (s *h2Side) init() {
	s.once.Do(func() { http2.ConfigureServer(&s.base, &s.h2) })
}

func (s *h2Side) stop() {
	s.init()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	s.base.Shutdown(ended) // starts GOAWAY on each connection; there is nothing else to wait for
}

// serveH2 serves HTTP/2 until the connection ends.
func (c *conn) serveH2(tc *tls.Conn) {
	c.isH2.Store(true)
	c.pacer.set(c.sock, 0, 0)
	c.armWrite(0)
	c.enter(Writing, now())
	side := &c.server.h2
	side.init()
	side.h2.ServeConn(tc, &http2.ServeConnOpts{BaseConfig: &side.base, Handler: http.HandlerFunc(c.serveH2Request)})
}

// h2Exchange is what an Info needs of one stream.
type h2Exchange struct {
	http.ResponseWriter
	body    io.ReadCloser
	in, out atomic.Int64
	after   []func()
	abort   bool
}

func (c *conn) serveH2Request(rw http.ResponseWriter, r *http.Request) {
	x := &h2Exchange{ResponseWriter: rw, body: r.Body}
	nth := c.accesses.Add(1) - 1
	info := &Info{
		ConnID: c.id, Local: c.local, Remote: c.remote, Client: c.client, TLS: c.tls.state, KeepAlives: int(nth), Received: time.Now(),
		Line: r.Method + " " + r.RequestURI + " HTTP/2.0", h2: x,
	}
	r = r.WithContext(context.WithValue(r.Context(), infoKey{}, info))
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
	c.server.Handler.ServeHTTP(x, r)
}

func (x *h2Exchange) finish() {
	x.Flush()
	for _, f := range x.after {
		f()
	}
}

func (x *h2Exchange) Write(p []byte) (int, error) {
	n, err := x.ResponseWriter.Write(p)
	x.out.Add(int64(n))
	return n, err
}

// Flush is http.Flusher's.
func (x *h2Exchange) Flush() { http.NewResponseController(x.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (x *h2Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

type h2Body h2Exchange

func (b *h2Body) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.in.Add(int64(n))
	return n, err
}

func (b *h2Body) Close() error { return b.body.Close() }
