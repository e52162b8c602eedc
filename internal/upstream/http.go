package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"transom/internal/wire/http1"
	"transom/internal/wire/ws"
)

// HTTP is the scheme of http, https, ws and wss, over TCP or a Unix domain socket.
type HTTP struct{ name, port string }

// HTTPSchemes lists them.
func HTTPSchemes() []Scheme {
	return []Scheme{HTTP{"http", "80"}, HTTP{"https", "443"}, HTTP{"ws", "80"}, HTTP{"wss", "443"}}
}

func (h HTTP) Name() string        { return h.name }
func (h HTTP) DefaultPort() string { return h.port }

// Exchange sends the head, and a body of little size with it, in one write, and reads the response in the caller's goroutine. A
// longer body is sent by another one, so that the response may come first.
func (h HTTP) Exchange(ctx context.Context, w *Worker, req *Request) (*Response, error) {
	m := message{buf: messages.Get().(*[]byte)}
	defer m.free()
	if err := m.build(w, req); err != nil {
		return nil, err
	}
	for fresh := req.Fresh; ; fresh = true {
		c, err := w.connect(ctx, req, h.port, fresh)
		if err != nil {
			m.restore(req)
			return nil, err
		}
		x := newExchange(w, req, c)
		if ctx.Done() != nil {
			x.stop = context.AfterFunc(ctx, func() { c.Conn.Close() })
		}
		err = x.run(&m)
		if err == nil {
			return &x.resp, nil
		}
		x.end(false)
		if fresh || !x.retry(&m, err) || ctx.Err() != nil {
			return nil, x.explain(ctx, err)
		}
	}
}

