//go:build unix && (!linux || 386)

package rawnet

import "syscall"

func peek(fd uintptr) (int, syscall.Errno) {
	var b [1]byte
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return n, errnoOf(err)
}
