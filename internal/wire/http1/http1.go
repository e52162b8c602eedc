// Package http1 reads and writes the bytes of HTTP/1.x messages (RFC 9112), in both
// roles: heads, the framing of bodies, chunks and trailers. It owns no sockets and
// starts no goroutines.
//
// What could be framed in two ways is refused, and what is sent on is written anew
// from what was understood, so that nobody behind us reads other messages than we did.
package http1

import "net/http"

// Field is one field line, its name in the sender's spelling, its value without the
// whitespace around it.
type Field struct {
	Name, Value string
	id          ID
}

// Values that a body's length may take besides a count of bytes.
const (
	Chunked    int64 = -1 // ends with the last chunk (RFC 9112 §7.1)
	UntilClose int64 = -2 // ends with the connection; responses only (RFC 9112 §6.3)
)

// Limits bound a head; zero means no limit but maxHead.
type Limits struct {
	Line      int // bytes of the request or status line (LimitRequestLine)
	Fields    int // field lines (LimitRequestFields)
	FieldSize int // bytes of one field line (LimitRequestFieldSize)
}

// DefaultLimits are httpd's for requests.
var DefaultLimits = Limits{Line: 8190, Fields: 100, FieldSize: 8190}

const (
	maxHead       = 1 << 20
	maxBlankLines = 10 // before a request line, as httpd tolerates them
	maxInterim    = 10 // 1xx responses before the final one, as httpd's mod_proxy_http
)

// Error says why a message was refused. Status is what a server answers to a refused
// request; refused responses carry 502.
type Error struct {
	Status int
	Reason string
}

func (e *Error) Error() string { return e.Reason }

func bad(reason string) *Error { return &Error{http.StatusBadRequest, reason} }

// badGateway turns a refusal into one that concerns a response.
func badGateway(err error) error {
	if e, ok := err.(*Error); ok {
		return &Error{http.StatusBadGateway, e.Reason}
	}
	return err
}
