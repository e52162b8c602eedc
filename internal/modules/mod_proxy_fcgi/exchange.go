package proxyfcgi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"transom/internal/upstream"
	"transom/internal/wire/fcgi"
	"transom/internal/wire/http1"
)

const (
	requestID = 1        // one request at a time on a connection
	prefetch  = 16 << 10 // how much body is read before a connection is made
)

var stdinFrames = &upstream.Frames{Head: fcgi.HeaderLen,
	Frame: func(buf []byte, n int) []byte {
		fcgi.PutHeader(buf, fcgi.Stdin, requestID, n)
		return buf[:fcgi.HeaderLen+n]
	},
	Last: func(buf []byte) []byte { return fcgi.AppendRecord(buf, fcgi.Stdin, requestID, nil) },
}

func (scheme) Exchange(ctx context.Context, w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
	m, err := newMessage(w, req)
	if err != nil {
		return nil, err
	}
	defer m.free()
	for fresh := req.Fresh; ; fresh = true {
		connect := w.Connect
		if fresh {
			connect = w.Reconnect
		}
		c, err := connect(ctx, req, scheme{}.DefaultPort())
		if err != nil {
			return nil, err
		}
		x := &exchange{}
		x.Begin(ctx, w, req, c)
		x.Keep, x.in.Src = m.keep, c.R
		err = x.run(m)
		if err == nil {
			return &x.resp, nil
		}
		x.End(false)
		if fresh || !x.retry(m) || ctx.Err() != nil {
			return nil, x.Explain(ctx, err)
		}
	}
}

// message is what goes out in the first write: all but a body that is long, or whose length isn't known.
type message struct {
	bytes  []byte
	stream bool     // the body follows
	keep   bool     // the connection may carry another request
	spool  *os.File // the body, until the upload owns it
}

func (m *message) free() {
	if m.spool != nil {
		m.spool.Close()
	}
}

func newMessage(w *upstream.Worker, req *upstream.Request) (*message, error) {
	m := &message{}
	// As in httpd: applications that serve one connection each would be tied up by idle ones.
	m.keep = w.Reuse == upstream.On && !w.Generic && req.URL == nil && !req.NoReuse
	body, err := m.prepareBody(w, req)
	if err != nil {
		m.free()
		return nil, err
	}
	p := fcgi.ParamsWriter{ID: requestID, Bytes: fcgi.AppendBegin(nil, requestID, m.keep)}
	for _, v := range req.Env {
		if !p.Add(v.Name, v.Value) && req.Stderr != nil {
			req.Stderr("the variable " + v.Name + " is too long to be sent")
		}
	}
	if req.ContentLength >= 0 && req.Body != nil {
		p.Add("CONTENT_LENGTH", strconv.FormatInt(req.ContentLength, 10))
	}
	p.End()
	m.bytes = p.Bytes
	if !m.stream {
		if len(body) > 0 {
			m.bytes = fcgi.AppendRecord(m.bytes, fcgi.Stdin, requestID, body)
		}
		m.bytes = fcgi.AppendRecord(m.bytes, fcgi.Stdin, requestID, nil)
	}
	return m, nil
}

// prepareBody reads a short body. The request keeps what was read, as another worker may be tried.
func (m *message) prepareBody(w *upstream.Worker, req *upstream.Request) (body []byte, err error) {
	if req.Body == nil || req.ContentLength == 0 {
		return nil, nil
	}
	if req.ContentLength < 0 && req.NeedLength {
		if m.spool, err = upstream.SpoolBody(w, req); err != nil {
			return nil, err
		}
	}
	if req.ContentLength < 0 || req.ContentLength > prefetch {
		m.stream = true
		return nil, nil
	}
	body = make([]byte, req.ContentLength)
	if _, err := io.ReadFull(req.Body, body); err != nil {
		return nil, upstream.ClientError(w, err)
	}
	req.Body = bytes.NewReader(body)
	return body, nil
}

