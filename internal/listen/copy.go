package listen

import (
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

const (
	copySize = 32 << 10
	// What goes through the kernel (sendfile, splice) under one write deadline: a client
	// that takes less of it in Timeout is too slow. Shorter content is copied.
	kernelSlice = 64 << 10
)

var copyBuffers = sync.Pool{New: func() any { return new([copySize]byte) }}

// ReadFrom sends src to its end. Content of known length from a file or a TCP connection,
// limited or not, does not pass through this process on a plain connection.
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

// kernelCopies reports whether src can go to the socket by sendfile or splice.
func (w *response) kernelCopies(src io.Reader) bool {
	if l, ok := src.(*io.LimitedReader); ok {
		if l.N < kernelSlice/2 {
			return false
		}
		src = l.R
	}
	switch src.(type) {
	case *os.File, *net.TCPConn, *net.UnixConn:
		return w.x.conn.tcp != nil
	}
	return false
}

// readFromKernel sends the head, then src slice by slice. A reader of the response at the
// same time has no use, so the lock is held.
func (w *response) readFromKernel(src io.Reader) (n int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken {
		return 0, http.ErrHijacked
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	if w.noBody || w.length < 0 || w.length-w.written < kernelSlice/2 {
		return 0, nil
	}
	if err := w.push(nil); err != nil || w.discard {
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
