package listen

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"transom/internal/wire/http1"
)

// FuzzServer sends raw bytes to a server. Whatever they are, it answers each request that
// it takes in order with a response that parses, serves nothing after one that it
// refused, and lets the connection end.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		"GET /a HTTP/1.1\nHost: x\n\nGET /b HTTP/1.1\nHost: x\n\n", "POST /a HTTP/1.1\nHost: x\nContent-Length: 3\n\nabcGET",
		"POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nExpect: 100-continue\n\n1\na\n0\n\nHEAD / HTTP/1.0\n\n", "GET /\n",
		"GET / HTTP/1.1\nHost : x\n\nGET /b HTTP/1.1\nHost: x\n\n", "POST /skip HTTP/1.1\nHost: x\nContent-Length: 3\n\nabcGET / HTTP/1.1\nHost: x\n\n",
	} {
		f.Add([]byte(wire(s)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var methods []string
		old, refused := false, false
		set := DefaultSettings()
		s := &Server{
			Settings: func(netip.AddrPort, string) *Settings { return set },
			Handler: telling(func(w http.ResponseWriter, r *http.Request) {
				bad := told(r).Bad
				if refused {
					t.Errorf("served %s after a refused request", r.URL)
				}
				refused = bad != nil
				old = old || r.ProtoMajor == 0 && bad == nil
				if bad == nil || !bad.LogOnly {
					methods = append(methods, r.Method)
				}
				if !strings.HasPrefix(r.URL.Path, "/skip") {
					answer(w, r)
				}
			}),
		}
		c := &memConn{in: bytes.NewReader(in), closed: make(chan bool)}
		defer s.Close() // and its spare goroutines
		s.ServeConn(c)
		<-c.closed
		out := c.out.Bytes()
		if !old {
			parseAnswers(t, out, methods)
		}
	})
}

// memConn is a client that has sent all it will.
type memConn struct {
	in     *bytes.Reader
	out    bytes.Buffer
	closed chan bool
	once   sync.Once
}

func (c *memConn) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *memConn) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *memConn) CloseWrite() error                { return nil }
func (c *memConn) Close() error                     { c.once.Do(func() { close(c.closed) }); return nil }
func (c *memConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *memConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

func parseAnswers(t *testing.T, out []byte, methods []string) {
	t.Helper()
	r := http1.NewReader(bytes.NewReader(out))
	for i, method := range methods {
		var h http1.ResponseHead
		err := r.ReadResponse(&h, method, &http1.Limits{})
		if err == nil {
			err = r.ReadFinal(&h, method, &http1.Limits{}, nil)
		}
		if err == io.EOF && i == len(methods)-1 {
			return // a last request whose body was cut short is not answered
		} else if err != nil {
			t.Fatalf("answer %d of %q: %v", i, out, err)
		}
		var b http1.Body
		b.Reset(r, h.Length, http1.Limits{}, true)
		if _, err := io.ReadAll(&b); err != nil {
			t.Fatalf("body of answer %d of %q: %v", i, out, err)
		}
	}
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Fatalf("%q behind the answers", rest)
	}
}
