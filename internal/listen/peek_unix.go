//go:build unix

package listen

import (
	"io"
	"syscall"
)

// peek looks at the first byte without taking it.
func peek(c syscall.Conn) (first byte, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
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
