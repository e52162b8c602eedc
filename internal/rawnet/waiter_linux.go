package rawnet

import (
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter is an epoll instance that Go's poller watches, and by which one goroutine at a time waits for a socket that the poller does
// not know: that takes two system calls and no memory.
type waiter struct {
	fd    int // of the instance
	epoll *os.File
	raw   syscall.RawConn
	until time.Time // the deadline that is set, or an earlier one
	try   func(fd uintptr) bool

	socket   int32
	interest uint32
	asked    bool
	failed   error
}

// waiters are made together and never closed. Whoever finds none left uses Go's poller.
var waiters struct {
	make  sync.Once
	mu    sync.Mutex
	spare []*waiter
}

const mostWaiters = 16

// borrowWaiter is nil if there is none.
func borrowWaiter() *waiter {
	waiters.make.Do(makeWaiters)
	waiters.mu.Lock()
	defer waiters.mu.Unlock()
	n := len(waiters.spare)
	if n == 0 {
		return nil
	}
	w := waiters.spare[n-1]
	waiters.spare = waiters.spare[:n-1]
	return w
}

func makeWaiters() {
	for range mostWaiters {
		if w := newWaiter(); w != nil {
			w.giveBack()
		}
	}
}

func (w *waiter) giveBack() {
	waiters.mu.Lock()
	waiters.spare = append(waiters.spare, w)
	waiters.mu.Unlock()
}

func newWaiter() *waiter {
	fd, epoll, raw, err := NewEpoll()
	if err != nil {
		return nil
	}
	w := &waiter{fd: fd, epoll: epoll, raw: raw}
	w.try = w.tryOnce
	return w
}

// NewEpoll makes an epoll instance that Go's poller watches: whoever reads from its RawConn waits for its first event, under a read
// deadline. The file owns fd.
func NewEpoll() (fd int, file *os.File, raw syscall.RawConn, err error) {
	if fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return -1, nil, nil, err
	}
	if err = unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, nil, nil, err
	}
	file = os.NewFile(uintptr(fd), "epoll")
	if raw, err = file.SyscallConn(); err == nil {
		err = file.SetReadDeadline(time.Time{}) // fails where the poller doesn't take it
	}
	if err != nil {
		file.Close()
		return -1, nil, nil, err
	}
	return fd, file, raw, nil
}

// setDeadline lets an earlier deadline stand: it only makes wait return for no reason.
func (w *waiter) setDeadline(t time.Time) {
	if !t.IsZero() && (w.until.IsZero() || t.Before(w.until)) {
		w.until = t
		w.epoll.SetReadDeadline(t)
	}
}

// wait returns when something has happened to the socket, when the deadline is over, or for no reason.
func (w *waiter) wait(socket int32, interest uint32) error {
	w.socket, w.interest, w.asked, w.failed = socket, interest, false, nil
	err := w.raw.Read(w.try)
	if w.asked && w.failed == nil {
		w.control(unix.EPOLL_CTL_DEL)
	}
	if err != nil {
		w.until = time.Time{}
		w.epoll.SetReadDeadline(w.until)
	}
	return w.failed
}

// tryOnce adds the socket only when the poller would tell of its first event.
func (w *waiter) tryOnce(uintptr) (over bool) {
	if w.asked {
		return true
	}
	w.asked = true
	w.failed = w.control(unix.EPOLL_CTL_ADD)
	return w.failed != nil
}

func (w *waiter) control(op int) error {
	ev := unix.EpollEvent{Events: w.interest}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(w.fd), uintptr(op), uintptr(w.socket), uintptr(unsafe.Pointer(&ev)), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("epoll_ctl", errno)
	}
	return nil
}

var past = time.Unix(1, 0)

// wake ends the wait under way.
func (w *waiter) wake() { w.epoll.SetReadDeadline(past) }
