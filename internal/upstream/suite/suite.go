// Package suite is what every upstream.Scheme must pass: framing, early responses, early ends, timeouts, pooling, errors, leaks.
package suite

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"transom/internal/upstream"
)

// Harness is a scheme and a backend that speaks its protocol.
type Harness struct {
	Scheme upstream.Scheme
	// Serve reads requests from conn and answers each with handle, until the connection or handle ends. It closes conn.
	Serve func(conn net.Conn, handle Handler)
	// Streams says that a request's body of unknown length is passed on as it comes (ajp doesn't, nor does CGI).
	Streams bool
	// Broken and Silent are httpd's statuses for a backend that ends, or is silent, before the head; 0 is 502.
	Broken, Silent int
}

// Handler answers one request on the backend's side; false closes the connection at once, in the middle of whatever was said.
type Handler func(r Received) (goOn bool)

// Received is a request as the backend sees it.
type Received interface {
	Method() string
	Target() string
	Get(name string) string
	Body() io.Reader
	// Head starts the response; length -1 is unknown. Write and End follow.
	Head(status int, length int64, fields ...upstream.Field) error
	Write(p []byte) (int, error) // sent at once
	End() error
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for _, c := range []struct {
		name string
		run  func(*rig)
	}{
		{"response bodies", responseBodies},
		{"request bodies", requestBodies},
		{"fields", fields},
		{"early response", earlyResponse},
		{"both ways at once", bothWays},
		{"streaming", streaming},
		{"backend ends before the head", endBeforeHead},
		{"backend ends in the body", endInBody},
		{"caller closes early", callerCloses},
		{"client breaks off", clientBreaksOff},
		{"silence before the head", silentHead},
		{"silence in the body", silentBody},
		{"context", abandoned},
		{"reuse", reuse},
		{"disablereuse", noReuse},
		{"dead connection", deadConnection},
		{"max", maximum},
		{"acquire", acquire},
		{"refused", refused},
		{"many at once", manyAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newRig(t, h)) })
	}
}

// rig is one backend and one worker, on loopback.
type rig struct {
	*testing.T
	Harness
	listener net.Listener
	worker   *upstream.Worker
	handle   atomic.Pointer[Handler]
	accepted atomic.Int64
	live     atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
}

func newRig(t *testing.T, h Harness) *rig {
	before := runtime.NumGoroutine()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, Harness: h, listener: l}
	r.restart(nil)
	go r.accept()
	t.Cleanup(func() {
		r.worker.Close()
		l.Close()
		r.hangUp()
		eventually(t, "all connections to end", func() bool { return r.live.Load() == 0 })
		eventually(t, "all goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
		if s := r.worker.Stats(); s.Open != 0 || s.Busy != 0 || s.Waiting != 0 {
			t.Errorf("after the test the worker counts %d open, %d busy, %d waiting", s.Open, s.Busy, s.Waiting)
		}
	})
	return r
}

// restart makes a new worker with other parameters.
func (r *rig) restart(change func(w *upstream.Worker)) {
	r.Helper()
	url, err := upstream.ParseURL(r.Scheme.Name() + "://" + r.listener.Addr().String() + "/")
	if err != nil {
		r.Fatal(err)
	}
	if r.worker != nil {
		r.worker.Close()
	}
	r.worker = upstream.NewWorker(url, true)
	r.worker.Timeout = 30 * time.Second
	if change != nil {
		change(r.worker)
	}
	r.worker.Start()
}

func (r *rig) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.accepted.Add(1)
		r.live.Add(1)
		r.mu.Lock()
		r.conns = append(r.conns, conn)
		r.mu.Unlock()
		go func() {
			defer r.live.Add(-1)
			r.Serve(conn, func(got Received) bool { return (*r.handle.Load())(got) })
		}()
	}
}

// hangUp closes the backend's side of all connections.
func (r *rig) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

func (r *rig) answer(h Handler) { r.handle.Store(&h) }

func (r *rig) exchange(req *upstream.Request) (*upstream.Response, error) {
	return r.Scheme.Exchange(context.Background(), r.worker, req)
}

func get() *upstream.Request {
	return &upstream.Request{Method: "GET", Target: "/x?y=1", Host: "www.example.com"}
}

func post(body io.Reader, length int64) *upstream.Request {
	return &upstream.Request{Method: "POST", Target: "/x", Host: "www.example.com", Body: body, ContentLength: length}
}

// must does the exchange and reads the whole response.
func (r *rig) must(req *upstream.Request) (*upstream.Response, string) {
	r.Helper()
	resp, err := r.exchange(req)
	if err != nil {
		r.Fatalf("exchange: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatalf("body: %v", err)
	}
	resp.Body.Close()
	return resp, string(body)
}

// fails expects an *upstream.Error.
func (r *rig) fails(err error, status int) *upstream.Error {
	r.Helper()
	var e *upstream.Error
	if !errors.As(err, &e) {
		r.Fatalf("got %v, want an *upstream.Error", err)
	}
	if e.Status != status {
		r.Fatalf("got status %d (%v), want %d", e.Status, e, status)
	}
	return e
}

func ok(body string) Handler {
	return func(got Received) bool {
		io.Copy(io.Discard, got.Body())
		got.Head(200, int64(len(body)))
		got.Write([]byte(body))
		return got.End() == nil
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("waited in vain for %s\n%s", what, buf[:runtime.Stack(buf, true)])
		}
	}
}

func pattern(n int) string { return strings.Repeat("0123456789abcdef", n/16+1)[:n] }
