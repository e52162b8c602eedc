package listen

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"testing"
)

const benchRequest = "GET /a/page.html?x=1 HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
	"Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nCookie: a=b\r\n\r\n"

func benchHandler() http.Handler {
	page := make([]byte, 1024)
	length := []string{strconv.Itoa(len(page))}
	typ := []string{"text/html"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Content-Type"], h["Content-Length"] = typ, length
		w.Write(page)
	})
}

// BenchmarkGet is a GET of 1 KiB on a connection that is kept alive, over loopback. The
// client allocates nothing; its CPU is the same for both servers.
func BenchmarkGet(b *testing.B) {
	b.Run("listen", func(b *testing.B) {
		set := DefaultSettings()
		set.MaxKeepAliveRequests = 0
		s := &Server{Handler: telling(benchHandler().ServeHTTP), Settings: func(netip.AddrPort, string) *Settings { return set }}
		l, err := Listen("127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		go s.Serve(l)
		defer s.Close()
		benchClient(b, l.Addr().String())
	})
	b.Run("net-http", func(b *testing.B) {
		s := &http.Server{Handler: benchHandler()}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		go s.Serve(l)
		defer s.Close()
		benchClient(b, l.Addr().String())
	})
}

func benchClient(b *testing.B, addr string) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 8192)
	req := []byte(benchRequest)
	c.Write(req)
	size, err := c.Read(buf)
	if err != nil || size < 1024 {
		b.Fatal(size, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Write(req)
		if _, err := io.ReadFull(c, buf[:size]); err != nil {
			b.Fatal(err)
		}
	}
}
