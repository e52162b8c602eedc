package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"transom/internal/rawnet"
	"transom/internal/wire/http1"
	"transom/internal/wire/ws"
)

// HTTP is the scheme of http, https, ws and wss, over TCP or a Unix domain socket.
type HTTP struct{ name, port string }

var httpSchemes = []Scheme{&HTTP{"http", "80"}, &HTTP{"https", "443"}, &HTTP{"ws", "80"}, &HTTP{"wss", "443"}}

// HTTPSchemes lists them.
func HTTPSchemes() []Scheme { return httpSchemes }

func (h *HTTP) Name() string        { return h.name }
func (h *HTTP) DefaultPort() string { return h.port }

// Exchange sends the head, and a body of little size with it, in one write, and reads the response in the caller's goroutine. A
// longer body is sent by another one, so that the response may come first. A pooled connection that turns out to be dead is no reason
// to fail: the message is sent again, on another idle one if the dead one got nothing of it.
func (h *HTTP) Exchange(ctx context.Context, w *Worker, req *Request) (*Response, error) {
	x := &req.http
	if x.bytes == nil {
		x.bytes, x.head.Fields = make([]byte, 0, 2048), make([]Field, 0, 16)
	}
	err := x.build(w, req)
	for fresh := req.Fresh; err == nil; {
		var c *Conn
		if c, err = w.connect(ctx, req, h.port, fresh); err != nil {
			x.restore(req)
			break
		}
		x.Begin(ctx, w, req, c)
		if err = x.run(); err == nil {
			break
		}
		stale := errors.Is(err, rawnet.ErrStale) // others may be, or not, and all that are should go
		err = x.failedOnce(ctx, err, fresh)
		fresh = !stale
	}
	if x.spool != nil {
		x.closeSpool()
	}
	if err != nil {
		return nil, err
	}
	return &x.resp, nil
}

// exchange is one request and its response on one connection. It is the Response's Body, too. Its memory is the Request's.
type exchange struct {
	Lease
	message

	wrote    bool // something reached the backend, as far as we know
	unsent   bool // not all of the request went out: the connection can't go on
	answered bool // an interim response came

	head http1.ResponseHead
	body http1.Body
	resp Response

	upgraded Upgraded // resp's, if it has one
}

// failedOnce ends the use of a connection, and returns why the message isn't sent again.
func (x *exchange) failedOnce(ctx context.Context, err error, fresh bool) error {
	x.End(false)
	if fresh || !x.retry(err) || ctx.Err() != nil {
		return x.Explain(ctx, err)
	}
	return nil
}

func (x *exchange) run() (err error) {
	n := 0
	if x.Conn.Reused {
		n, err = x.Conn.ask(x.bytes, !x.stream)
	}
	x.head.Status, x.answered, x.wrote, x.unsent = 0, false, n > 0, false
	switch {
	case err != nil:
		return x.readFailed(err)
	case n < len(x.bytes):
		err = x.write(x.bytes[n:])
	default:
		err = x.readHead()
	}
	if err != nil {
		return err
	}
	return x.respond()
}

func (x *exchange) write(p []byte) error {
	n, err := x.Conn.Write(p)
	x.Conn.Rearm()
	x.wrote = x.wrote || n > 0
	if err != nil || x.stream {
		return x.proceed(err)
	}
	return x.readHead()
}

// proceed goes on behind a first write that failed, or that was not all of the request.
func (x *exchange) proceed(err error) error {
	switch {
	case err != nil:
		return x.writeFailed(err)
	case x.expect:
		return x.await100()
	}
	x.Upload = x.upload(x.Req, x.Conn)
	return x.readHead()
}

// writeFailed looks for a response that came before the request was through: backends refuse long bodies so.
func (x *exchange) writeFailed(err error) error {
	x.unsent = true
	if isTimeout(err) || x.readHead() != nil {
		return &Error{Status: http.StatusBadGateway, Code: "AH01084", Reason: "pass request failed", Worker: x.Worker.name, Err: err,
			Timeout: isTimeout(err)}
	}
	return nil
}

