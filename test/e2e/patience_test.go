package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// Timeout and ProxyTimeout end a silence, not a long answer: neither a back end nor a client that is slow, but never for as long
// as that, loses the rest.
func TestSlowIsNotSilent(t *testing.T) {
	const step = 100 * time.Millisecond // a twentieth of the timeouts, 25 times
	body := bytes.Repeat([]byte("0123456789abcdef"), 2<<20)
	for name, framing := range map[string]string{"counted": "Content-Length: %d\r\n", "until close": "X-Length: %d\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "Timeout 2\nProxyTimeout 2\nProxyPass / http://"+backend(t, func(c net.Conn, r *http.Request) {
				part, data := len(body), body
				if r.URL.Path == "/slow" {
					part, data = 10_000, body[:250_000]
				}
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n"+framing+"\r\n", len(data))
				for ; len(data) > 0; data = data[min(part, len(data)):] {
					if _, err := c.Write(data[:min(part, len(data))]); err != nil {
						t.Error("the back end:", err)
						return
					}
					if part < len(data) {
						time.Sleep(step)
					}
				}
			})+"/\n")
			t.Run("back end", func(t *testing.T) {
				t.Parallel()
				status, got, err := s.exchange(t, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
				if status != 200 || got != string(body[:250_000]) || err != nil {
					t.Errorf("%d, %d bytes, %v", status, len(got), err)
				}
			})
			t.Run("client", func(t *testing.T) {
				t.Parallel()
				c := s.dial(t)
				defer c.Close()
				io.WriteString(c, "GET /fast HTTP/1.0\r\n\r\n")
				buf, got := make([]byte, len(body)/25), 0
				for {
					n, err := io.ReadFull(c, buf)
					got += n
					if err != nil {
						break
					}
					time.Sleep(step)
				}
				if got < len(body) {
					t.Errorf("%d bytes of %d", got, len(body))
				}
			})
		})
	}
}
