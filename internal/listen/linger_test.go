package listen

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// A client that is refused while its body is still being read gets the answer, however much it goes on to send: the
// connection is not reset under it (RFC 9112 §9.6).
func TestAnswerWhileBodyIsRead(t *testing.T) {
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		reading := make(chan struct{})
		go func() {
			r.Body.Read(make([]byte, 1))
			close(reading)
			io.Copy(io.Discard, r.Body)
		}()
		<-reading
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	})
	c := r.dial()
	io.WriteString(c, wire("POST / HTTP/1.1\nHost: x\nContent-Length: 100000000\n\nabc"))
	one := make([]byte, 1)
	if _, err := io.ReadFull(c, one); err != nil { // the answer is on its way
		t.Fatal(err)
	}
	for range 100 {
		if _, err := c.Write(make([]byte, 10000)); err != nil {
			t.Fatalf("sending on: %v", err)
		}
	}
	rest, err := io.ReadAll(c)
	if errors.Is(err, syscall.ECONNRESET) || !strings.HasPrefix(string(one)+string(rest), "HTTP/1.1 413 ") {
		t.Errorf("%q, %v", string(one)+string(rest), err)
	}
}
