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
	rests := int32(0)
	rest := func() { // waits until the connection has begun to rest once more
		for rests++; begun(r) < rests; {
			time.Sleep(10 * time.Millisecond)
		}
	}
	for range 2 {
		io.WriteString(c, wire("GET /a HTTP/1.1\nHost: x\n\n"))
		n, err := c.Read(buf)
		if !strings.HasSuffix(string(buf[:n]), "GET /a ") {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		rest()
		sock.parts = rest // in the middle of a record
	}
}

// begun is how many rests there were.
func begun(r *rig) int32 {
	r.resting.mu.Lock()
	defer r.resting.mu.Unlock()
	return r.resting.last
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
