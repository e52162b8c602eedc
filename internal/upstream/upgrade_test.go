package upstream_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"transom/internal/upstream"
	"transom/internal/wire/ws"
)

const key = "dGhlIHNhbXBsZSBub25jZQ=="

func handshake() *upstream.Request {
	return &upstream.Request{Method: "GET", Target: "/ws", Host: "h", Upgrade: true, Fields: []upstream.Field{
		{Name: "Upgrade", Value: "websocket"}, {Name: "Connection", Value: "Upgrade"},
		{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "Sec-WebSocket-Key", Value: key}}}
}

func switching(lines ...string) string {
	return "HTTP/1.1 101 Switching Protocols\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// TestUpgrade: only a 101 that answers the handshake switches (cases 1, 2, 5 to 11).
func TestUpgrade(t *testing.T) {
	up, conn, accept := "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: "+ws.Accept(key)
	plain := &upstream.Request{Method: "GET", Target: "/", Host: "h"}
	posted := handshake()
	posted.Method = "POST"
	noKey := handshake()
	noKey.Fields = noKey.Fields[:3]
	oldVersion := handshake()
	oldVersion.Fields[2].Value = "777"
	notAllowed := handshake()
	notAllowed.Upgrade = false
	tests := []struct {
		name   string
		req    *upstream.Request
		answer string
		want   string
	}{
		{"switched", handshake(), switching(up, conn, accept), "switched"},
		{"any case", handshake(), switching("upgrade: WebSocket", "connection: keep-alive, upgrade", accept), "switched"},
		{"case 1: 426", handshake(), "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n", "426"},
		{"case 6: 200 that looks like a switch", handshake(), "HTTP/1.1 200 OK\r\n" + up + "\r\n" + conn + "\r\nContent-Length: 0\r\n\r\n", "200"},
		{"case 2: wrong accept", handshake(), switching(up, conn, "Sec-WebSocket-Accept: x"), "502"},
		{"no accept", handshake(), switching(up, conn), "502"},
		{"case 10: other token", handshake(), switching("Upgrade: h2c", conn, accept), "502"},
		{"case 10: two tokens", handshake(), switching(up, "Upgrade: h2c", conn, accept), "502"},
		{"case 10: no Connection", handshake(), switching(up, accept), "502"},
		{"case 9: plain GET", plain, switching(up, conn, accept), "502"},
		{"case 2: POST", posted, switching(up, conn, accept), "502"},
		{"no key", noKey, switching(up, conn, accept), "502"},
		{"case 1: version 777", oldVersion, switching(up, conn, accept), "502"},
		{"not allowed", notAllowed, switching(up, conn, accept), "502"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			closed := make(chan bool)
			w := rawWorker(t, func(c net.Conn) {
				readHead(c)
				io.WriteString(c, test.answer)
				io.Copy(io.Discard, c)
				close(closed)
			})
			resp, err := exchange(w, test.req)
			got := ""
			switch {
			case err != nil:
				got = fmt.Sprint(upstream.StatusOf(err))
				<-closed // at once, not pooled
			case resp.Upgraded != nil:
				got = "switched"
				if len(resp.Get("Sec-WebSocket-Accept")) == 0 || resp.Get("Connection") != "" || resp.Get("Upgrade") != "" {
					t.Errorf("fields %v", resp.Fields)
				}
				if s := w.Stats(); s.Busy != 1 || s.Open != 1 {
					t.Errorf("tunnel not counted: %+v", s)
				}
				resp.Upgraded.Conn.Close()
				resp.Upgraded.Slot.Free()
			default:
				got = fmt.Sprint(resp.Status)
				resp.Body.Close()
			}
			if got != test.want {
				t.Errorf("got %s (%v), want %s", got, err, test.want)
			}
			if s := w.Stats(); s.Busy != 0 || test.want == "502" && s.Open != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestSwitchKeepsBytes: case 11, frames right behind the 101, however it is cut, come once and in order.
func TestSwitchKeepsBytes(t *testing.T) {
	head := switching("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: "+ws.Accept(key))
	for _, cut := range []int{1, len(head) - 1, len(head), len(head) + 2, len(head) + 6000} {
		frames := strings.Repeat("frame!", 1500)
		w := rawWorker(t, func(c net.Conn) {
			readHead(c)
			all := head + frames
			io.WriteString(c, all[:cut])
			time.Sleep(time.Millisecond)
			io.WriteString(c, all[cut:])
		})
		resp, err := exchange(w, handshake())
		if err != nil {
			t.Fatal(cut, err)
		}
		rest, _ := io.ReadAll(resp.Upgraded.Conn)
		resp.Upgraded.Conn.Close()
		resp.Upgraded.Slot.Free()
		if got := string(resp.Upgraded.Buffered) + string(rest); got != frames {
			t.Errorf("cut at %d: %d bytes of %d", cut, len(got), len(frames))
		}
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heads := make(chan string, 2)
	go func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
			script("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok...", heads)(c)
		}
	}()
	u, err := upstream.ParseURL("unix:" + path + "|http://app.example.com/x")
	if err != nil {
		t.Fatal(err)
	}
	w := upstream.NewWorker(u, false).Start()
	defer w.Close()
	for range 2 {
		resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/x"})
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if head := <-heads; !strings.Contains(head, "\r\nHost: app.example.com\r\n") {
			t.Errorf("%q", head)
		}
	}
}

func certificate(t *testing.T, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: names, IsCA: true,
		BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	cert, _ := x509.ParseCertificate(der)
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}, pool
}

// TestTLS: reuse in spite of session tickets, the server name, WrapRaw below, and a close_notify that ends the idle connection.
func TestTLS(t *testing.T) {
	cert, roots := certificate(t, "one.example.com", "two.example.com")
	var conns atomic.Int64
	var wrapped []net.Conn
	names := make(chan string, 10)
	served := make(chan *tls.Conn, 10)
	plain := rawWorker(t, func(raw net.Conn) {
		conns.Add(1)
		c := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{cert}})
		if c.Handshake() != nil {
			return
		}
		names <- c.ConnectionState().ServerName
		served <- c
		script("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok...", nil)(c)
	})
	u := plain.URL
	u.Scheme = "https"
	w := upstream.NewWorker(u, false)
	w.TLS = &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	w.Dialer.WrapRaw = func(c net.Conn) net.Conn { wrapped = append(wrapped, c); return struct{ net.Conn }{c} }
	w.Start()
	defer w.Close()
	ask := func(name string) error { // by a method that is not repeated
		resp, err := upstream.HTTPSchemes()[1].Exchange(context.Background(), w, &upstream.Request{Method: "POST", Target: "/", ServerName: name})
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		return err
	}
	c, err := w.Connect(context.Background(), &upstream.Request{ServerName: "one.example.com"}, "443")
	if err != nil {
		t.Fatal(err)
	}
	arrival(t, wrapped[0]) // session tickets lie there unread
	c.Release(true)
	for range 3 {
		if err := ask("one.example.com"); err != nil {
			t.Fatal(err)
		}
	}
	if conns.Load() != 1 || <-names != "one.example.com" {
		t.Errorf("%d connections for three requests", conns.Load())
	}
	if err := ask("two.example.com"); err != nil || conns.Load() != 2 || <-names != "two.example.com" {
		t.Errorf("%v, %d connections after another name", err, conns.Load())
	}
	<-served
	(<-served).CloseWrite() // a close_notify, while TCP stays open
	arrival(t, wrapped[1])
	if err := ask("two.example.com"); err != nil || conns.Load() != 3 {
		t.Errorf("%v, %d connections after close_notify", err, conns.Load())
	}
	if len(wrapped) != 3 {
		t.Errorf("WrapRaw was called %d times", len(wrapped))
	}
	if err := ask("other.example.com"); upstream.StatusOf(err) != 500 {
		t.Errorf("a certificate of another name: %v", err)
	}
	w.TLS = nil
	if err := ask("x"); upstream.StatusOf(err) != 500 {
		t.Errorf("without SSLProxyEngine: %v", err)
	}
}

