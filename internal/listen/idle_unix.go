//go:build unix

package listen

import (
	"io"
	"syscall"
)

// fill waits for bytes and reads them. On plain TCP the buffer is taken only when the
// socket is tried, and given back when nothing was there.
func (c *conn) fill() error {
	if c.tcp == nil {
		return c.reader.Fill()
	}
	if err := c.raw.Read(c.tryFill); err != nil {
		return err
	}
	if c.got == 0 && c.gotErr == nil {
		return io.EOF
	}
	return c.gotErr
}

// tryFillFD reads what is there, or reports that nothing is.
func (c *conn) tryFillFD(fd uintptr) bool {
	c.got, c.gotErr = tryRead(int(fd), c.reader.Space())
	if c.got <= 0 {
		c.reader.Release()
		return c.gotErr != syscall.EAGAIN
	}
	c.reader.Add(c.got)
	c.pacer.got(c.got)
	return true
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
