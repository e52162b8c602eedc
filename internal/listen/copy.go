package listen

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"

	"transom/internal/rawnet"
)

const (
	copySize = 32 << 10
	// What sendfile sends under one write deadline: a client that takes less of it in
	// Timeout is too slow. Shorter content is copied.
	kernelSlice = 64 << 10
)

var copyBuffers = sync.Pool{New: func() any { return new([copySize]byte) }}

// ReadFrom sends src to its end. Content of known length from a file, limited or not, does
// not pass through this process on a plain connection.
func (w *response) ReadFrom(src io.Reader) (n int64, err error) {
	if w.kernelCopies(src) {
		if n, err = w.readFromKernel(src); err != nil || n > 0 {
			return n, err
		}
	}
	buf := copyBuffers.Get().(*[copySize]byte)
	defer copyBuffers.Put(buf)
	for {
		k, readErr := src.Read(buf[:])
		if k > 0 {
			m, err := w.Write(buf[:k])
			n += int64(m)
			if err != nil {
				return n, err
			}
		}
		if readErr == io.EOF {
			return n, nil
		}
		if readErr != nil {
			return n, readErr
		}
	}
}

// kernelCopies reports whether src can go to the socket by sendfile.
func (w *response) kernelCopies(src io.Reader) bool {
	if l, ok := src.(*io.LimitedReader); ok {
		if l.N < kernelSlice/2 {
			return false
		}
		src = l.R
	}
	_, file := src.(*os.File)
	return file && w.x.conn.tcp != nil
}

// readFromKernel sends the head, then src slice by slice. A reader of the response at the
// same time has no use, so the lock is held.
func (w *response) readFromKernel(src io.Reader) (n int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ok, err := w.bare(kernelSlice / 2); !ok {
		return 0, err
	}
	for left := w.length - w.written; left > 0; left = w.length - w.written {
		k, err := w.slice(src, min(left, kernelSlice))
		n += k
		if err != nil || k == 0 {
			return n, err
		}
	}
	return n, nil
}

// bare sends the head, and reports whether what follows goes to the socket as it is, no
// less than least of it.
func (w *response) bare(least int64) (ok bool, err error) {
	if w.taken {
		return false, http.ErrHijacked
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	if w.noBody || w.length < 0 || w.length-w.written < least {
		return false, nil
	}
	if err := w.push(nil); err != nil || w.discard {
		return false, err
	}
	return true, nil
}

// slice sends at most max bytes of src under a deadline of its own.
func (w *response) slice(src io.Reader, max int64) (int64, error) {
	c := w.x.conn
	c.armWrite(w.x.settings.Timeout)
	outer, limited := src.(*io.LimitedReader)
	if limited {
		src, max = outer.R, min(max, outer.N)
	}
	n, err := c.tcp.ReadFrom(&io.LimitedReader{R: src, N: max})
	c.disarmWrite()
	if limited {
		outer.N -= n
	}
	w.written += n
	return n, w.sentBytes(n, err)
}

// SpliceFrom sends what src's socket has, at most max bytes, without taking it into this
// process. It waits for src under the read deadline that is set there, and for the client
// as every write does. srcErr is errors.ErrUnsupported where the content can't go so: on
// TLS, in chunks, to a HEAD.
func (w *response) SpliceFrom(src *rawnet.Conn, max int64) (n int64, srcErr, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.x.conn
	if c.tcp == nil {
		return 0, errors.ErrUnsupported, nil
	}
	if ok, err := w.bare(1); !ok {
		return 0, errors.ErrUnsupported, err
	}
	n, srcErr, err = rawnet.Splice(c.quick, src, min(max, w.length-w.written), w.x.settings.Timeout)
	w.written += n
	return n, srcErr, w.sentBytes(n, err)
}
