//go:build linux && !race

package rawnet

import (
	"io"
	"syscall"
	"unsafe"
)

func read(fd uintptr, p []byte) (int, error) { return move(syscall.SYS_READ, fd, p) }

func write(fd uintptr, p []byte) (int, error) {
	n, err := move(syscall.SYS_WRITE, fd, p)
	if n == 0 && err == nil {
		err = io.ErrUnexpectedEOF // does not happen; it would be tried for ever
	}
	return n, err
}

func move(trap, fd uintptr, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, syscall.EAGAIN // a constant, which is no garbage
		default:
			return 0, errno
		}
	}
}