// arrival waits until there is something to read, and leaves it there.
func arrival(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Read(func(fd uintptr) bool {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK)
		return err != syscall.EAGAIN
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSplice: a long body goes from socket to socket, with its read-ahead first, and the connection is used again.
func TestSplice(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 200<<10) // 3.1 MiB
	w := rawWorker(t, func(c net.Conn) {
		for {
			if _, _, ok := readHead(c); !ok {
				return
			}
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(body))
			c.Write(body)
		}
	})
	for range 2 {
		server, client := tcpPair(t)
		got := make(chan []byte)
		go func() {
			b, _ := io.ReadAll(client)
			got <- b
		}()
		resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/"})
		if err != nil {
			t.Fatal(err)
		}
		n, err := resp.Body.(io.WriterTo).WriteTo(server)
		resp.Body.Close()
		server.Close()
		if n != int64(len(body)) || err != nil || !bytes.Equal(<-got, body) {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	if s := w.Stats(); s.Idle != 1 || s.Read < 2*int64(len(body)) {
		t.Errorf("%+v", s)
	}
}

// TestSpliceCutOff: the backend ends in the middle.
func TestSpliceCutOff(t *testing.T) {
	w := rawWorker(t, func(c net.Conn) {
		readHead(c)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		c.Write(make([]byte, 500000))
	})
	server, client := tcpPair(t)
	go io.Copy(io.Discard, client)
	resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := resp.Body.(io.WriterTo).WriteTo(server)
	resp.Body.Close()
	if n != 500000 || upstream.StatusOf(err) != 502 || err == nil || w.Stats().Open != 0 {
		t.Errorf("%d, %v, %+v", n, err, w.Stats())
	}
}

func tcpPair(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// FuzzResponse: whatever a backend says, the exchange ends, and only a connection that stands at a message's end is kept.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), true)
	f.Add([]byte("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n"), false)
	f.Add([]byte(switching("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: "+ws.Accept(key))+"frame"), true)
	f.Add([]byte("HTTP/1.0 204 No\r\nConnection: keep-alive, Set-Cookie\r\n\r\nrest"), false)
	f.Fuzz(func(t *testing.T, answer []byte, upgrade bool) {
		w := upstream.NewWorker(upstream.URL{Scheme: "http", Host: "h"}, false)
		w.Dialer.Dial = func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				if _, _, ok := readHead(server); ok {
					server.Write(answer)
				}
			}()
			return client, nil
		}
		w.Start()
		defer w.Close()
		req := handshake()
		req.Upgrade = upgrade
		resp, err := exchange(w, req)
		if err != nil {
			if s := upstream.StatusOf(err); s != 502 || w.Stats().Open != 0 {
				t.Fatalf("%v, %+v", err, w.Stats())
			}
			return
		}
		if resp.Upgraded != nil {
			if !upgrade || !bytes.Contains(answer, []byte(ws.Accept(key))) {
				t.Fatal("switched without an accepted handshake")
			}
			resp.Upgraded.Conn.Close()
			resp.Upgraded.Slot.Free()
			return
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		s := w.Stats()
		if s.Idle == 1 && (err != nil || !bytes.HasSuffix(answer, []byte("\n")) && !bytes.HasSuffix(answer, body)) {
			t.Fatalf("%q: kept after %v", answer, err)
		}
		if s.Busy != 0 || s.Open != s.Idle {
			t.Fatalf("%+v", s)
		}
	})
}

// TestSlowUpload: while the client sends, the backend may be silent for longer than the timeout; afterwards it may not.
func TestSlowUpload(t *testing.T) {
	t.Parallel()
	w := rawWorker(t, func(c net.Conn) {
		all := ""
		for !strings.HasSuffix(all, "0\r\n\r\n") {
			b := make([]byte, 1000)
			n, err := c.Read(b)
			if err != nil {
				return
			}
			all += string(b[:n])
		}
		if strings.Contains(all, "answer") {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
		io.Copy(io.Discard, c)
	})
	w.Timeout = time.Second // also for the answer, when the upload is through
	for _, word := range []string{"answer", "silent"} {
		body, client := io.Pipe()
		go func() {
			for range 4 {
				io.WriteString(client, word)
				time.Sleep(300 * time.Millisecond)
			}
			client.Close()
		}()
		resp, err := exchange(w, &upstream.Request{Method: "POST", Target: "/", Body: body, ContentLength: -1})
		if word == "silent" {
			var e *upstream.Error
			if !errors.As(err, &e) || !e.Timeout || e.Status != 502 {
				t.Errorf("%v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
}

// TestStuckUpload: a backend that stops reading is given up after the timeout.
func TestStuckUpload(t *testing.T) {
	release := make(chan bool)
	w := rawWorker(t, func(c net.Conn) { readHead(c); <-release })
	defer close(release)
	w.Timeout = 50 * time.Millisecond
	_, err := exchange(w, &upstream.Request{Method: "POST", Target: "/", Body: io.LimitReader(zeros{}, 1<<30), ContentLength: 1 << 30})
	var e *upstream.Error
	if !errors.As(err, &e) || !e.Timeout || w.Stats().Open != 0 {
		t.Errorf("%v, %+v", err, w.Stats())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestFailoverKeepsBody: a body that was read ahead of a failed connection is there for the next worker.
func TestFailoverKeepsBody(t *testing.T) {
	dead := rawWorker(t, nil)
	dead.Dialer.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
	for _, size := range []int{3, 16 << 10, 300 << 10} {
		for _, needLength := range []bool{false, true} {
			text, got := strings.Repeat("x", size), make(chan int64, 1)
			alive := rawWorker(t, func(c net.Conn) {
				_, rest, _ := readHead(c)
				n, _ := io.CopyN(io.Discard, c, int64(size-len(rest)))
				got <- n + int64(len(rest))
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			})
			req := &upstream.Request{Method: "POST", Target: "/", Body: io.MultiReader(strings.NewReader(text)), ContentLength: int64(size)}
			if needLength {
				req.ContentLength, req.NeedLength = -1, true
			}
			if _, err := exchange(dead, req); upstream.StatusOf(err) != 503 {
				t.Fatal(err)
			}
			resp, err := exchange(alive, req)
			if err != nil {
				t.Fatal(size, err)
			}
			resp.Body.Close()
			if n := <-got; n != int64(size) {
				t.Errorf("%d: %d bytes came", size, n)
			}
		}
	}
}
