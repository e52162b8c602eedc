//go:build linux && !race

package rawnet

import (
	"syscall"
	"unsafe"
)

func read(fd uintptr, p []byte) (int, syscall.Errno) { return move(CallReceive, fd, p, 0) }

func write(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := move(CallSend, fd, p, syscall.MSG_NOSIGNAL)
	if n == 0 && err == 0 {
		err = syscall.EPIPE // does not happen; it would be tried for ever
	}
	return n, err
}

func move(trap, fd uintptr, p []byte, flags uintptr) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		if errno == 0 {
			return int(n), 0
		}
		if errno != syscall.EINTR {
			return 0, errno
		}
	}
}
