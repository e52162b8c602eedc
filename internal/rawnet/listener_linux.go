package rawnet

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Listener accepts Sockets. One goroutine may call Accept at a time.
type Listener struct {
	file  *os.File
	raw   syscall.RawConn
	addr  net.Addr
	local netip.AddrPort // of all connections; invalid if it listens on any address
	try   func(fd uintptr) bool

	fd     int // of the connection that came last
	failed error
	peer   netip.AddrPort
	room   unix.RawSockaddrAny
}

// Listen takes l over. What is set on its socket is set on those that it accepts, which get TCP_NODELAY too, as net's.
func Listen(l net.Listener) (net.Listener, error) {
	t, ok := l.(*net.TCPListener)
	if !ok {
		return l, nil
	}
	defer t.Close()
	waiters.make.Do(makeWaiters) // now, so that a server's descriptors are as many from its start on
	f, err := t.File()
	if err != nil {
		return nil, err
	}
	m := &Listener{file: f, addr: t.Addr()}
	if local := t.Addr().(*net.TCPAddr).AddrPort(); !local.Addr().IsUnspecified() {
		m.local = unmapped(local)
	}
	m.try = m.acceptOnce
	if m.raw, err = f.SyscallConn(); err == nil {
		err = m.raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) })
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

func (l *Listener) Addr() net.Addr { return l.addr }
func (l *Listener) Close() error   { return l.file.Close() }

// Accept waits for the next connection. After Close its error is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	l.fd, l.failed = -1, nil
	if err := l.raw.Read(l.try); err != nil {
		return nil, l.wrong(net.ErrClosed)
	}
	if l.failed != nil {
		return nil, l.wrong(os.NewSyscallError("accept", l.failed))
	}
	local := l.local
	if !local.IsValid() {
		local = LocalAddr(l.fd)
	}
	return NewSocket(l.fd, local, l.peer), nil
}

func (l *Listener) wrong(err error) error {
	return &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: err}
}

func (l *Listener) acceptOnce(fd uintptr) (over bool) {
	for {
		l.accept(fd)
		switch l.failed {
		case unix.EAGAIN:
			return false
		case unix.EINTR, unix.ECONNABORTED:
			continue
		}
		return true
	}
}

// accept does not tell Go's scheduler, as it does not wait.
func (l *Listener) accept(fd uintptr) {
	size := uint32(unsafe.Sizeof(l.room))
	n, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, fd, uintptr(unsafe.Pointer(&l.room)), uintptr(unsafe.Pointer(&size)),
		unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	switch errno {
	case 0:
		l.fd, l.failed, l.peer = int(n), nil, addrPortIn(&l.room)
	case unix.EAGAIN:
		l.failed = unix.EAGAIN // a constant, which is no garbage
	case unix.ENOSYS: // on 386 before Linux 4.3
		var sa unix.Sockaddr
		l.fd, sa, l.failed = unix.Accept4(int(fd), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		l.peer = addrPortOf(sa)
	default:
		l.failed = errno
	}
}

// LocalAddr is a socket's own address, invalid if it has none.
func LocalAddr(fd int) netip.AddrPort {
	var room unix.RawSockaddrAny
	size := uint32(unsafe.Sizeof(room))
	_, _, errno := unix.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&room)), uintptr(unsafe.Pointer(&size)))
	if errno == unix.ENOSYS { // on 386 before Linux 4.3
		sa, _ := unix.Getsockname(fd)
		return addrPortOf(sa)
	}
	return addrPortIn(&room)
}

// SetOption is setsockopt(2), of which Go's scheduler is not told either.
func SetOption(fd, level, name int, value unsafe.Pointer, size uintptr) {
	_, _, errno := unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name), uintptr(value), size, 0)
	if errno == unix.ENOSYS { // on 386 before Linux 4.3
		unix.SetsockoptString(fd, level, name, unsafe.String((*byte)(value), int(size)))
	}
}

func addrPortIn(sa *unix.RawSockaddrAny) netip.AddrPort {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), bigEndian(in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		return inet6(in.Addr, bigEndian(in.Port), in.Scope_id)
	}
	return netip.AddrPort{}
}

func addrPortOf(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return inet6(sa.Addr, uint16(sa.Port), sa.ZoneId)
	}
	return netip.AddrPort{}
}

func bigEndian(port uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&port))[:])
}

// inet6 names the zone as net does.
func inet6(ip [16]byte, port uint16, zone uint32) netip.AddrPort {
	addr := netip.AddrFrom16(ip).Unmap()
	if zone != 0 {
		name := strconv.Itoa(int(zone))
		if i, err := net.InterfaceByIndex(int(zone)); err == nil {
			name = i.Name
		}
		addr = addr.WithZone(name)
	}
	return netip.AddrPortFrom(addr, port)
}

func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
