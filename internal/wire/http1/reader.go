package http1

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

const bufSize = 4096

var buffers = sync.Pool{New: func() any { return new([bufSize]byte) }}

// Reader is a buffered reader whose read-ahead can be looked at and taken over. It holds
// a buffer only while that contains something or a read is under way.
type Reader struct {
	src   io.Reader
	buf   []byte
	r, w  int
	taken int64
}

// NewReader reads from src, which stays the caller's.
func NewReader(src io.Reader) *Reader { return &Reader{src: src} }

// Reset drops what is buffered and reads from src from now on.
func (r *Reader) Reset(src io.Reader) {
	r.r, r.w = 0, 0
	r.Release()
	*r = Reader{src: src}
}

// Buffered returns what was read ahead and not yet consumed, valid until the next call.
func (r *Reader) Buffered() []byte { return r.buf[r.r:r.w] }

// Discard consumes the first n bytes of Buffered.
func (r *Reader) Discard(n int) {
	if n > r.w-r.r {
		panic("http1: Discard beyond what is buffered")
	}
	r.take(n)
}

// Taken counts the bytes consumed since the last Reset: heads, chunk framing, bodies.
func (r *Reader) Taken() int64 { return r.taken }

// Release gives the buffer back if nothing is in it; an idle connection calls it.
func (r *Reader) Release() {
	if r.r != r.w || r.buf == nil {
		return
	}
	if len(r.buf) == bufSize {
		buffers.Put((*[bufSize]byte)(r.buf))
	}
	r.buf, r.r, r.w = nil, 0, 0
}

// Fill makes one read from the source and appends to what is buffered. The buffer grows
// when it is full: callers bound what they let accumulate.
func (r *Reader) Fill() error {
	n, err := r.src.Read(r.Space())
	r.Add(n)
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	r.Release()
	return err
}

// Add says that n bytes were put into what Space returned.
func (r *Reader) Add(n int) { r.w += n }

// Space is room for at least one more byte behind what is buffered, for callers that
// read from the source themselves, then Add; or Release, if nothing came.
func (r *Reader) Space() []byte {
	if r.buf == nil {
		r.buf = buffers.Get().(*[bufSize]byte)[:]
		return r.buf
	}
	if r.r == r.w {
		r.r, r.w = 0, 0
	} else if r.w == len(r.buf) {
		r.makeRoom()
	}
	return r.buf[r.w:]
}

func (r *Reader) makeRoom() {
	if r.r > 0 {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
		return
	}
	grown := make([]byte, 2*len(r.buf))
	r.w = copy(grown, r.buf)
	if len(r.buf) == bufSize {
		buffers.Put((*[bufSize]byte)(r.buf))
	}
	r.buf = grown
}

// Detach returns what is buffered, which is the caller's from now on.
func (r *Reader) Detach() []byte {
	if r.r == r.w {
		r.Release()
		return nil
	}
	rest := r.buf[r.r:r.w]
	r.taken += int64(len(rest))
	r.buf, r.r, r.w = nil, 0, 0
	return rest
}

// Read returns what is buffered first; after that, large reads go past the buffer.
func (r *Reader) Read(p []byte) (int, error) {
	if r.r == r.w {
		if len(p) >= bufSize/2 {
			n, err := r.src.Read(p)
			r.taken += int64(n)
			return n, err
		}
		if err := r.Fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.r:r.w])
	r.take(n)
	return n, nil
}

func (r *Reader) take(n int) {
	r.r += n
	r.taken += int64(n)
	if r.r == r.w && len(r.buf) > bufSize {
		r.buf, r.r, r.w = nil, 0, 0
	}
}

