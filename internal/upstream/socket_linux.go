package upstream

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"transom/internal/rawnet"
)

// dialTunnel connects to an address as a net.Dialer would, and fails with its errors. The connection will soon be a tunnel's: it is
// made without the goroutine and with fewer system calls than net.Dialer takes.
func dialTunnel(ctx context.Context, addr netip.AddrPort, timeout time.Duration) (net.Conn, error) {
	s, err := openSocket(ctx, addr, timeout)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(addr), Err: err}
	}
	return s, nil
}

func openSocket(ctx context.Context, addr netip.AddrPort, timeout time.Duration) (*rawnet.Socket, error) {
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
func connectSocket(ctx context.Context, fd int, addr netip.AddrPort, timeout time.Duration) (*rawnet.Socket, error) {
	s := rawnet.NewSocket(fd, netip.AddrPort{}, addr)
	one := int32(1)
	rawnet.SetOption(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, unsafe.Pointer(&one), unsafe.Sizeof(one))
	over, err := startConnect(fd, addr)
	if !over { // over the loopback it is by now
		over, err = startConnect(fd, addr)
	}
	if !over {
		err = awaitConnect(ctx, s, addr, timeout)
	}
	if err == nil && itself(fd, addr) {
		err = os.NewSyscallError("connect", unix.ECONNREFUSED)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// itself says that the kernel chose, as the socket's own port, the one to connect to: if nobody listens there, TCP's simultaneous
// open connects a socket with itself.
func itself(fd int, addr netip.AddrPort) bool {
	return addr.Port() >= 1024 && rawnet.LocalAddr(fd) == addr // a lower one is never chosen
}

// startConnect starts to connect, or asks what came of it. It does not tell Go's scheduler, as it does not wait: over the loopback the
// kernel does the whole handshake in it, and the scheduler's monitor would take the processor away.
func startConnect(fd int, addr netip.AddrPort) (over bool, err error) {
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
		errno = startConnectBy(fd, addr)
	}
	switch errno {
	case 0, unix.EISCONN:
		return true, nil
	case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return false, nil
	}
	return true, os.NewSyscallError("connect", errno)
}

func startConnectBy(fd int, addr netip.AddrPort) unix.Errno {
	var sa unix.Sockaddr = &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
	if addr.Addr().Is4() {
		sa = &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	}
	errno, _ := unix.Connect(fd, sa).(unix.Errno)
	return errno
}

// awaitConnect waits until the attempt to connect has succeeded or failed.
func awaitConnect(ctx context.Context, s *rawnet.Socket, addr netip.AddrPort, timeout time.Duration) error {
	s.SetWriteDeadline(time.Now().Add(timeout))
	defer s.SetWriteDeadline(time.Time{})
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { s.SetWriteDeadline(time.Unix(1, 0)) })
		defer stop()
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if raw.Write(func(fd uintptr) (over bool) {
		over, failed = startConnect(int(fd), addr)
		return over
	}) != nil {
		return os.ErrDeadlineExceeded
	}
	return failed
}