// await100 waits for 100 before it sends the body. With ping the worker is in error if nothing comes; a client's own expectation
// is not waited for longer than a second (RFC 9110 10.1.1).
func (x *exchange) await100() error {
	wait, idle := x.Worker.Ping, x.Conn.timeout
	if wait == 0 {
		wait = min(expectWait, idle)
	}
	x.Conn.setTimeout(wait)
	err := x.Conn.R.ReadResponse(&x.head, x.Req.Method, &x.Worker.limits)
	x.Conn.setTimeout(idle)
	switch {
	case err == nil && x.head.Final():
		x.unsent = true
		return nil
	case err == nil:
		x.interim(&x.head)
	case isTimeout(err) && x.Worker.Ping > 0:
		x.Worker.Fail(time.Now())
		return &Error{Status: http.StatusServiceUnavailable, Code: "AH01115", Reason: "100-Continue failed", Worker: x.Worker.name,
			Err: err, Timeout: true}
	case isTimeout(err):
	case err != nil:
		return x.readFailed(err)
	}
	x.Upload = x.upload(x.Req, x.Conn)
	return x.readHead()
}

const expectWait = time.Second

func (x *exchange) readHead() error {
	err := x.Conn.R.ReadResponse(&x.head, x.Req.Method, &x.Worker.limits)
	if err == nil && !x.head.Final() {
		err = x.Conn.R.ReadFinal(&x.head, x.Req.Method, &x.Worker.limits, x.interim)
	}
	if err != nil {
		return x.readFailed(err)
	}
	return nil
}

// interim passes 1xx on, but 100 only to a client that waits for it.
func (x *exchange) interim(h *http1.ResponseHead) error {
	x.answered = true
	if x.Req.Interim != nil && (h.Status != http.StatusContinue || x.Req.Expect100) {
		x.Req.Interim(h.Status, EndToEnd(h.Fields, false))
	}
	return nil
}

// respond makes the Response of the final head.
func (x *exchange) respond() error {
	h, r := &x.head, &x.resp
	r.Status, r.Reason, r.Major, r.Minor, r.Worker = h.Status, h.Reason, h.Major, h.Minor, x.Worker
	r.Body, r.Trailer, r.Upgraded = x, nil, nil
	if h.Status == http.StatusSwitchingProtocols {
		return x.upgrade()
	}
	// A handshake that failed says Connection: Upgrade, and nobody knows what the backend makes of more on this connection.
	x.Keep = h.KeepAlive && x.key == "" && !x.unsent
	x.body.Reset(x.Conn.R, h.Length, x.Worker.limits, true)
	ready := int64(len(x.Conn.R.Buffered()))
	r.Fields = EndToEnd(h.Fields, h.Length > 0 || h.Length == 0 && soundLength(h.Fields))
	r.ContentLength = max(h.Length, -1)
	r.Ready, r.Whole = ready > 0, h.Length >= 0 && h.Length <= ready
	switch h.Length {
	case http1.Chunked:
		r.Trailer = x.body.Trailers
	case 0:
		x.Complete()
	}
	return nil
}

// upgrade honours a 101 only if it answers the handshake that was sent (RFC 6455 4.1); the connection never gets back to a pool.
func (x *exchange) upgrade() error {
	if x.key == "" {
		return x.failed("AH00898", "Unexpected Upgrade: "+http1.Get(x.head.Fields, "Upgrade")+" (expecting n/a)", nil)
	}
	if err := ws.CheckResponse(x.head.Status, x.head.Fields, x.key); err != nil {
		return x.failed("AH00898", "Unexpected Upgrade: "+http1.Get(x.head.Fields, "Upgrade")+" (expecting websocket)", err)
	}
	if !x.unwatch() {
		return x.failed("AH01102", "the request was abandoned", context.Canceled)
	}
	x.Ended = true
	slot := x.Conn.Take()
	x.resp.Fields = EndToEnd(x.head.Fields, soundLength(x.head.Fields))
	x.upgraded = Upgraded{Conn: x.Conn.Conn, Buffered: x.Conn.R.Detach(), Slot: slot}
	x.resp.Upgraded = &x.upgraded
	x.resp.Body = http.NoBody
	return nil
}

// retry says whether the message may be sent again: the connection was pooled and had died before the backend saw the request,
// or the backend said nothing and the method is idempotent (RFC 9110 9.2.2).
func (x *exchange) retry(err error) bool {
	var e *Error
	if !x.Conn.Reused || x.Upload != nil || x.answered || x.head.Status != 0 || len(x.Conn.R.Buffered()) > 0 ||
		errors.As(err, &e) && e.Timeout {
		return false
	}
	return !x.wrote || idempotent(x.Req.Method) && !x.stream
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

func (x *exchange) failed(code, reason string, err error) error {
	return &Error{Status: http.StatusBadGateway, Code: code, Reason: reason, Worker: x.Worker.name, Err: err}
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
	e := &Error{Status: http.StatusBadGateway, Code: "AH01102", Reason: "Error reading from remote server", Worker: x.Worker.name, Err: err}
	e.Timeout = isTimeout(err)
	return e
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
