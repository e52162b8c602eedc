package upstream

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"strconv"

	"transom/internal/wire/http1"
)

// message is what goes out in the first write: the head, and the body if it is short. It can be sent again.
type message struct {
	bytes   []byte
	key     string   // Sec-WebSocket-Key if this is a handshake
	body    int      // where it begins in bytes; 0: it follows, or there is none
	spool   *os.File // the body, until the upload owns it
	stream  bool     // the body follows
	chunked bool
	expect  bool // wait for 100 before it does
}

// prefetch is how much body is read before a connection is made, as httpd does: a slow client does not keep a backend waiting,
// and the request can be repeated.
const prefetch = 16 << 10

func (m *message) closeSpool() {
	m.spool.Close()
	m.spool = nil
}

// restore gives the request back the body that was read from it: nothing was sent, another worker may be tried.
func (m *message) restore(req *Request) {
	switch {
	case m.body > 0:
		req.Body = bytes.NewReader(bytes.Clone(m.bytes[m.body:]))
	case m.spool != nil:
		m.spool.Seek(0, io.SeekStart)
		m.spool = nil // closed with the request, by the collector
	}
}

func (m *message) build(w *Worker, req *Request) error {
	if !http1.IsToken(req.Method) || !cleanTarget(req.Target) {
		return &Error{Status: http.StatusForbidden, Code: "AH10415", Worker: w.name,
			Reason: "To be forwarded path contains control characters or spaces"}
	}
	m.key, m.body, m.spool, m.stream, m.chunked, m.expect = "", 0, nil, false, false, false
	if req.Body != nil && req.ContentLength != 0 {
		return m.buildWithBody(w, req)
	}
	m.head(w, req, false)
	return nil
}

func (m *message) buildWithBody(w *Worker, req *Request) error {
	if req.ContentLength < 0 && (req.HTTP10 || req.NeedLength) {
		spool, err := SpoolBody(w, req)
		if err != nil {
			return err
		}
		m.spool = spool
	}
	hasBody := req.ContentLength != 0
	m.chunked = req.ContentLength < 0
	m.expect = hasBody && !req.HTTP10 && (req.Expect100 || w.Ping > 0)
	m.stream = m.chunked || m.expect || req.ContentLength > prefetch
	m.head(w, req, hasBody)
	if hasBody && !m.stream {
		return m.readBody(w, req)
	}
	return nil
}

func cleanTarget(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != ""
}

func (m *message) head(w *Worker, req *Request, hasBody bool) {
	minor := 1
	if req.HTTP10 {
		minor = 0
	}
	b := http1.AppendRequestLine(m.bytes[:0], req.Method, req.Target, minor)
	b = http1.AppendField(b, "Host", w.hostFor(req))
	b = m.appendFields(b, req)
	switch {
	case m.chunked:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case hasBody || req.ContentLength == 0 && wantsBody(req.Method):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, max(req.ContentLength, 0), 10)
		b = append(b, "\r\n"...)
	}
	if m.expect {
		b = append(b, "Expect: 100-continue\r\n"...)
	}
	switch {
	case m.key != "":
		b = append(b, "Upgrade: websocket\r\nConnection: Upgrade\r\n"...)
	case !w.reuse || req.URL != nil || req.NoReuse || req.HTTP10:
		b = append(b, "Connection: close\r\n"...)
	default:
		b = append(b, "Connection: Keep-Alive\r\n"...)
	}
	m.bytes = append(b, "\r\n"...)
}

func wantsBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

func (m *message) appendFields(b []byte, req *Request) []byte {
	if handshake := req.Upgrade && req.Method == "GET" && req.Body == nil && !req.HTTP10; handshake {
		if http1.Get(req.Fields, "Sec-WebSocket-Version") == "13" {
			m.key = http1.Get(req.Fields, "Sec-WebSocket-Key")
		}
	}
	trailer := ""
	if m.chunked && req.Trailer != nil {
		trailer = http1.Get(req.Fields, "Trailer")
	}
	if http1.Find(req.Fields, http1.Connection) != nil {
		req.Fields = EndToEnd(req.Fields, false)
	}
	for i := range req.Fields {
		f := &req.Fields[i]
		if id := f.ID(); !id.OneHop() && id != http1.Host && id != http1.Expect {
			b = f.AppendTo(b)
		}
	}
	if trailer != "" {
		b = http1.AppendField(b, "Trailer", trailer)
	}
	return b
}

func (m *message) readBody(w *Worker, req *Request) error {
	n, size := len(m.bytes), int(req.ContentLength)
	if cap(m.bytes) < n+size {
		grown := make([]byte, n, n+size)
		copy(grown, m.bytes)
		m.bytes = grown
	}
	if _, err := io.ReadFull(req.Body, m.bytes[n:n+size]); err != nil {
		return ClientError(w, err)
	}
	m.bytes, m.body = m.bytes[:n+size], n
	return nil
}
