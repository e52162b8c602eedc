//go:build unix && (!linux || race)

// The race detector takes what goes through the network, within one process, for synchronised only if syscall did it.

package rawnet

import "syscall"

func read(fd uintptr, p []byte) (n int, err error) {
	for err = syscall.EINTR; err == syscall.EINTR; {
		n, err = syscall.Read(int(fd), p)
	}
	return max(n, 0), err
}

func write(fd uintptr, p []byte) (n int, err error) {
	for err = syscall.EINTR; err == syscall.EINTR; {
		n, err = syscall.Write(int(fd), p)
	}
	return max(n, 0), err
}
