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
	if req.Method != "GET" && !http1.IsToken(req.Method) || !cleanTarget(req.Target) {
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
	if req.Upgrade && req.Method == "GET" && req.Body == nil && !req.HTTP10 {
		m.key = handshakeKey(req.Fields)
	}
	b := append(m.bytes[:0], req.Method...)
	b = append(b, ' ')
	b = append(b, req.Target...)
	if req.Host == "" && req.URL == nil && !req.HTTP10 {
		b = append(b, w.versionAndHost...)
	} else {
		b = appendVersionAndHost(b, req.HTTP10, w.hostFor(req))
	}
	if req.Method == "GET" && !hasBody {
		b = appendFields(b, req.Fields)
	} else {
		b = m.appendBodyFields(b, req, hasBody)
	}
	end := "Connection: Keep-Alive\r\n\r\n"
	if m.key != "" {
		end = "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
	} else if !w.reuse || req.URL != nil || req.NoReuse || req.HTTP10 {
		end = "Connection: close\r\n\r\n"
	}
	m.bytes = append(b, end...)
}

// handshakeKey is Sec-WebSocket-Key of a handshake in the version that is known here, or "".
func handshakeKey(fields []Field) string {
	version, key := http1.Find(fields, http1.SecWebSocketVersion), http1.Find(fields, http1.SecWebSocketKey)
	if version == nil || key == nil || version.Value != "13" {
		return ""
	}
	return key.Value
}

// appendVersionAndHost ends the request line.
func appendVersionAndHost(b []byte, http10 bool, host string) []byte {
	version := " HTTP/1.1\r\n"
	if http10 {
		version = " HTTP/1.0\r\n"
	}
	return http1.AppendField(append(b, version...), "Host", host)
}

// appendBodyFields is appendFields, and says how the body is sent, or that there is none.
func (m *message) appendBodyFields(b []byte, req *Request, hasBody bool) []byte {
	trailer := ""
	if m.chunked && req.Trailer != nil {
		trailer = http1.Get(req.Fields, "Trailer")
	}
	b = appendFields(b, req.Fields)
	if trailer != "" {
		b = http1.AppendField(b, "Trailer", trailer)
	}
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
	return b
}

func wantsBody(method string) bool { return method == "POST" || method == "PUT" || method == "PATCH" }

// appendFields leaves out what is written here or concerns another hop.
func appendFields(b []byte, fields []Field) []byte {
	start := len(b)
	for i := range fields {
		f := &fields[i]
		if id := f.ID(); id.Decisive() {
			if id == http1.Connection {
				return appendFields(b[:start], EndToEnd(fields, false))
			}
			if id.OneHop() || id == http1.Host || id == http1.Expect {
				continue
			}
		}
		b = f.AppendTo(b)
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
