package http1

import (
	"net/http"
	"strings"
)

// ResponseHead is a response's head as it came. ReadResponse reuses Fields; the strings
// share one copy of the head and stay valid.
type ResponseHead struct {
	Major, Minor int
	Status       int
	Reason       string
	Fields       []Field
	Length       int64 // of the body: bytes, Chunked or UntilClose
	KeepAlive    bool  // the server lets the connection go on (RFC 9112 §9.3)
}

// ReadResponse reads one head, be it interim or final, of a response to a request with
// that method and leaves r at the body. io.EOF means that no byte came. An *Error, its
// status 502, means that the connection is of no more use.
//
// Old backends are met half-way where no doubt about framing follows: bare LF, obs-fold
// and whitespace before the colon are understood (RFC 9112 §2.2, §5.1, §5.2).
func (r *Reader) ReadResponse(h *ResponseHead, method string, l *Limits) error {
	*h = ResponseHead{Fields: h.Fields[:0]}
	head, err := r.wholeHead()
	if err != nil {
		return err
	}
	if head != "" && h.parsePlain(head, l) {
		r.take(len(head))
	} else if err := h.readLines(r, l); err != nil {
		return badGateway(err)
	}
	return badGateway(h.understand(method))
}

// parsePlain reports whether a whole head consists of a status line and plain fields.
func (h *ResponseHead) parsePlain(head string, l *Limits) bool {
	n := strings.IndexByte(head, '\n') - 1
	if n < 0 || head[n] != '\r' || n > l.Line && l.Line > 0 || h.parseLine(head[:n]) != nil || !IsValue(h.Reason) {
		return false
	}
	h.Fields, head = l.plainFields(h.Fields, head[n+len("\r\n"):])
	return head == "\r\n"
}

// readLines reads a head of any kind.
func (h *ResponseHead) readLines(r *Reader, l *Limits) error {
	*h = ResponseHead{Fields: h.Fields[:0]}
	first := 0
	n, err := r.awaitHead(l, 0, true, func(line []byte) (bool, error) {
		first = len(line)
		return false, h.parseLine(string(line))
	})
	if err != nil {
		return err
	}
	_, fields, _ := cutByte(string(r.Buffered()[first:n]), '\n')
	r.take(n)
	if !IsValue(h.Reason) {
		return bad("control character in the status line")
	}
	h.Fields, err = fieldRules{fold: true, spaceColon: true}.appendFields(h.Fields, fields)
	return err
}

// Final reports whether no other head follows: 101 included.
func (h *ResponseHead) Final() bool {
	return h.Status >= 200 || h.Status == http.StatusSwitchingProtocols
}

// ReadFinal reads on behind h, unless that is final, up to the head that is. The others are
// shown to interim, which may be nil.
func (r *Reader) ReadFinal(h *ResponseHead, method string, l *Limits, interim func(*ResponseHead) error) error {
	for n := 0; !h.Final(); n++ {
		if interim != nil {
			if err := interim(h); err != nil {
				return err
			}
		}
		if n == maxInterim {
			return &Error{http.StatusBadGateway, "too many interim responses"}
		}
		if err := r.ReadResponse(h, method, l); err != nil {
			return err
		}
	}
	return nil
}

// parseLine takes the status line's "HTTP/1.x NNN" and what stands behind it. It is called as soon as the line is there, so that a
// peer that speaks something else is not read to the end.
func (h *ResponseHead) parseLine(line string) error {
	if len(line) < 12 || line[:7] != "HTTP/1." || !digit(line[7]) || line[8] != ' ' ||
		!digit(line[9]) || !digit(line[10]) || !digit(line[11]) || line[9] == '0' || len(line) > 12 && line[12] != ' ' {
		return bad("invalid status line")
	}
	h.Major, h.Minor = 1, int(line[7]-'0')
	h.Status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	if len(line) > 13 {
		h.Reason = line[13:]
	}
	return nil
}

// understand finds what the fields say of the body.
func (h *ResponseHead) understand(method string) error {
	var f framing
	f.scan(h.Fields)
	h.KeepAlive = f.persists(h.Minor)
	if NoBody(method, h.Status) {
		// Such a response may describe a body that it does not carry (RFC 9112 §6.3). A 204 must not:
		// if the body comes after all, it would be taken for the next response (RFC 9110 §8.6).
		if h.Status == http.StatusNoContent && (f.codings > 0 || f.lengths > 0 && f.length != "0") {
			h.KeepAlive = false
		}
		return nil
	}
	var err error
	h.Length, err = f.body(h.Minor, UntilClose)
	if h.Length == UntilClose {
		h.KeepAlive = false
	}
	return err
}

// NoBody reports whether a response ends with its head whatever its fields say
// (RFC 9112 §6.3): to HEAD, 1xx, 204, 304, and 2xx to CONNECT.
func NoBody(method string, status int) bool {
	return method == "HEAD" || status < 200 || status == http.StatusNoContent || status == http.StatusNotModified ||
		method == "CONNECT" && status < 300
}
