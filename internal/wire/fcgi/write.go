// Package fcgi reads and writes the bytes of FastCGI 1.0 (the specification's sections are named in brackets): records and
// name-value pairs. It owns no sockets and starts no goroutines.
package fcgi

import "encoding/binary"

// Type is a record's type [8].
type Type byte

const (
	BeginRequest Type = 1
	AbortRequest Type = 2
	EndRequest   Type = 3
	Params       Type = 4
	Stdin        Type = 5
	Stdout       Type = 6
	Stderr       Type = 7
)

const (
	Version   = 1
	HeaderLen = 8
	// MaxContent is what is put into one record: the most that is a multiple of 8, as php-fpm takes no more [3.3].
	MaxContent = 65528

	responder = 1 // the role [5.1]
	keepConn  = 1 // the flag FCGI_KEEP_CONN
)

// PutHeader writes the header of a record with n bytes of content, at most MaxContent, and no padding.
func PutHeader(b []byte, t Type, id uint16, n int) {
	b[0], b[1], b[6], b[7] = Version, byte(t), 0, 0
	binary.BigEndian.PutUint16(b[2:], id)
	binary.BigEndian.PutUint16(b[4:], uint16(n))
}

// AppendRecord appends a record; content longer than MaxContent becomes several. Empty content ends a stream [3.3].
func AppendRecord(b []byte, t Type, id uint16, content []byte) []byte {
	for {
		n := min(len(content), MaxContent)
		var head [HeaderLen]byte
		PutHeader(head[:], t, id, n)
		b = append(append(b, head[:]...), content[:n]...)
		if content = content[n:]; len(content) == 0 {
			return b
		}
	}
}

// AppendBegin appends the record that begins a request to a responder. Unless keep is set the application closes the connection
// after its response [5.1].
func AppendBegin(b []byte, id uint16, keep bool) []byte {
	body := [8]byte{1: responder}
	if keep {
		body[2] = keepConn
	}
	return AppendRecord(b, BeginRequest, id, body[:])
}

// AppendEnd appends the record that ends a request as complete [5.5].
func AppendEnd(b []byte, id uint16, appStatus uint32) []byte {
	var body [8]byte
	binary.BigEndian.PutUint32(body[:], appStatus)
	return AppendRecord(b, EndRequest, id, body[:])
}

// ParamsWriter collects the pairs of a Params stream. Applications such as php-fpm read each record by itself, so that no pair
// may stand in two of them.
type ParamsWriter struct {
	ID    uint16
	Bytes []byte // what is to be sent; Add and End append to it
	pairs []byte
}

// Add adds a pair. It returns false, and adds nothing, if the pair is too long for a record.
func (w *ParamsWriter) Add(name, value string) bool {
	size := len(name) + len(value) + 8
	if size > MaxContent {
		return false
	}
	if len(w.pairs)+size > MaxContent {
		w.flush()
	}
	w.pairs = AppendPair(w.pairs, name, value)
	return true
}

// End ends the stream.
func (w *ParamsWriter) End() {
	if len(w.pairs) > 0 {
		w.flush()
	}
	w.Bytes = AppendRecord(w.Bytes, Params, w.ID, nil)
}

func (w *ParamsWriter) flush() {
	w.Bytes = AppendRecord(w.Bytes, Params, w.ID, w.pairs)
	w.pairs = w.pairs[:0]
}

// AppendPair appends a name-value pair [3.4].
func AppendPair(b []byte, name, value string) []byte {
	b = appendLength(b, len(name))
	b = appendLength(b, len(value))
	return append(append(b, name...), value...)
}

func appendLength(b []byte, n int) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint32(b, uint32(n)|1<<31)
}
