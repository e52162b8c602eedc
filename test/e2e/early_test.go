package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A request that ends at any byte before its last is never whole for the backend, and costs nothing afterwards.
func TestRequestEndsEarly(t *testing.T) {
	var whole atomic.Int32
	s := start(t, "RequestReadTimeout header=5 body=5\nProxyPass / http://"+backend(t, func(c net.Conn, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			whole.Add(1)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})+"/ disablereuse=on\n")
	for _, request := range []string{
		"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
		"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n",
	} {
		before := s.descriptors(t)
		for n := range len(request) {
			c := s.dial(t)
			io.WriteString(c, request[:n])
			if n%2 == 1 {
				c.SetLinger(0) // a reset instead of an end
			}
			c.Close()
		}
		s.settle(t, before)
		if n := whole.Load(); n != 0 {
			t.Fatalf("the backend took %d cut requests for whole ones: %q", n, request)
		}
		if status, body, err := s.exchange(t, request); status != 200 || body != "ok" || err != nil {
			t.Fatalf("the whole request: %d %q %v", status, body, err)
		}
		whole.Store(0)
	}
}

// A response that ends at any byte before its last is an error for the client: 502, or visibly short.
func TestResponseEndsEarly(t *testing.T) {
	responses := []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	}
	s := start(t, "ProxyPass / http://"+backend(t, func(c net.Conn, r *http.Request) {
		var i, n int
		fmt.Sscanf(r.URL.Path, "/%d/%d", &i, &n)
		io.WriteString(c, responses[i][:n])
	})+"/ disablereuse=on\n")
	before := s.descriptors(t)
	for i, response := range responses {
		for n := range len(response) + 1 {
			status, body, err := s.exchange(t, fmt.Sprintf("GET /%d/%d HTTP/1.1\r\nHost: x\r\n\r\n", i, n))
			whole := status == 200 && body == "hello" && err == nil
			if whole != (n == len(response)) || status == 200 && !whole && err == nil {
				t.Errorf("%q, ended after %d bytes: %d %q %v", response, n, status, body, err)
			}
		}
	}
	s.settle(t, before)
}

// backend calls answer for one request of each connection and then ends the connection.
func backend(t *testing.T, answer func(net.Conn, *http.Request)) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					answer(c, r)
				}
			}()
		}
	}()
	return l.Addr().String()
}

// exchange sends one request on a connection of its own and reads the final response.
func (s *server) exchange(t *testing.T, request string) (status int, body string, err error) {
	t.Helper()
	c := s.dial(t)
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	io.WriteString(c, request)
	r := bufio.NewReader(c)
	asked := &http.Request{Method: strings.Fields(request)[0]}
	for {
		resp, err := http.ReadResponse(r, asked)
		if err != nil {
			return 0, "", err
		}
		if resp.StatusCode >= 200 {
			b, err := io.ReadAll(resp.Body)
			return resp.StatusCode, string(b), err
		}
	}
}
