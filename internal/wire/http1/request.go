package http1

import (
	"bytes"
	"net/http"
	"strings"
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
	Expects      bool   // an Expect field stands there
	Upgrade      bool   // an Upgrade field and the Connection option for it stand there
	Separate     bool   // no name occurs twice in Fields, and Connection names none of them
}

// ReadRequest reads one head and leaves r at the body. io.EOF means that no byte of a
// request came. An *Error says what to answer; Line, and what was parsed up to there,
// are set then, and the connection must be closed after the answer.
func (r *Reader) ReadRequest(h *RequestHead, o *Options) error {
	*h = RequestHead{Fields: h.Fields[:0]}
	head, err := r.wholeHead()
	if err != nil {
		return err
	}
	if head != "" && h.parsePlain(head, o) {
		r.take(len(head))
	} else if err = h.readLines(r, o); err != nil || h.Major == 0 {
		return err
	}
	if err = h.parseTarget(); err != nil {
		return err
	}
	var f framing
	f.scan(h.Fields)
	if err = h.parseHost(&f); err != nil {
		return err
	}
	h.KeepAlive, h.KeepAliveAsk = f.persists(h.Minor), f.keepAlive
	h.Upgrade, h.Expects = f.upgrade && f.upgradeOption, f.expects
	h.Separate = !f.named && !f.repeats(h.Fields)
	h.Length, err = f.body(h.Minor, 0)
	return err
}

// parsePlain reports whether a whole head consists of a request line and plain fields.
func (h *RequestHead) parsePlain(head string, o *Options) bool {
	n := strings.IndexByte(head, '\n') - 1
	if n < 0 || head[n] != '\r' || n > o.Line && o.Line > 0 || h.parseLine(head[:n], o.Unsafe) != nil || h.Major == 0 || h.checkLine(o) != nil {
		return false
	}
	h.Fields, head = o.plainFields(h.Fields, head[n+len("\r\n"):])
	return head == "\r\n"
}

// readLines reads a head of any kind.
func (h *RequestHead) readLines(r *Reader, o *Options) error {
	*h = RequestHead{Fields: h.Fields[:0]}
	first := 0
	n, err := r.awaitHead(&o.Limits, maxBlankLines, o.Unsafe, func(line []byte) (last bool, err error) {
		first = len(line)
		err = h.parseLine(string(line), o.Unsafe)
		return h.Major == 0, err
	})
	if err != nil {
		if h.Line == "" {
			h.Line = firstLine(r.Buffered())
		}
		return err
	}
	_, fields, _ := cutByte(string(r.Buffered()[first:n]), '\n')
	r.take(n)
	if err := h.checkLine(o); err != nil {
		return err
	}
	if h.Major == 0 {
		return h.parseTarget()
	}
	h.Fields, err = fieldRules{fold: o.Unsafe, spaceColon: o.Unsafe, controls: o.Unsafe}.appendFields(h.Fields, fields)
	return err
}

// firstLine is what a log may show of a head that never became whole.
func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return string(bytes.TrimSuffix(line[:min(len(line), 8190)], []byte("\r")))
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

// parseLine splits method SP request-target SP HTTP-version (RFC 9112 §3). Of a line that it refuses only Line is set; one without
// a version is HTTP/0.9's.
func (h *RequestHead) parseLine(line string, lenient bool) error {
	h.Line = line
	if lenient {
		line = strings.TrimRight(line, " \t")
	}
	n := tokenEnd(line)
	if n == 0 || n == len(line) {
		return bad("no method and target in the request line")
	}
	method := line[:n]
	rest, ok := afterSpace(line[n:], lenient)
	if !ok {
		return bad("invalid character in or after the method")
	}
	for n = 0; n < len(rest) && (class[rest[n]]&targetChar != 0 || lenient && rest[n] == '#'); {
		n++
	}
	if n == 0 {
		return bad("no valid request target in the request line")
	}
	target := rest[:n]
	major, minor := 0, 9
	if n < len(rest) {
		v, ok := afterSpace(rest[n:], lenient)
		if !ok {
			return bad("invalid character in the request target")
		}
		const form = "HTTP/1.1"
		if len(v) != len(form) || v[:5] != form[:5] || !digit(v[5]) || v[6] != '.' || !digit(v[7]) || v[5] == '0' {
			return bad("no valid HTTP version in the request line")
		}
		major, minor = int(v[5]-'0'), int(v[7]-'0')
	}
	h.Method, h.Target, h.Major, h.Minor = method, target, major, minor
	return nil
}

// afterSpace is what follows the space that s begins with.
func afterSpace(s string, lenient bool) (string, bool) {
	if lenient {
		rest := strings.TrimLeft(s, " \t")
		return rest, len(rest) < len(s)
	}
	return s[1:], s[0] == ' '
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
