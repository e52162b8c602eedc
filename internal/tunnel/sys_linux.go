package tunnel

import (
	"io"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls of this file do not tell Go's scheduler, as none of them can block.

func rawRead(fd int32, p []byte) (int, error) {
	return rawMove(unix.SYS_READ, fd, p)
}

func rawWrite(fd int32, p []byte) (int, error) {
	return rawMove(unix.SYS_WRITE, fd, p)
}

// rawMove answers errAgain, also beside bytes, when the kernel moved less than it was asked to. With edge-triggered
// events that is as good as EAGAIN, for which another call would be needed.
func rawMove(trap uintptr, fd int32, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch {
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			return 0, errAgain
		case errno != 0:
			return 0, errno
		case n == 0:
			return 0, io.EOF
		case int(n) < len(p):
			return int(n), errAgain
		default:
			return int(n), nil
		}
	}
}

// poll waits for events: not at all with a timeout of 0, for ever with a negative one. epoll_wait does not exist on
// all architectures, epoll_pwait does.
func poll(epfd int, events []unix.EpollEvent, milliseconds int) int {
	call := unix.Syscall6
	if milliseconds == 0 {
		call = unix.RawSyscall6
	}
	n, _, errno := call(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), uintptr(milliseconds), 0, 0)
	if errno != 0 {
		return 0 // EINTR; nothing else can happen to a descriptor of our own
	}
	return int(n)
}
