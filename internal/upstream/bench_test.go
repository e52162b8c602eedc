package upstream_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"transom/internal/upstream"
)

// BenchmarkGet1K is one GET of 1 KiB over a pooled connection: one write, one read, one look at the idle socket.
func BenchmarkGet1K(b *testing.B) {
	answer := []byte("HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nServer: x\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n" +
		strings.Repeat("x", 1024))
	w := rawWorker(b, func(c net.Conn) {
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil || !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
				return
			}
			c.Write(answer)
		}
	})
	fields := []upstream.Field{{Name: "User-Agent", Value: "bench"}, {Name: "Accept", Value: "*/*"},
		{Name: "X-Forwarded-For", Value: "127.0.0.1"}, {Name: "X-Forwarded-Host", Value: "www.example.com"}}
	req := &upstream.Request{Method: "GET", Target: "/", Host: "www.example.com"}
	scheme := upstream.HTTPSchemes()[0]
	b.ReportAllocs()
	for b.Loop() {
		req.Fields = fields
		resp, err := scheme.Exchange(context.Background(), w, req)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := resp.Body.(io.WriterTo).WriteTo(io.Discard); n != 1024 || err != nil {
			b.Fatal(n, err)
		}
		resp.Body.Close()
	}
}

// rawWorker is a worker of a backend that is a function over each connection.
func rawWorker(t testing.TB, serve func(net.Conn)) *upstream.Worker {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	u, err := upstream.ParseURL("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	w := upstream.NewWorker(u, false).Start()
	t.Cleanup(func() {
		l.Close()
		w.Close()
	})
	return w
}
