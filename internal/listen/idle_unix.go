//go:build unix

package listen

import (
	"io"
	"syscall"
)

// fill waits for bytes and reads them. On plain TCP the buffer is taken only when the
// socket is tried, and given back when nothing was there.
func (c *conn) fill() error {
	if c.raw == nil {
		return c.reader.Fill()
	}
	var n int
	var readErr error
	err := c.raw.Read(func(fd uintptr) bool {
		n, readErr = tryRead(int(fd), c.reader.Space())
		if n <= 0 {
			c.reader.Release()
		}
		return readErr != syscall.EAGAIN
	})
	switch {
	case err != nil:
		return err
	case readErr != nil:
		return readErr
	case n == 0:
		return io.EOF
	}
	c.reader.Add(n)
	c.pacer.got(n)
	return nil
}

func tryRead(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// peek looks at the first byte without taking it.
func peek(raw syscall.RawConn) (first byte, err error) {
	var b [1]byte
	var n int
	var recvErr error
	err = raw.Read(func(fd uintptr) bool {
		n, _, recvErr = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		return recvErr != syscall.EAGAIN && recvErr != syscall.EINTR
	})
	switch {
	case err != nil:
		return 0, err
	case recvErr != nil:
		return 0, recvErr
	case n == 0:
		return 0, io.EOF
	}
	return b[0], nil
}
