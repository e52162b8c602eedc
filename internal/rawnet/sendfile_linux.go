package rawnet

import (
	"errors"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// ReadFrom is net.TCPConn's: what a file has goes out by sendfile(2).
func (s *Socket) ReadFrom(src io.Reader) (n int64, err error) {
	if limited, ok := src.(*io.LimitedReader); ok {
		if file, ok := limited.R.(*os.File); ok {
			n, err = s.sendFile(file, limited.N)
			if limited.N -= n; err != errors.ErrUnsupported {
				return n, err
			}
		}
	}
	return io.Copy(struct{ io.Writer }{s}, src)
}

// sendFile fails with errors.ErrUnsupported if it can't be done, and nothing has been sent.
func (s *Socket) sendFile(file *os.File, max int64) (sent int64, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, errors.ErrUnsupported
	}
	var failed error
	attempt := func(in, out int) (over bool) {
		for sent < max {
			n, err := unix.Sendfile(out, in, nil, int(min(max-sent, 1<<30)))
			switch {
			case n > 0:
				sent += int64(n)
			case err == unix.EAGAIN:
				return false
			case err != unix.EINTR:
				failed = err // nil at the file's end
				return true
			}
		}
		return true
	}
	if raw.Control(func(in uintptr) {
		err = s.do(writing, func(out uintptr) bool { return attempt(int(in), int(out)) })
	}) != nil || sent == 0 && (failed == unix.EINVAL || failed == unix.ENOSYS) {
		return 0, errors.ErrUnsupported
	}
	if err == nil && failed != nil {
		err = s.failed("sendfile", os.NewSyscallError("sendfile", failed))
	}
	return sent, err
}

// WriteBuffers is net.Buffers' WriteTo, by writev(2).
func (s *Socket) WriteBuffers(left net.Buffers) (sent int64, err error) {
	var failed error
	err = s.do(writing, func(fd uintptr) (over bool) {
		for len(left) > 0 {
			n, err := unix.Writev(int(fd), left)
			switch {
			case n > 0:
				sent += int64(n)
				left = without(left, n)
			case err == unix.EAGAIN:
				return false
			case err != unix.EINTR:
				failed = err
				return true
			}
		}
		return true
	})
	if err == nil && failed != nil {
		err = s.failed("writev", os.NewSyscallError("writev", failed))
	}
	return sent, err
}

// without drops the first n bytes, and what is empty then.
func without(b net.Buffers, n int) net.Buffers {
	for len(b) > 0 && n >= len(b[0]) {
		n -= len(b[0])
		b = b[1:]
	}
	if n > 0 {
		b[0] = b[0][n:]
	}
	return b
}
