//go:build system

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Slow clients, 10,000 where descriptors allow it, cost some memory each and keep nobody from being served.
func TestSlowClients(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n := int(min(10000, limit.Max/3*2-500)) // a slow upload has a backend connection, too
	s := start(t, "RequestReadTimeout header=300 body=300\nTimeout 300\nProxyPass / http://"+backend(t, func(c net.Conn, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	})+"/ disablereuse=on\n")
	fast := func() {
		t.Helper()
		for range 50 {
			if status, body, err := s.exchange(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); status != 200 || body != "ok" || err != nil {
				t.Fatalf("%d %q %v", status, body, err)
			}
		}
	}
	fast()
	before, memory := s.descriptors(t), s.resident(t)
	beginnings := []string{"G", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"}
	slow := make([]*net.TCPConn, n)
	for i := range slow {
		slow[i] = s.dial(t)
		slow[i].SetLinger(0)
		defer slow[i].Close()
		io.WriteString(slow[i], beginnings[i%len(beginnings)])
	}
	fast()
	for _, c := range slow {
		io.WriteString(c, "a")
	}
	fast()
	if open := len(s.descriptors(t)) - len(before); open < n {
		t.Errorf("%d of %d slow connections are open", open, n)
	}
	if each := (s.resident(t) - memory) / n; each > 32 {
		t.Errorf("%d KiB for each slow client", each)
	}
	for _, c := range slow {
		c.Close()
	}
	s.settle(t, before)
	fast()
}

// resident is the server's memory in KiB.
func (s *server) resident(t *testing.T) (kib int) {
	status, err := os.ReadFile(s.proc(t, "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib
}
