package tunnel

import (
	"io"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"transom/internal/rawnet"
)

// The calls of this file do not tell Go's scheduler, as none of them can block.

func rawRead(fd int32, p []byte) (int, error) {
	return rawMove(rawnet.CallReceive, fd, p, 0)
}

func rawWrite(fd int32, p []byte) (int, error) {
	return rawMove(rawnet.CallSend, fd, p, unix.MSG_NOSIGNAL)
}

// rawMove answers errAgain, also beside bytes, when the kernel moved less than it was asked to. With edge-triggered
// events that is as good as EAGAIN, for which another call would be needed.
func rawMove(trap uintptr, fd int32, p []byte, flags uintptr) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
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

// poll waits for events. epoll_wait does not exist on all architectures, epoll_pwait does.
func poll(epfd int, events []unix.EpollEvent, milliseconds int) int {
	return pollBy(unix.Syscall6, epfd, events, milliseconds)
}

// rawPoll is poll for a short time, and does not tell the scheduler. The signal by which the scheduler asks for the
// processor, for a collection of garbage say, ends it.
func rawPoll(epfd int, events []unix.EpollEvent, milliseconds int) int {
	return pollBy(unix.RawSyscall6, epfd, events, milliseconds)
}

func pollBy(call func(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno), epfd int, events []unix.EpollEvent,
	milliseconds int) int {
	n, _, errno := call(unix.SYS_EPOLL_PWAIT, uintptr(epfd), uintptr(unsafe.Pointer(unsafe.SliceData(events))),
		uintptr(len(events)), uintptr(milliseconds), 0, 0)
	if errno != 0 {
		return 0 // EINTR; nothing else can happen to a descriptor of our own
	}
	return int(n)
}
