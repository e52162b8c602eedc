//go:build unix && !linux

package rawnet

import (
	"net"
	"net/netip"
)

// Socket is Linux's; there is none here.
type Socket struct {
	*net.TCPConn
	io Conn
}

func (*Socket) Addresses() (local, remote netip.AddrPort) { return local, remote }

func (s *Socket) WriteBuffers(b net.Buffers) (int64, error) { return b.WriteTo(s.TCPConn) }

// Listen changes nothing here.
func Listen(l net.Listener) (net.Listener, error) { return l, nil }