// line consumes one line and returns it without its end, valid until the next call. Each
// byte is looked at once. A line longer than max, or a bare LF unless bareLF, is refused.
func (r *Reader) line(max int, bareLF bool) ([]byte, error) {
	seen := 0
	for {
		data := r.buf[r.r:r.w]
		if i := bytes.IndexByte(data[seen:], '\n'); i >= 0 {
			end := seen + i
			line, err := cutLine(data[:end], bareLF)
			if err == nil && len(line) > max {
				err = bad("line too long")
			}
			if err != nil {
				return nil, err
			}
			r.take(end + 1)
			return line, nil
		}
		seen = len(data)
		if seen > max+1 {
			return nil, bad("line too long")
		}
		if err := r.Fill(); err != nil {
			return nil, noEOF(err)
		}
	}
}

// cutLine strips the CR that must stand before the LF (RFC 9112 §2.2).
func cutLine(line []byte, bareLF bool) ([]byte, error) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1], nil
	}
	if bareLF {
		return line, nil
	}
	return nil, bad("line ends with a bare LF")
}

// wholeHead is a copy of the head that r stands at, its empty line included, or "" if one read does not bring all of it.
func (r *Reader) wholeHead() (string, error) {
	if r.r == r.w {
		if err := r.Fill(); err != nil {
			return "", err
		}
	}
	data := r.buf[r.r:r.w]
	end := headEnd(data)
	if end < 0 || end > maxHead {
		return "", nil
	}
	return string(data[:end+len("\n\r\n")]), nil
}

// headEnd is where the last line of a head ends, -1 if no empty line follows.
func headEnd(data []byte) int {
	for at := 0; ; at++ {
		i := bytes.IndexByte(data[at:], '\n')
		if at += i; i < 0 || len(data) < at+3 {
			return -1
		}
		if data[at+1] == '\r' && data[at+2] == '\n' {
			return at
		}
	}
}

// awaitHead reads until a whole head is buffered, and returns its length up to and including the empty line. firstLine sees the
// first line that is not empty as soon as it has arrived and may end the head there (HTTP/0.9) or refuse it. Empty lines before it
// are consumed.
func (r *Reader) awaitHead(l *Limits, blanks int, bareLF bool, firstLine func([]byte) (last bool, err error)) (int, error) {
	start, seen := 0, 0
	number := 0 // of the line; 0 is the first
	for {
		data := r.buf[r.r:r.w]
		i := bytes.IndexByte(data[seen:], '\n')
		if i < 0 {
			seen = len(data)
			if err := l.checkLine(number, seen-start-1, seen); err != nil {
				return 0, err
			}
			if err := r.Fill(); err != nil {
				if seen > 0 {
					err = noEOF(err)
				}
				return 0, err
			}
			continue
		}
		end := seen + i
		line, err := cutLine(data[start:end], bareLF)
		if err != nil {
			return 0, err
		}
		if err := l.checkLine(number, len(line), end); err != nil {
			return 0, err
		}
		start, seen = end+1, end+1
		switch {
		case len(line) > 0 && number > 0:
			number++
		case len(line) > 0:
			if last, err := firstLine(line); last || err != nil {
				return start, err
			}
			number++
		case number > 0:
			return start, nil
		case blanks == 0:
			return 0, bad("empty lines instead of a start line")
		default:
			blanks--
			r.take(start)
			start, seen = 0, 0
		}
	}
}

// checkLine bounds line number n (0 is the start line) of a head of total bytes so far.
func (l *Limits) checkLine(n, size, total int) error {
	switch {
	case n == 0 && l.Line > 0 && size > l.Line:
		return &Error{http.StatusRequestURITooLong, "request line exceeds LimitRequestLine"}
	case n > 0 && l.FieldSize > 0 && size > l.FieldSize:
		return &Error{http.StatusRequestHeaderFieldsTooLarge, "size of a request header field exceeds LimitRequestFieldSize"}
	case n > 0 && size > 0 && l.Fields > 0 && n > l.Fields:
		return &Error{http.StatusRequestHeaderFieldsTooLarge, "number of request header fields exceeds LimitRequestFields"}
	case total > maxHead:
		return &Error{http.StatusRequestHeaderFieldsTooLarge, "request head exceeds 1 MiB"}
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
