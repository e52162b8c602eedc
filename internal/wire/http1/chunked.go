package http1

import (
	"io"
	"net/http"
)

const (
	maxChunkLine = 1024
	// What chunk headers may weigh beyond the data they carry, in all: a sender of
	// one-byte chunks with long extensions costs more than it brings.
	maxChunkExcess = 16 << 10
)

func (b *Body) readChunked(p []byte) (int, error) {
	total := 0
	for total < len(p) {
		if b.left == 0 {
			// Never wait for more while there is something to hand out.
			if total > 0 && !b.lineBuffered() {
				break
			}
			if err := b.nextChunk(); err != nil {
				return total, b.fail(err)
			}
		}
		if total > 0 && b.src.r == b.src.w {
			break
		}
		n, err := b.src.Read(p[total:min(int64(len(p)), int64(total)+b.left)])
		total += n
		b.left -= int64(n)
		if err != nil {
			return total, b.fail(err)
		}
	}
	return total, nil
}

// fail returns the error that err means, and remembers it unless it is temporary.
func (b *Body) fail(err error) error {
	if temporary(err) {
		return err
	}
	if err == io.EOF && (b.left > 0 || b.opened) {
		err = io.ErrUnexpectedEOF
	}
	if b.lenient {
		err = badGateway(err)
	}
	b.err = err
	return err
}

// lineBuffered reports whether the next chunk's header can be read without waiting.
func (b *Body) lineBuffered() bool {
	data := b.src.Buffered()
	if b.opened {
		if len(data) < 2 {
			return false
		}
		data = data[2:]
	}
	for _, c := range data {
		if c == '\n' {
			return true
		}
	}
	return false
}

// nextChunk reads up to the next chunk's data, or the trailers, and then returns io.EOF. After a temporary error it goes on where
// it was.
func (b *Body) nextChunk() error {
	if b.ended {
		return b.readTrailers()
	}
	if b.opened {
		if _, err := b.src.line(0, false); err != nil {
			return chunkError(err, "no CRLF after a chunk's data")
		}
		b.opened = false
	}
	line, err := b.src.line(maxChunkLine, false)
	if err != nil {
		return chunkError(err, "invalid chunk header")
	}
	size, err := parseChunkSize(line, b.lenient)
	if err != nil {
		return err
	}
	if size == 0 {
		b.ended = true
		return b.readTrailers()
	}
	b.excess = max(0, b.excess+int64(len(line))-12-min(size, 1<<20))
	if b.excess > maxChunkExcess {
		return bad("chunk extensions outweigh the content")
	}
	b.left, b.opened = size, true
	return nil
}

func chunkError(err error, reason string) error {
	if _, ok := err.(*Error); ok {
		return bad(reason)
	}
	return err
}

// parseChunkSize takes 1*HEXDIG [chunk-ext] (RFC 9112 §7.1), at most 15 digits so that
// the size fits an int64.
func parseChunkSize(line []byte, padded bool) (int64, error) {
	var size int64
	i := 0
	for ; i < len(line) && class[line[i]]&hexChar != 0; i++ {
		size = size<<4 | int64(hexValue(line[i]))
	}
	switch {
	case i == 0:
		return 0, bad("invalid chunk size")
	case i > 15:
		return 0, &Error{http.StatusRequestEntityTooLarge, "chunk too large"}
	}
	rest := line[i:]
	j := 0
	for j < len(rest) && (rest[j] == ' ' || rest[j] == '\t') {
		j++
	}
	switch {
	case j == len(rest) && (j == 0 || padded):
	case j < len(rest) && rest[j] == ';' && all(rest[j:], valueChar):
	default:
		return 0, bad("invalid chunk size or extension")
	}
	return size, nil
}

func hexValue(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

// readTrailers reads the trailer section, keeps what may be merged or passed on, and then returns io.EOF.
func (b *Body) readTrailers() error {
	maxLine := b.limits.FieldSize
	if maxLine == 0 {
		maxLine = maxHead
	}
	for {
		line, err := b.src.line(maxLine, b.lenient)
		if err != nil {
			return noEOF(err)
		}
		if len(line) == 0 {
			return io.EOF
		}
		b.trailerBytes += len(line)
		if b.limits.Fields > 0 && b.trailerLines >= b.limits.Fields || b.trailerBytes > maxHead {
			return &Error{http.StatusRequestHeaderFieldsTooLarge, "too many trailer fields"}
		}
		b.trailerLines++
		f, err := fieldRules{}.parseField(string(line))
		if err != nil {
			return err
		}
		if !ForbiddenTrailer(f.Name) {
			b.trailers = append(b.trailers, f)
		}
	}
}
