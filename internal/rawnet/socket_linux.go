package rawnet

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Socket is a TCP connection that Go's poller does not know until somebody has waited for it twice: one that is soon handed on,
// or ended, is spared what its entry there costs. Like a net.Conn it may be closed and given deadlines by anybody; a deadline
// ends waiting only, not what can be done at once.
type Socket struct {
	io    Conn
	fd    int32
	users atomic.Int32 // of fd, and shutFlag; the last one after Close closes it

	local, remote netip.AddrPort

	file    atomic.Pointer[os.File] // owns fd once it is there
	raw     syscall.RawConn         // file's
	tryRead func(fd uintptr) bool   // io's for raw

	mu      sync.Mutex // what follows
	until   [2]time.Time
	waiting [2]*waiter
	waited  [2]bool
}

type direction int

const (
	reading direction = iota
	writing
)

var (
	interest = [2]uint32{unix.EPOLLIN | unix.EPOLLRDHUP, unix.EPOLLOUT}
	names    = [2]string{"read", "write"}
)

const shutFlag = 1 << 30

// NewSocket owns fd, which does not block. An address is invalid if nobody will ask for it.
func NewSocket(fd int, local, remote netip.AddrPort) *Socket {
	s := &Socket{fd: int32(fd), local: local, remote: remote}
	s.io = Conn{of: s, raw: (*rawSocket)(s)}
	return s
}

func (s *Socket) enter() bool {
	for {
		n := s.users.Load()
		if n&shutFlag != 0 {
			return false
		}
		if s.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *Socket) leave() {
	if s.users.Add(-1) == shutFlag {
		s.release()
	}
}

func (s *Socket) shut() bool { return s.users.Load()&shutFlag != 0 }

func (s *Socket) release() {
	if f := s.file.Load(); f != nil {
		f.Close()
		return
	}
	unix.Close(int(s.fd))
}

// Close ends whatever waits.
func (s *Socket) Close() error {
	if !s.enter() {
		return s.failed("close", net.ErrClosed)
	}
	s.users.Or(shutFlag)
	s.wake(reading)
	s.wake(writing)
	s.leave()
	return nil
}

// Detach gives up the descriptor, which is the caller's from now on. Nobody may be using the socket.
func (s *Socket) Detach() (fd int, err error) {
	if s.users.CompareAndSwap(0, shutFlag) { // before the look at file: nobody can make it any more
		if s.file.Load() == nil {
			return int(s.fd), nil
		}
		defer s.release()
		return Duplicate(int(s.fd))
	}
	defer s.Close()
	failed := s.control("dup", func(original int) error {
		fd, err = Duplicate(original)
		return err
	})
	return fd, failed
}

// Duplicate is dup(2), closed on exec.
func Duplicate(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0) }

// do calls f (nil: what io reads) until it says that it is over, and waits in between.
func (s *Socket) do(d direction, f func(fd uintptr) (over bool)) error {
	for s.file.Load() == nil {
		if !s.enter() {
			return s.failed(names[d], net.ErrClosed)
		}
		over, err := s.once(f), error(nil)
		if !over {
			err = s.await(d)
		}
		s.leave()
		if err != nil {
			return s.failed(names[d], err)
		}
		if over {
			return nil
		}
	}
	if f == nil {
		f = s.tryRead
	}
	var err error
	if d == reading {
		err = s.raw.Read(f)
	} else {
		err = s.raw.Write(f)
	}
	if err != nil {
		err = s.failed(names[d], err)
	}
	return err
}

func (s *Socket) once(f func(fd uintptr) (over bool)) bool {
	if f == nil {
		return s.io.readOnce(uintptr(s.fd))
	}
	return f(uintptr(s.fd))
}

// await returns when it is time to try again: a first time by a waiter if one is to be had, later by Go's poller.
func (s *Socket) await(d direction) error {
	w := s.begin(d)
	if w == nil {
		return nil
	}
	err := s.over(d)
	if err == nil {
		err = w.wait(s.fd, interest[d])
	}
	s.mu.Lock()
	s.waiting[d] = nil
	s.mu.Unlock()
	w.giveBack()
	if err != nil {
		return err
	}
	return s.over(d)
}

