package upstream

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is a TCP connection that will soon be a tunnel's. It is made without the goroutine and with fewer system calls
// than net.Dialer takes, and leaves Go's poller by Detach.
type socket struct {
	*os.File
	remote netip.AddrPort
}

// dialTunnel connects to an address as a net.Dialer would, and fails with its errors.
func dialTunnel(ctx context.Context, addr netip.AddrPort, timeout time.Duration) (net.Conn, error) {
	s, err := openSocket(ctx, addr, timeout)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(addr), Err: err}
	}
	return s, nil
}

func openSocket(ctx context.Context, addr netip.AddrPort, timeout time.Duration) (*socket, error) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	family := unix.AF_INET
	if addr.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	return connectSocket(ctx, fd, addr, timeout)
}

// connectSocket owns fd.
func connectSocket(ctx context.Context, fd int, addr netip.AddrPort, timeout time.Duration) (*socket, error) {
	unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if errno := startConnect(fd, addr); errno != 0 && errno != unix.EINPROGRESS && errno != unix.EINTR {
		unix.Close(fd)
		return nil, os.NewSyscallError("connect", errno)
	}
	s := &socket{os.NewFile(uintptr(fd), "tcp"), addr}
	if !connected(fd) { // else over the loopback at once, whatever connect said
		if err := s.await(ctx, timeout); err != nil {
			s.Close()
			return nil, err
		}
	}
	if itself(fd, addr) {
		s.Close()
		return nil, os.NewSyscallError("connect", unix.ECONNREFUSED)
	}
	return s, nil
}

// itself says that the kernel chose, as the socket's own port, the one to connect to: if nobody listens there, TCP's simultaneous
// open connects a socket with itself.
func itself(fd int, addr netip.AddrPort) bool {
	if addr.Port() < 1024 { // never chosen
		return false
	}
	switch local, _ := syscall.Getsockname(fd); local := local.(type) {
	case *syscall.SockaddrInet4:
		return local.Port == int(addr.Port()) && netip.AddrFrom4(local.Addr) == addr.Addr()
	case *syscall.SockaddrInet6:
		return local.Port == int(addr.Port()) && netip.AddrFrom16(local.Addr) == addr.Addr()
	}
	return false
}

// startConnect does not tell Go's scheduler, as it does not wait: over the loopback the kernel does the whole handshake in it, and the
// scheduler's monitor would take the processor away.
func startConnect(fd int, addr netip.AddrPort) unix.Errno {
	var errno unix.Errno
	if ip := addr.Addr(); ip.Is4() {
		sa := unix.RawSockaddrInet4{Family: unix.AF_INET, Addr: ip.As4()}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], addr.Port())
		_, _, errno = unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&sa)), unsafe.Sizeof(sa))
	} else {
		sa := unix.RawSockaddrInet6{Family: unix.AF_INET6, Addr: ip.As16()}
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.Port))[:], addr.Port())
		_, _, errno = unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&sa)), unsafe.Sizeof(sa))
	}
	if errno == unix.ENOSYS { // on 386 before Linux 4.3
		return startConnectBy(fd, addr)
	}
	return errno
}

func startConnectBy(fd int, addr netip.AddrPort) unix.Errno {
	var sa unix.Sockaddr = &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
	if addr.Addr().Is4() {
		sa = &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	errno, _ := unix.Connect(fd, sa).(unix.Errno)
	return errno
}

func connected(fd int) bool {
	_, err := syscall.Getpeername(fd) // unix.Getpeername makes a second call
	return err == nil
}

// await waits until the attempt to connect has succeeded or failed.
func (s *socket) await(ctx context.Context, timeout time.Duration) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	s.SetWriteDeadline(time.Now().Add(timeout))
	defer s.SetWriteDeadline(time.Time{})
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { s.SetWriteDeadline(time.Unix(1, 0)) })
		defer stop()
	}
	var failed error
	err = raw.Write(func(fd uintptr) (over bool) {
		errno, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil || errno != 0 {
			failed = os.NewSyscallError("connect", syscall.Errno(errno))
		}
		return failed != nil || connected(int(fd))
	})
	if err != nil {
		return os.ErrDeadlineExceeded
	}
	return failed
}

// Detach implements tunnel.Detacher.
func (s *socket) Detach() (fd int, err error) {
	defer s.Close()
	raw, err := s.SyscallConn()
	if err != nil {
		return -1, err
	}
	failed := raw.Control(func(original uintptr) { fd, err = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0) })
	if failed != nil {
		return -1, failed
	}
	return fd, err
}

// CloseWrite and SetLinger are net.TCPConn's, for the relay that leaves the connection with Go's poller.

func (s *socket) CloseWrite() error {
	return s.control("shutdown", func(fd int) error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

func (s *socket) SetLinger(seconds int) error {
	l := &unix.Linger{Linger: int32(seconds)}
	if seconds >= 0 {
		l.Onoff = 1
	}
	return s.control("setsockopt", func(fd int) error { return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, l) })
}

func (s *socket) control(name string, f func(fd int) error) error {
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return os.NewSyscallError(name, failed)
}

func (s *socket) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }

// LocalAddr is for errors' texts only.
func (s *socket) LocalAddr() net.Addr { return &net.TCPAddr{} }
