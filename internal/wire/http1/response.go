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
	var room manyLines
	n, fields, err := r.head(room[:0], l, 0, true, func(line []byte) (bool, error) {
		return false, h.parseVersion(line)
	})
	if err != nil {
		return badGateway(err)
	}
	head := string(r.buf[r.r : r.r+n])
	r.take(n)
	return badGateway(h.parse(head, fields, method))
}

// ReadFinal reads heads up to the final one, 101 included, and shows the others to
// interim, which may be nil.
func (r *Reader) ReadFinal(h *ResponseHead, method string, l *Limits, interim func(*ResponseHead) error) error {
	for i := 0; i <= maxInterim; i++ {
		if err := r.ReadResponse(h, method, l); err != nil {
			return err
		}
		if h.Status >= 200 || h.Status == http.StatusSwitchingProtocols {
			return nil
		}
		if interim != nil {
			if err := interim(h); err != nil {
				return err
			}
		}
	}
	return &Error{http.StatusBadGateway, "too many interim responses"}
}

// parseVersion checks the status line's "HTTP/1.x NNN" as soon as it is there, so that a
// peer that speaks something else is not read to the end.
func (h *ResponseHead) parseVersion(b []byte) error {
	if len(b) < 12 || string(b[:7]) != "HTTP/1." || !digit(b[7]) || b[8] != ' ' ||
		!digit(b[9]) || !digit(b[10]) || !digit(b[11]) || b[9] == '0' || len(b) > 12 && b[12] != ' ' {
		return bad("invalid status line")
	}
	h.Major, h.Minor = 1, int(b[7]-'0')
	h.Status = int(b[9]-'0')*100 + int(b[10]-'0')*10 + int(b[11]-'0')
	return nil
}

func (h *ResponseHead) parse(head string, fields []fieldLine, method string) error {
	line, _, _ := cutByte(head, '\n')
	line = strings.TrimSuffix(line, "\r")
	if len(line) > 13 {
		h.Reason = line[13:]
	}
	if !IsValue(h.Reason) {
		return bad("control character in the status line")
	}
	var err error
	if h.Fields, err = parseFields(h.Fields, head, fields, fieldRules{fold: true, spaceColon: true}); err != nil {
		return err
	}
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
