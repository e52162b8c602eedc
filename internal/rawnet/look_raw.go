//go:build linux && !386

package rawnet

import (
	"syscall"
	"unsafe"
)

func peek(fd uintptr) (n int, err error) {
	var b [1]byte
	got, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b)), 1, syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		return int(got), nil
	case syscall.EAGAIN:
		return 0, syscall.EAGAIN // a constant, which is no garbage
	}
	return 0, errno
}
