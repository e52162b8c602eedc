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

// HandshakeError is what Server.Log is told of a TLS connection that did not come about.
type HandshakeError struct {
	Client string // host:port
	Err    error
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("TLS handshake with %s: %v", e.Client, e.Err)
}
func (e *HandshakeError) Unwrap() error { return e.Err }

const recordHandshake = 0x16 // the first byte of every TLS connection

// startTLS makes the handshake and reports whether HTTP/1 follows.
func (c *conn) startTLS() bool {
	c.pacer.arm(c.sock)
	if c.tcp != nil {
		first, err := peek(c.tcp)
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
	tc := tls.Server(under, c.tlsConfig())
	if err := tc.Handshake(); err != nil {
		c.server.log(&HandshakeError{Client: c.peer, Err: err})
		return false
	}
	state := tc.ConnectionState()
	c.use(tc)
	c.tls.state = &state
	if state.ServerName != "" {
		if s := c.server.Settings(c.local, state.ServerName); s != nil {
			c.settings = s
		}
	}
	if state.NegotiatedProtocol == "h2" {
		c.serveH2(tc)
		return false
	}
	return true
}

// tlsConfig is that of the host that the client names, or of the address if that one has none.
func (c *conn) tlsConfig() *tls.Config {
	return &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if hello.ServerName != "" {
			if s := c.server.Settings(c.local, hello.ServerName); s != nil && s.TLS != nil {
				return s.TLS, nil
			}
		}
		return c.settings.TLS, nil
	}}
}

func (s *Server) logPanic(e any) {
	if err, ok := e.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return
	}
	s.log(fmt.Errorf("panicked: %v\n%s", e, debug.Stack()))
}