// exchange is one request and its response on one connection. It is the Response's Body, too, and owns the connection until end.
type exchange struct {
	w    *Worker
	req  *Request
	c    *Conn
	stop func() bool // of the context's watch
	up   *Upload     // nil: the message went out in one write
	key  string      // of the handshake, if one was sent

	wrote     bool // something reached the backend, as far as we know
	unsent    bool // not all of the request went out: the connection can't go on
	answered  bool // an interim response came
	drained   bool
	ended     bool
	keepAlive bool

	resp   Response
	limits http1.Limits
	head   http1.ResponseHead
	body   http1.Body
	fields [12]Field
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func newExchange(w *Worker, req *Request, c *Conn) *exchange {
	x := exchanges.Get().(*exchange)
	x.w, x.req, x.c = w, req, c
	x.limits = http1.Limits{Line: w.ResponseFieldSize, FieldSize: w.ResponseFieldSize}
	x.head.Fields = x.fields[:0]
	return x
}

func (x *exchange) run(m *message) error {
	x.key = m.key
	n, err := x.c.Write(m.bytes)
	x.c.Rearm()
	x.wrote = n > 0
	switch {
	case err != nil:
		err = x.writeFailed(err)
	case m.expect:
		err = x.expect(m)
	case m.stream:
		x.up = m.upload(x.req, x.c)
		err = x.readHead()
	default:
		err = x.readHead()
	}
	if err != nil {
		return err
	}
	return x.respond()
}

// writeFailed looks for a response that came before the request was through: backends refuse long bodies so.
func (x *exchange) writeFailed(err error) error {
	x.unsent = true
	if isTimeout(err) || x.readHead() != nil {
		return &Error{Status: http.StatusBadGateway, Code: "AH01084", Reason: "pass request failed", Worker: x.w.name, Err: err,
			Timeout: isTimeout(err)}
	}
	return nil
}

// expect waits for 100 before it sends the body. With ping the worker is in error if nothing comes; a client's own expectation
// is not waited for longer than a second (RFC 9110 10.1.1).
func (x *exchange) expect(m *message) error {
	wait, idle := x.w.Ping, x.c.timeout
	if wait == 0 {
		wait = min(expectWait, idle)
	}
	x.c.setTimeout(wait)
	err := x.c.R.ReadResponse(&x.head, x.req.Method, &x.limits)
	x.c.setTimeout(idle)
	switch {
	case err == nil && (x.head.Status >= 200 || x.head.Status == http.StatusSwitchingProtocols):
		x.unsent = true
		return nil
	case err == nil:
		x.interim(&x.head)
	case isTimeout(err) && x.w.Ping > 0:
		x.w.Fail(time.Now())
		return &Error{Status: http.StatusServiceUnavailable, Code: "AH01115", Reason: "100-Continue failed", Worker: x.w.name,
			Err: err, Timeout: true}
	case isTimeout(err):
	case err != nil:
		return x.readFailed(err)
	}
	x.up = m.upload(x.req, x.c)
	return x.readHead()
}

const expectWait = time.Second

func (x *exchange) readHead() error {
	if err := x.c.R.ReadFinal(&x.head, x.req.Method, &x.limits, x.interim); err != nil {
		return x.readFailed(err)
	}
	return nil
}

// interim passes 1xx on, but 100 only to a client that waits for it.
func (x *exchange) interim(h *http1.ResponseHead) error {
	x.answered = true
	if x.req.Interim != nil && (h.Status != http.StatusContinue || x.req.Expect100) {
		x.req.Interim(h.Status, EndToEnd(h.Fields, false))
	}
	return nil
}

// respond makes the Response of the final head.
func (x *exchange) respond() error {
	h := &x.head
	if h.Status == http.StatusSwitchingProtocols {
		return x.upgrade()
	}
	// A handshake that failed says Connection: Upgrade, and nobody knows what the backend makes of more on this connection.
	x.keepAlive = h.KeepAlive && x.key == ""
	x.body.Reset(x.c.R, h.Length, x.limits, true)
	x.fill()
	x.resp.ContentLength = max(h.Length, -1)
	x.resp.Body = x
	x.resp.Ready = len(x.c.R.Buffered()) > 0
	if h.Length == http1.Chunked {
		x.resp.Trailer = x.body.Trailers
	}
	if h.Length == 0 {
		x.drained = true
		x.over()
	}
	return nil
}

func (x *exchange) fill() {
	h, r := &x.head, &x.resp
	r.Status, r.Reason, r.Major, r.Minor, r.Worker = h.Status, h.Reason, h.Major, h.Minor, x.w
	r.Fields = EndToEnd(h.Fields, soundLength(h.Fields))
}

// upgrade honours a 101 only if it answers the handshake that was sent (RFC 6455 4.1); the connection never gets back to a pool.
func (x *exchange) upgrade() error {
	header := http1.Header(x.head.Fields, "")
	if x.key == "" {
		return x.failed("AH00898", "Unexpected Upgrade: "+header.Get("Upgrade")+" (expecting n/a)", nil)
	}
	if err := ws.CheckResponse(x.head.Status, header, x.key); err != nil {
		return x.failed("AH00898", "Unexpected Upgrade: "+header.Get("Upgrade")+" (expecting websocket)", err)
	}
	if x.stop != nil && !x.stop() {
		return x.failed("AH01102", "the request was abandoned", context.Canceled)
	}
	x.ended = true
	x.fill()
	done := x.c.Take()
	x.resp.Upgraded = &Upgraded{Conn: x.c.Conn, Buffered: x.c.R.Detach(), Done: done}
	x.resp.Body = http.NoBody
	return nil
}

// retry says whether the message may be sent again: the connection was pooled and had died before the backend saw the request,
// or the backend said nothing and the method is idempotent (RFC 9110 9.2.2).
func (x *exchange) retry(m *message, err error) bool {
	var e *Error
	if !x.c.Reused || x.up != nil || m.stream || x.answered || x.head.Status != 0 || len(x.c.R.Buffered()) > 0 ||
		errors.As(err, &e) && e.Timeout {
		return false
	}
	return !x.wrote || idempotent(x.req.Method)
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

func (x *exchange) failed(code, reason string, err error) error {
	return &Error{Status: http.StatusBadGateway, Code: code, Reason: reason, Worker: x.w.name, Err: err}
}

func (x *exchange) readFailed(err error) error {
	var bad *http1.Error
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &bad) && bad.Reason == "invalid status line":
		return x.failed("AH00898", "Corrupt status line returned by remote server", nil)
	case errors.As(err, &bad):
		return x.failed("AH01106", "bad HTTP header returned by remote server", err)
	}
	e := &Error{Status: http.StatusBadGateway, Code: "AH01102", Reason: "Error reading from remote server", Worker: x.w.name, Err: err}
	e.Timeout = isTimeout(err)
	return e
}

// explain finds the cause behind a failure: a context that ended or a client that broke off also fail what we do with the backend.
func (x *exchange) explain(ctx context.Context, err error) error {
	if x.up != nil && x.up.client != nil {
		return ClientError(x.w, x.up.client)
	}
	var e *Error
	if ctx.Err() != nil && errors.As(err, &e) {
		e.Abandoned = true
	}
	return err
}

// ClientError is the failure of the client's body.
func ClientError(w *Worker, err error) *Error {
	e := &Error{Status: http.StatusBadRequest, Code: "AH02608", Reason: "read request body failed", Worker: w.name, Err: err, Client: true}
	var bad *http1.Error
	var large *http.MaxBytesError
	switch {
	case isTimeout(err):
		e.Status = http.StatusRequestTimeout
	case errors.As(err, &large):
		e.Status = http.StatusRequestEntityTooLarge
	case errors.As(err, &bad):
		e.Status = bad.Status
	case errors.Is(err, io.EOF):
		e.Err = io.ErrUnexpectedEOF
	}
	return e
}
