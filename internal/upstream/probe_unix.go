//go:build unix

package upstream

import (
	"net"
	"syscall"
)

type look uint8

const (
	ended look = iota
	silent
	readable
)

// prober looks at a socket without reading from it. Its function is made once per connection: looking allocates nothing.
type prober struct {
	raw syscall.RawConn
	fn  func(fd uintptr)
	n   int
	err error
	buf [1]byte
}

func (p *prober) init(c net.Conn) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	p.raw = raw
	p.fn = func(fd uintptr) {
		p.n, _, p.err = syscall.Recvfrom(int(fd), p.buf[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}
}

// look is by Control, not Read: a read deadline that has passed meanwhile must not matter.
func (p *prober) look() look {
	if p.raw == nil {
		return silent // in memory (tests): the next read tells
	}
	if err := p.raw.Control(p.fn); err != nil {
		return ended
	}
	switch {
	case p.err == syscall.EAGAIN || p.err == syscall.EWOULDBLOCK || p.err == syscall.EINTR:
		return silent
	case p.err == nil && p.n > 0:
		return readable
	}
	return ended
}
