package listen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
)

type tlsInfo struct {
	state *tls.ConnectionState
	plain bool // the client spoke HTTP where TLS was due
}

const recordHandshake = 0x16 // the first byte of every TLS connection

// startTLS makes the handshake and reports whether HTTP/1 follows.
func (c *conn) startTLS() bool {
	c.pacer.arm(c.sock)
	if c.raw != nil {
		first, err := peek(c.raw)
		if err != nil {
			return false
		}
		if first != recordHandshake {
			c.tls.plain = true
			return true
		}
	}
	c.armWrite(c.settings.Timeout)
	under := c.sock
	if c.server.WrapRaw != nil {
		under = c.server.WrapRaw(under)
	}
	tc := tls.Server(under, c.settings.TLS)
	if err := tc.Handshake(); err != nil {
		c.server.log(fmt.Errorf("TLS handshake with %s: %w", c.peer, err))
		return false
	}
	state := tc.ConnectionState()
	c.use(tc)
	c.tls.state = &state
	if state.ServerName != "" {
		if s := c.server.Settings(c.local(), state.ServerName); s != nil {
			c.settings = s
		}
	}
	if state.NegotiatedProtocol == "h2" {
		c.serveH2(tc)
		return false
	}
	return true
}

func (s *Server) logPanic(e any) {
	if err, ok := e.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return
	}
	s.log(fmt.Errorf("handler panicked: %v\n%s", e, debug.Stack()))
}
