package tunnel

import "net"

// Transport belongs between crypto/tls and a socket: tls.Server(tunnel.NewTransport(c), config). It changes nothing until
// a Relay takes the TLS connection over; then a relay with event loops can move the socket out of Go's poller, and
// the TLS connection, idle, needs no goroutine.
type Transport struct{ net.Conn }

// NewTransport owns c.
func NewTransport(c net.Conn) *Transport { return &Transport{c} }

// CloseWrite ends the stream if the connection can do that.
func (t *Transport) CloseWrite() error {
	if w, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return nil
}
