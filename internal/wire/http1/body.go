package http1

import (
	"io"
)

// Body reads one message's content from a Reader, which it does not own, and stops at
// its end. The zero value is an empty body.
type Body struct {
	src     *Reader
	left    int64 // of the content or the chunk; UntilClose
	err     error
	chunked bool
	lenient bool // a response's: chunk sizes may be padded with spaces

	// Of a chunked one.
	opened   bool // a chunk was read, the CRLF behind it was not
	ended    bool // the last chunk was read, the trailers were not
	excess   int64
	limits   Limits
	trailers []Field

	trailerLines, trailerBytes int // so far
}

// Reset makes b the body of length (bytes, Chunked, UntilClose) that src stands at.
// Limits bound the trailers.
func (b *Body) Reset(src *Reader, length int64, l Limits, response bool) {
	b.src, b.left, b.chunked, b.lenient, b.err, b.trailers = src, length, false, response, nil, b.trailers[:0]
	switch length {
	case 0:
		b.err = io.EOF
	case Chunked:
		b.left, b.chunked, b.opened, b.ended, b.excess = 0, true, false, false, 0
		b.limits, b.trailerLines, b.trailerBytes = l, 0, 0
	}
}

// Done reports whether the body was read to its proper end: the Reader stands at the
// next message.
func (b *Body) Done() bool { return b.src == nil || b.err == io.EOF && b.left != UntilClose }

// Left is what remains of a body of known length, read ahead or not, else -1.
func (b *Body) Left() int64 {
	if b.err == io.EOF {
		return 0
	}
	if b.chunked || b.left == UntilClose {
		return -1
	}
	return b.left
}

// Took tells b that n bytes of a body of known length were taken from the connection
// past the Reader, whose read-ahead was consumed before (splice).
func (b *Body) Took(n int64) {
	b.src.taken += n
	if b.left -= n; b.left <= 0 {
		b.err = io.EOF
	}
}

// WriteBuffered writes to dst, in one Write, what was read ahead of a body of known length,
// and consumes it, whatever dst says.
func (b *Body) WriteBuffered(dst io.Writer) (int, error) {
	data := b.src.Buffered()
	if left := b.Left(); int64(len(data)) > left {
		data = data[:max(left, 0)]
	}
	if len(data) == 0 {
		return 0, nil
	}
	written, err := dst.Write(data)
	b.src.take(len(data))
	if b.left -= int64(len(data)); b.left == 0 {
		b.err = io.EOF
	}
	return written, err
}

// Trailers are the trailer fields, once Read has returned io.EOF (RFC 9112 §7.1.2).
// Those that must not stand there are left out.
func (b *Body) Trailers() []Field { return b.trailers }

// Read returns io.EOF at the end, io.ErrUnexpectedEOF for a body that was cut short, an
// *Error for one that cannot be framed. Each but the first ends the connection.
func (b *Body) Read(p []byte) (int, error) {
	if b.src == nil {
		return 0, io.EOF
	}
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if b.chunked {
		return b.readChunked(p)
	}
	if b.left == UntilClose {
		n, err := b.src.Read(p)
		if !temporary(err) {
			b.err = err
		}
		return n, err
	}
	n, err := b.src.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	switch {
	case b.left == 0:
		b.err = io.EOF
	case err != nil && !temporary(err):
		b.err = noEOF(err)
	}
	if b.err != nil {
		err = b.err
	}
	return n, err
}

// temporary errors, such as a deadline, leave the body readable.
func temporary(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}