// begin returns no waiter if Go's poller knows the socket, from now on at the latest. Whoever shuts the socket or moves its deadline
// afterwards finds the waiter.
func (s *Socket) begin(d direction) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file.Load() != nil {
		return nil
	}
	var w *waiter
	if !s.waited[d] {
		s.waited[d] = true
		w = borrowWaiter()
		s.waiting[d] = w
	}
	if w == nil {
		s.settle()
		return nil
	}
	w.setDeadline(s.until[d])
	return w
}

func (s *Socket) settle() {
	f := os.NewFile(uintptr(s.fd), "tcp")
	s.raw, _ = f.SyscallConn()
	s.tryRead = s.io.readOnce
	f.SetReadDeadline(s.until[reading])
	f.SetWriteDeadline(s.until[writing])
	s.file.Store(f)
}

// over says why waiting has no use any more.
func (s *Socket) over(d direction) error {
	if s.shut() {
		return net.ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.until[d]; !t.IsZero() && time.Until(t) <= 0 {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (s *Socket) wake(d direction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.waiting[d]; w != nil {
		w.wake()
	}
}

func (s *Socket) setDeadline(d direction, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until[d] = t
	if w := s.waiting[d]; w != nil {
		w.wake() // Go's poller may know the socket, too, as the other direction has waited
	}
	switch f := s.file.Load(); {
	case s.shut():
		return s.failed("set", net.ErrClosed)
	case f != nil && d == reading:
		return f.SetReadDeadline(t)
	case f != nil:
		return f.SetWriteDeadline(t)
	}
	return nil
}

func (s *Socket) SetReadDeadline(t time.Time) error  { return s.setDeadline(reading, t) }
func (s *Socket) SetWriteDeadline(t time.Time) error { return s.setDeadline(writing, t) }

func (s *Socket) SetDeadline(t time.Time) error {
	s.setDeadline(reading, t)
	return s.setDeadline(writing, t)
}

// failed is net's error for err.
func (s *Socket) failed(op string, err error) error {
	if s.shut() {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "tcp", Source: s.LocalAddr(), Addr: s.RemoteAddr(), Err: err}
}

func (s *Socket) Read(p []byte) (int, error)  { return s.io.Read(p) }
func (s *Socket) Write(p []byte) (int, error) { return s.io.Write(p, 0) }

func (s *Socket) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(s.local) }
func (s *Socket) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }

// Addresses are those that NewSocket was given.
func (s *Socket) Addresses() (local, remote netip.AddrPort) { return s.local, s.remote }

// CloseWrite is net.TCPConn's.
func (s *Socket) CloseWrite() error {
	return s.control("shutdown", func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

// SetLinger is net.TCPConn's.
func (s *Socket) SetLinger(seconds int) error {
	l := &unix.Linger{Linger: int32(seconds)}
	if seconds >= 0 {
		l.Onoff = 1
	}
	return s.control("setsockopt", func(fd int) error { return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, l) })
}

func (s *Socket) control(name string, f func(fd int) error) error {
	if !s.enter() {
		return s.failed(name, net.ErrClosed)
	}
	defer s.leave()
	if err := f(int(s.fd)); err != nil {
		return s.failed(name, os.NewSyscallError(name, err))
	}
	return nil
}

// SyscallConn has no error, and makes no garbage.
func (s *Socket) SyscallConn() (syscall.RawConn, error) { return (*rawSocket)(s), nil }

// rawSocket is also io's, which gives no functions: most sockets would need them once.
type rawSocket Socket

func (r *rawSocket) Read(f func(fd uintptr) (over bool)) error  { return (*Socket)(r).do(reading, f) }
func (r *rawSocket) Write(f func(fd uintptr) (over bool)) error { return (*Socket)(r).do(writing, f) }

func (r *rawSocket) Control(f func(fd uintptr)) error {
	s := (*Socket)(r)
	if !s.enter() {
		return s.failed("control", net.ErrClosed)
	}
	if f == nil {
		s.io.writeAll(uintptr(s.fd))
	} else {
		f(uintptr(s.fd))
	}
	s.leave()
	return nil
}
