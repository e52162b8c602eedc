package tunnel

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"transom/internal/rawnet"
)

// port is one side of a tunnel: a non-blocking socket that the port owns, perhaps under TLS.
type port struct {
	fd int32
	// doubt: a short read does not mean that there is no more, as the end of the stream or urgent data may follow.
	doubt   bool
	watched bool    // for room to write, too
	secure  *secure // nil for a plain socket
}

const (
	readInterest = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET&0xffffffff
	interest     = readInterest | unix.EPOLLOUT

	readEvents  = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLHUP | unix.EPOLLERR
	doubtEvents = readEvents &^ unix.EPOLLIN
	writeEvents = unix.EPOLLOUT | unix.EPOLLHUP | unix.EPOLLERR
)

// ready takes note of events, and reports whether the port is readable and writable now.
func (p *port) ready(events uint32) (readable, writable bool) {
	if events&doubtEvents != 0 {
		p.doubt = true
	}
	readable, writable = events&readEvents != 0, events&writeEvents != 0
	if p.secure != nil {
		p.secure.stream.dry = p.secure.stream.dry && !readable
		writable = writable && p.secure.flush()
	}
	return readable, writable
}

func (p *port) read(b []byte) (int, error) {
	if p.secure != nil {
		p.secure.stream.doubt = p.doubt
		return p.secure.read(b)
	}
	n, err := rawRead(p.fd, b)
	if p.doubt && n > 0 {
		return n, nil
	}
	return n, err
}

func (p *port) write(b []byte) (int, error) {
	if p.secure != nil {
		return p.secure.write(b)
	}
	return rawWrite(p.fd, b)
}

func (p *port) shut() error {
	if p.secure != nil {
		return p.secure.shut()
	}
	return unix.Shutdown(int(p.fd), unix.SHUT_WR)
}

// holds: there may be something to read that no event will tell of.
func (p *port) holds() bool { return p.secure != nil && holds(p.secure.Conn) }

// queues: there is something to write that the driver does not know of.
func (p *port) queues() bool { return p.secure != nil && p.secure.stream.queue != nil }

func (p *port) close(reset bool) {
	if reset {
		l := unix.Linger{Onoff: 1}
		rawnet.SetOption(int(p.fd), unix.SOL_SOCKET, unix.SO_LINGER, unsafe.Pointer(&l), unsafe.Sizeof(l))
	} else if p.secure != nil {
		p.secure.Close() // says goodbye
		return
	}
	unix.RawSyscall(unix.SYS_CLOSE, uintptr(p.fd), 0, 0) // it has nothing to wait for
}

// canDetach reports whether an event loop can carry the connection.
func canDetach(c net.Conn) bool {
	switch c := c.(type) {
	case *rawnet.Socket, *net.TCPConn, *net.UnixConn:
		return true
	case *Transport:
		return canDetach(c.Conn)
	case *tls.Conn:
		t, ok := c.NetConn().(*Transport)
		return ok && canDetach(t.Conn)
	}
	return false
}

// detach takes a connection out of Go's poller: the port has a duplicate of its descriptor, and the original is
// closed. On an error, c is closed all the same.
func detach(c net.Conn) (port, error) {
	if t, ok := c.(*Transport); ok {
		c = t.Conn
	}
	socket := c
	if t, ok := c.(*tls.Conn); ok {
		socket = t.NetConn().(*Transport).Conn
	}
	fd, err := take(socket)
	if err != nil {
		return port{}, err
	}
	p := port{fd: fd}
	if t, ok := c.(*tls.Conn); ok {
		p.secure = &secure{Conn: t, stream: stream{fd: fd}}
		t.NetConn().(*Transport).Conn = &p.secure.stream
		trim(t, 0)
	}
	return p, nil
}

// take closes the connection, but not its socket.
func take(c net.Conn) (fd int32, err error) {
	if s, ok := c.(*rawnet.Socket); ok {
		fd, err := s.Detach()
		return int32(fd), err
	}
	return duplicate(c)
}

func duplicate(c net.Conn) (fd int32, err error) {
	defer c.Close()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var dup int
	failed := raw.Control(func(original uintptr) { dup, err = rawnet.Duplicate(int(original)) })
	return int32(dup), errors.Join(failed, err)
}