// exchange is one request and its response on one connection. It is the Response's Body, too.
type exchange struct {
	upstream.Lease

	in       fcgi.Reader
	inStdout bool // in stands in a Stdout record
	spoke    bool // some record came
	over     bool // EndRequest came

	resp upstream.Response
	out  *http1.Reader // the Stdout stream: the head, then the body
	left int64         // of the body; -1: until the stream ends
}

func (x *exchange) run(m *message) error {
	_, err := x.Conn.Write(m.bytes)
	x.Conn.Rearm()
	if err != nil {
		x.Keep = false
		if isTimeout(err) || x.readHead() != nil {
			return x.failed(err)
		}
		return nil
	}
	if m.stream {
		x.Upload = upstream.StartUpload(x.Req, x.Conn, m.spool, stdinFrames)
		m.spool = nil
	}
	return x.readHead()
}

// readHead reads the response's head as that of an HTTP response that lacks its first line (RFC 3875 6).
func (x *exchange) readHead() error {
	const line = "HTTP/1.1 200 OK\r\n"
	stream := &stdout{x: x, before: line}
	x.out = http1.NewReader(stream)
	limits := http1.Limits{Line: x.Worker.ResponseFieldSize, FieldSize: x.Worker.ResponseFieldSize}
	var head http1.ResponseHead
	err := x.out.ReadResponse(&head, x.Req.Method, &limits)
	switch {
	case err != nil && x.over && string(x.out.Buffered()) == line:
		x.out.Discard(len(line)) // the application said nothing at all; httpd takes that for an empty 200
	case err != nil && x.over:
		return x.malformed(errors.New("the response ended within its head"))
	case err != nil:
		return x.failed(err)
	}
	return x.respond(&head)
}

func (x *exchange) respond(head *http1.ResponseHead) error {
	r := &x.resp
	r.Status, r.Reason, r.Major, r.Minor, r.Worker, r.Body = http.StatusOK, "", 1, 1, x.Worker, x
	r.ImpliedStatus = true
	fields := head.Fields[:0]
	for _, f := range head.Fields {
		if http1.Canonical(f.Name) != "Status" {
			fields = append(fields, f)
			continue
		}
		var ok bool
		r.ImpliedStatus = false
		if r.Status, r.Reason, ok = parseStatus(f.Value); !ok {
			return x.malformed(errors.New("invalid Status: " + strconv.Quote(f.Value)))
		}
	}
	x.left = max(head.Length, -1)
	sound := head.Length >= 0 && http1.Get(fields, "Content-Length") != ""
	if http1.NoBody(x.Req.Method, r.Status) {
		x.left = 0
	}
	r.Fields, r.ContentLength = upstream.EndToEnd(fields, sound), x.left
	r.Ready = len(x.out.Buffered()) > 0
	if x.left == 0 {
		return x.drain()
	}
	return nil
}

// parseStatus reads "404 Not Found". An application can't switch protocols or answer in steps.
func parseStatus(s string) (status int, reason string, ok bool) {
	if len(s) < 3 || len(s) > 3 && s[3] != ' ' {
		return 0, "", false
	}
	status, err := strconv.Atoi(s[:3])
	if len(s) > 4 {
		reason = s[4:]
	}
	return status, reason, err == nil && status >= 200 && status <= 599
}

// retry says whether the message may be sent again: the connection was pooled and had died before the application said anything.
func (x *exchange) retry(m *message) bool {
	if !x.Conn.Reused || m.stream || x.spoke {
		return false
	}
	switch x.Req.Method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE":
		return true
	}
	return false
}

// failed is httpd's answer when no response comes.
func (x *exchange) failed(err error) error {
	if bad := (*http1.Error)(nil); errors.As(err, &bad) {
		return x.malformed(err)
	}
	e := &upstream.Error{Status: http.StatusServiceUnavailable, Code: "AH01075", Reason: "Error dispatching request", Worker: x.Worker.Name(), Err: err}
	if isTimeout(err) {
		e.Status, e.Timeout = http.StatusGatewayTimeout, true
	}
	return e
}

func (x *exchange) malformed(err error) error {
	return &upstream.Error{Status: http.StatusInternalServerError, Code: "AH01070", Reason: "Error parsing script headers",
		Worker: x.Worker.Name(), Err: err}
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
