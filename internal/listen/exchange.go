package listen

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"transom/internal/module"
	"transom/internal/wire/http1"
)

// exchange is one request and its response, all of it in one piece of memory.
type exchange struct {
	conn     *conn
	settings *Settings // of the request's host
	head     http1.RequestHead
	req      http.Request
	url      url.URL
	body     requestBody
	w        response
	info     module.Conn

	takenBefore int64
	after       []func()
	closeAfter  bool
	abort       bool

	mu   sync.Mutex // done and over
	done chan struct{}
	over bool

	blank  http.Request // with the context alone
	fields [16]http1.Field
	header http.Header // made for whoever asks; its memory is used again
	values [16]string  // of it
	room   [outSize]byte
}

var exchanges = sync.Pool{New: func() any {
	x := new(exchange)
	x.blank = *emptyRequest.WithContext(x)
	x.w.room = &x.room
	x.w.x, x.body.x = x, x
	x.info.Exchange, x.info.Scoreboard = x, x
	return x
}}

func newExchange(c *conn, at time.Time) *exchange {
	x := exchanges.Get().(*exchange)
	x.conn, x.settings, x.takenBefore = c, c.settings, c.reader.Taken()
	x.head.Fields = x.fields[:0]
	x.info.Received, x.info.Bad = at, nil
	c.looked = instantOf(at)
	return x
}

// exchange reads one request, has it answered, and reports whether another may follow.
func (c *conn) exchange() (again bool) {
	x := newExchange(c, time.Now())
	c.enter(Reading, c.looked)
	if c.keepalives > 0 {
		c.pacer.begin(c.settings.HeaderTimeout, c.settings.Timeout, c.looked)
	}
	if err := c.reader.ReadRequest(&x.head, &c.settings.Options); err != nil {
		bad := c.refusal(err, &x.head)
		if bad == nil {
			return false
		}
		x.refuse(bad)
	} else {
		x.accept()
	}
	return x.serve()
}

// refusal says what to answer to a head that could not be read; nil is nothing at all.
func (c *conn) refusal(err error, h *http1.RequestHead) *module.BadRequest {
	var e *http1.Error
	switch {
	case errors.As(err, &e):
		return &module.BadRequest{Status: e.Status, Reason: e.Reason}
	case errors.Is(err, os.ErrDeadlineExceeded) && !c.aborted.Load():
		// httpd answers once it has seen a whole request line, and logs a fresh connection.
		whole := h.Method != ""
		if whole || c.keepalives == 0 {
			return &module.BadRequest{Status: http.StatusRequestTimeout, Reason: "request head did not come in time", LogOnly: !whole}
		}
	}
	return nil
}

// serve calls the handler and completes the response.
func (x *exchange) serve() (again bool) {
	c := x.conn
	x.tell()
	c.accesses.Add(1)
	c.enter(Writing, c.looked)
	if x.call() {
		x.abort = true
	}
	err := x.w.finish()
	if c.takenOver {
		x.finish()
		x.recycle()
		return false
	}
	if x.head.Length != 0 || c.aborted.Load() {
		x.body.reclaim()
	}
	broken := x.abort || err != nil
	whole := !broken && x.body.drain() // before the log, which counts what came
	c.looked = now()
	c.enter(Logging, c.looked)
	x.finish()
	switch {
	case broken:
		c.abort()
		return false
	case x.w.discard:
		return false
	case x.w.status == http.StatusRequestTimeout:
		c.linger(lingerLate)
		return false
	case !whole || x.w.linger:
		c.linger(lingerTotal)
		return false
	case x.w.close:
		return false
	}
	c.rest(x.settings)
	x.recycle()
	return true
}

// recycle gives the memory to another request, unless somebody may still be using it: a
// goroutine that reads the body, or one that waits for the end. Beyond that, whoever keeps
// a request or its writer after the handler has returned is in error. What every request
// writes anew is left as it is; a body that there was none of has not been touched.
func (x *exchange) recycle() {
	if x.head.Length != 0 || x.done != nil || len(x.header) > maxKept || len(x.w.header) > maxKept {
		return
	}
	if len(x.header) > 0 {
		clear(x.header)
	}
	x.w.reset()
	clear(x.after)
	x.after, x.closeAfter, x.abort, x.over = x.after[:0], false, false, false
	exchanges.Put(x)
}

const maxKept = 32 // fields of a header whose map is used again

// rest makes the connection wait for its next request.
func (c *conn) rest(s *Settings) {
	c.keepalives++
	c.idleUntil = soonest(c.looked, s.KeepAliveTimeout)
	c.enter(KeptAlive, c.looked)
}

// finish runs what waited for the response and ends the request's context.
func (x *exchange) finish() {
	for _, f := range x.after {
		f()
	}
	x.conn.current.set("", nil)
	x.mu.Lock()
	x.over = true
	if x.done != nil {
		close(x.done)
	}
	x.mu.Unlock()
}

// call runs the handler and reports whether it panicked.
func (x *exchange) call() (panicked bool) {
	defer func() {
		if e := recover(); e != nil {
			panicked = true
			x.conn.server.logPanic(e)
		}
	}()
	x.conn.server.Handler(&x.w, &x.req, &x.info)
	return false
}

// tell tells the handler what it may know of the connection.
func (x *exchange) tell() {
	c, i := x.conn, &x.info
	i.ID, i.Local, i.Remote, i.ProxiedFor, i.TLS = c.id, c.local, c.remote, c.client, c.tls.state
	i.KeepAlives, i.Line, i.Fields, i.Separate = c.keepalives, x.head.Line, x.head.Fields, x.head.Separate
	if c.tls.plain {
		x.tellPlain()
	}
}

func (x *exchange) tellPlain() {
	if x.info.Bad == nil {
		x.info.Bad = &module.BadRequest{Status: http.StatusBadRequest, Reason: "speaking plain HTTP to an SSL-enabled server port"}
	}
	x.info.Bad.PlainOnTLS = true
}

// The request's context: an exchange that ends with its handler.

var _ context.Context = (*exchange)(nil)

func (x *exchange) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed when the exchange is over. Nobody watches the client meanwhile: that it
// left is seen when it is written to, as in httpd.
func (x *exchange) Done() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done == nil {
		x.done = make(chan struct{})
		if x.over {
			close(x.done)
		}
	}
	return x.done
}

func (x *exchange) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return context.Canceled
	}
	return nil
}

func (x *exchange) Value(key any) any {
	if key == http.LocalAddrContextKey {
		return x.conn.sock.LocalAddr()
	}
	return nil
}
