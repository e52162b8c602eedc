package http1

import (
	"bytes"
	"net/http"
)

// Options are those of HttpProtocolOptions; the zero value is httpd's default:
// Strict LenientMethods Allow0.9, with no limits.
type Options struct {
	Limits
	Unsafe            bool // bare LF, obs-fold, space around colons and words, controls in values
	RegisteredMethods bool // unregistered methods get 501
	Require10         bool // HTTP/0.9 gets 400
}

// RequestHead is a request's head as it came. ReadRequest reuses Fields; the strings
// share one copy of the head and stay valid.
type RequestHead struct {
	Line         string // the request line as received, also of a refused request
	Method       string
	Target       string
	Form         Form
	Major, Minor int
	Fields       []Field
	Host         string // who is asked: absolute-form's authority, else Host (RFC 9112 §3.2.2)
	Length       int64  // of the body: bytes or Chunked
	KeepAlive    bool   // the client lets the connection go on (RFC 9112 §9.3)
	KeepAliveAsk bool   // it said so: Connection: keep-alive
	Upgrade      bool   // an Upgrade field and the Connection option for it stand there
}

// ReadRequest reads one head and leaves r at the body. io.EOF means that no byte of a
// request came. An *Error says what to answer; Line, and what was parsed up to there,
// are set then, and the connection must be closed after the answer.
func (r *Reader) ReadRequest(h *RequestHead, o *Options) error {
	*h = RequestHead{Fields: h.Fields[:0]}
	var line requestLine
	var room manyLines
	n, fields, err := r.head(room[:0], &o.Limits, maxBlankLines, o.Unsafe, func(b []byte) (last bool, err error) {
		if line, err = parseRequestLine(b, o.Unsafe); err != nil {
			h.Line, line = string(b), requestLine{}
		}
		return line.major == 0, err
	})
	if err != nil {
		if line.targetEnd > 0 {
			h.setLine(string(r.Buffered()[:line.end]), line)
		} else if h.Line == "" {
			h.Line = firstLine(r.Buffered())
		}
		return err
	}
	head := string(r.buf[r.r : r.r+n])
	r.take(n)
	return h.parse(head, line, fields, o)
}

func (h *RequestHead) setLine(head string, l requestLine) {
	h.Line = head[:l.end]
	h.Method = head[:l.method]
	h.Target = head[l.target:l.targetEnd]
	h.Major, h.Minor = l.major, l.minor
}

// firstLine is what a log may show of a head that never became whole.
func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return string(bytes.TrimSuffix(line[:min(len(line), 8190)], []byte("\r")))
}

func (h *RequestHead) parse(head string, line requestLine, fields []fieldLine, o *Options) error {
	h.setLine(head, line)
	if err := h.checkLine(o); err != nil {
		return err
	}
	if h.Major == 0 {
		return h.parseTarget()
	}
	rules := fieldRules{fold: o.Unsafe, spaceColon: o.Unsafe, controls: o.Unsafe}
	var err error
	if h.Fields, err = parseFields(h.Fields, head, fields, rules); err != nil {
		return err
	}
	if err := h.parseTarget(); err != nil {
		return err
	}
	var f framing
	f.scan(h.Fields)
	if err := h.parseHost(&f); err != nil {
		return err
	}
	h.KeepAlive, h.KeepAliveAsk = f.persists(h.Minor), f.keepAlive
	h.Upgrade = f.upgrade && f.upgradeOption
	h.Length, err = f.body(h.Minor, 0)
	return err
}

func (h *RequestHead) checkLine(o *Options) error {
	switch {
	case h.Major == 0 && o.Require10:
		return bad("HTTP/0.9 request, and HttpProtocolOptions says Require1.0")
	case h.Major == 0 && h.Method != "GET":
		return bad("HTTP/0.9 request with a method other than GET")
	case h.Major > 1:
		return &Error{http.StatusHTTPVersionNotSupported, "HTTP major version above 1"}
	case o.RegisteredMethods && !registered(h.Method):
		return &Error{http.StatusNotImplemented, "unregistered method"}
	}
	return nil
}

// Check holds a head that came as HTTP/2's frames to what ReadRequest demands of its text, and finds its Length. Line is the
// request line as HTTP/1 would write it, Host the authority.
func (h *RequestHead) Check(o *Options) error {
	size := len(h.Line)
	if err := o.Limits.checkLine(0, size, size); err != nil {
		return err
	}
	for i, f := range h.Fields {
		n := len(f.Name) + len(": ") + len(f.Value)
		size += n
		if err := o.Limits.checkLine(i+1, n, size); err != nil {
			return err
		}
	}
	switch {
	case !IsToken(h.Method):
		return bad("invalid character in the method")
	case h.Target == "" || !all(h.Target, targetChar):
		return bad("invalid character in the request target")
	case !ValidHost(h.Host):
		return bad("no valid authority")
	case o.RegisteredMethods && !registered(h.Method):
		return &Error{http.StatusNotImplemented, "unregistered method"}
	}
	if err := h.parseTarget(); err != nil {
		return err
	}
	var f framing
	f.scan(h.Fields)
	var err error
	h.Length, err = f.body(1, 0)
	return err
}

// registered are the methods that httpd knows from the start.
func registered(method string) bool {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
		"VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT",
		"MKWORKSPACE", "MKACTIVITY", "BASELINE-CONTROL", "MERGE":
		return true
	}
	return false
}

// requestLine holds offsets into the line, so that the head can be copied once and later.
type requestLine struct {
	method, target, targetEnd, end int
	major, minor                   int // 0.9 for a line without a version
}

// parseRequestLine splits method SP request-target SP HTTP-version (RFC 9112 §3).
func parseRequestLine(b []byte, lenient bool) (requestLine, error) {
	l := requestLine{end: len(b)}
	if lenient {
		b = bytes.TrimRight(b, " \t")
	}
	for l.method < len(b) && class[b[l.method]]&tokenChar != 0 {
		l.method++
	}
	if l.method == 0 || l.method == len(b) {
		return l, bad("no method and target in the request line")
	}
	var ok bool
	if l.target, ok = skipSpace(b, l.method, lenient); !ok {
		return l, bad("invalid character in or after the method")
	}
	mask := byte(targetChar)
	l.targetEnd = l.target
	for l.targetEnd < len(b) && (class[b[l.targetEnd]]&mask != 0 || lenient && b[l.targetEnd] == '#') {
		l.targetEnd++
	}
	if l.targetEnd == l.target {
		return l, bad("no valid request target in the request line")
	}
	if l.targetEnd == len(b) {
		l.minor = 9
		return l, nil
	}
	at, ok := skipSpace(b, l.targetEnd, lenient)
	if !ok {
		return l, bad("invalid character in the request target")
	}
	return l, l.version(b[at:])
}

func skipSpace(b []byte, i int, lenient bool) (int, bool) {
	if b[i] != ' ' && !(lenient && b[i] == '\t') {
		return i, false
	}
	for i++; lenient && i < len(b) && (b[i] == ' ' || b[i] == '\t'); i++ {
	}
	return i, true
}

func (l *requestLine) version(b []byte) error {
	const form = "HTTP/1.1"
	if len(b) != len(form) || string(b[:5]) != form[:5] || !digit(b[5]) || b[6] != '.' || !digit(b[7]) || b[5] == '0' {
		return bad("no valid HTTP version in the request line")
	}
	l.major, l.minor = int(b[5]-'0'), int(b[7]-'0')
	return nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func cutByte(s string, c byte) (before, after string, found bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}
