package upstream_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"transom/internal/upstream"
)

// writes notes each Write.
type writes struct {
	parts  []string
	failed error
}

func (w *writes) Write(p []byte) (int, error) {
	w.parts = append(w.parts, string(p))
	return len(p), w.failed
}

// TestWhole: a body that came with its head is written at once, from where it lies, and its connection is used again, even if the
// client is gone.
func TestWhole(t *testing.T) {
	failed := errors.New("the client is gone")
	for _, test := range []struct {
		method, body string
		rest         int // of the body, that comes later
		client       error
		whole        bool
	}{
		{"GET", "hello", 0, nil, true},
		{"GET", strings.Repeat("x", 3000), 0, nil, true},
		{"GET", "hello", 0, failed, true},
		{"GET", "", 0, nil, true},
		{"HEAD", "", 0, nil, true},
		{"GET", "hello", 2, nil, false},
		{"GET", strings.Repeat("x", 9000), 0, nil, false},
	} {
		t.Run(fmt.Sprint(test.method, len(test.body), test.rest, test.client), func(t *testing.T) {
			more := make(chan bool, 1)
			w := rawWorker(t, func(c net.Conn) {
				if _, _, ok := readHead(c); !ok {
					return
				}
				early := len(test.body) - test.rest
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(test.body), test.body[:early])
				<-more
				io.WriteString(c, test.body[early:])
				io.Copy(io.Discard, c)
			})
			resp, err := exchange(w, &upstream.Request{Method: test.method, Target: "/"})
			if err != nil {
				t.Fatal(err)
			}
			more <- true
			if resp.Whole != test.whole {
				t.Errorf("whole: %v", resp.Whole)
			}
			var dst writes
			dst.failed = test.client
			n, err := resp.Body.(io.WriterTo).WriteTo(&dst)
			if err != test.client || int(n) != len(test.body) || strings.Join(dst.parts, "") != test.body || test.whole && len(dst.parts) > 1 {
				t.Errorf("%d, %v: %q", n, err, dst.parts)
			}
			if s := w.Stats(); s.Idle != 1 || s.Busy != 0 {
				t.Errorf("%+v", s)
			}
			if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("behind the end: %d, %v", n, err)
			}
			resp.Body.Close()
		})
	}
}

// TestNoGarbage counts what an exchange over a pooled connection allocates: the text of the response's head.
func TestNoGarbage(t *testing.T) {
	w := rawWorker(t, func(c net.Conn) {
		answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")
		for buf := make([]byte, 4096); ; {
			if _, err := c.Read(buf); err != nil {
				return
			}
			c.Write(answer)
		}
	})
	fields := []upstream.Field{{Name: "User-Agent", Value: "test"}}
	req, sink := &upstream.Request{Method: "GET", Target: "/"}, &writes{parts: make([]string, 0, 1000)}
	n := testing.AllocsPerRun(100, func() {
		req.Fields = fields
		resp, err := exchange(w, req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.(io.WriterTo).WriteTo(sink)
		resp.Body.Close()
	})
	if n > 3 { // and what sink notes; the race detector drops what a pool is given now and then
		t.Errorf("%v allocations", n)
	}
}
