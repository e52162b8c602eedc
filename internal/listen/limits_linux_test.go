package listen

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func resting(r *rig) int {
	r.resting.mu.Lock()
	defer r.resting.mu.Unlock()
	return len(r.resting.conns)
}

// A rested connection is served over TLS too, also when the next record comes in parts.
func TestRestOverTLS(t *testing.T) {
	r := start(t, tlsSettings(t), answer)
	sock := &partConn{TCPConn: r.dial()}
	c := tls.Client(sock, &tls.Config{InsecureSkipVerify: true})
	buf := make([]byte, 1000)
	for range 2 {
		io.WriteString(c, wire("GET /a HTTP/1.1\nHost: x\n\n"))
		n, err := c.Read(buf)
		if !strings.HasSuffix(string(buf[:n]), "GET /a ") {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		for resting(r) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		sock.parts = func() {
			for resting(r) > 0 {
				time.Sleep(10 * time.Millisecond)
			}
			for resting(r) == 0 { // it rests again, in the middle of a record
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
}

// partConn sends the first byte of a write, waits, and sends the others.
type partConn struct {
	*net.TCPConn
	parts func()
}

func (c *partConn) Write(p []byte) (int, error) {
	if c.parts == nil {
		return c.TCPConn.Write(p)
	}
	c.TCPConn.Write(p[:1])
	c.parts()
	n, err := c.TCPConn.Write(p[1:])
	return n + 1, err
}
