//go:build unix

package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"transom/internal/rawnet"
	"transom/internal/upstream"
)

const fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

// posts are requests that must not be sent twice; the one of 50000 bytes follows its head in writes of its own.
func posts(length int) *upstream.Request {
	return &upstream.Request{Method: "POST", Target: "/", Body: strings.NewReader(strings.Repeat("x", length)), ContentLength: int64(length)}
}

// keep has w keep a connection, and returns its near end.
func keep(t *testing.T, w *upstream.Worker) *near {
	t.Helper()
	var conn *near
	w.Dialer.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := net.Dial(network, addr)
		if err != nil {
			return nil, err
		}
		w.Dialer.Dial = nil
		conn = &near{TCPConn: c.(*net.TCPConn), full: make(chan bool, 1)}
		return conn, nil
	}
	resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/"})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if s := w.Stats(); s.Idle != 1 {
		t.Fatalf("%+v", s)
	}
	return conn
}

// near tells when a write has to wait: only then it has a deadline.
type near struct {
	*net.TCPConn
	full chan bool
}

func (n *near) SetWriteDeadline(t time.Time) error {
	if !t.IsZero() {
		select {
		case n.full <- true:
		default:
		}
	}
	return n.TCPConn.SetWriteDeadline(t)
}

// awaitSign returns when the backend has closed the connection, or said something.
func awaitSign(c net.Conn) {
	for look := rawnet.New(c); look.Look() == rawnet.Silent; {
		time.Sleep(time.Millisecond)
	}
}

// TestStale: a connection on which something happened while it was idle gets nothing of a request, which is sent on another.
func TestStale(t *testing.T) {
	for name, meanwhile := range map[string]func(c *net.TCPConn){
		"closed": func(c *net.TCPConn) { c.Close() },
		"reset":  func(c *net.TCPConn) { c.SetLinger(0); c.Close() },
		"spoken": func(c *net.TCPConn) { io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n") },
	} {
		for _, length := range []int{3, 50000} {
			t.Run(fmt.Sprint(name, length), func(t *testing.T) {
				var seen atomic.Int64
				first := make(chan *net.TCPConn, 1)
				w := rawWorker(t, func(c net.Conn) {
					head, rest, ok := readHead(c)
					if strings.HasPrefix(head, "POST") {
						seen.Add(1)
						io.CopyN(io.Discard, c, int64(length-len(rest)))
					} else if ok {
						first <- c.(*net.TCPConn)
					}
					io.WriteString(c, fine)
					if head, _, ok := readHead(c); ok {
						t.Errorf("on a stale connection came %q", head)
					}
				})
				conn := keep(t, w)
				meanwhile(<-first)
				awaitSign(conn)
				resp, err := exchange(w, posts(length))
				if err != nil || resp.Status != 200 {
					t.Fatal(resp, err)
				}
				resp.Body.Close()
				if s := w.Stats(); seen.Load() != 1 || s.Open != 1 || s.Idle != 1 {
					t.Errorf("the backend saw %d requests; %+v", seen.Load(), s)
				}
			})
		}
	}
}

// TestStaleOnTop: of the idle connections all that are found closed are given up, and one that isn't is used.
func TestStaleOnTop(t *testing.T) {
	const kept = 3
	came := make(chan net.Conn, kept+1)
	w := rawWorker(t, func(c net.Conn) {
		if _, _, ok := readHead(c); ok {
			came <- c
			readHead(c)
			io.WriteString(c, fine)
			readHead(c)
		}
	})
	var ends sync.Map // by their addresses
	w.Dialer.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := net.Dial(network, addr)
		if err == nil {
			ends.Store(c.LocalAddr().String(), c)
		}
		return c, err
	}
	answered := make(chan error)
	for range kept {
		go func() {
			resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/"})
			if err == nil {
				err = resp.Body.Close()
			}
			answered <- err
		}()
	}
	var origins [kept]net.Conn
	for i := range origins {
		origins[i] = <-came
	}
	for _, c := range origins { // one after the other, so that the last one is used first
		io.WriteString(c, fine)
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range origins[1:] {
		c.Close()
		end, _ := ends.Load(c.RemoteAddr().String())
		awaitSign(end.(net.Conn))
	}
	resp, err := exchange(w, posts(3))
	if err != nil || resp.Status != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if s := w.Stats(); len(came) > 0 || s.Open != 1 || s.Idle != 1 {
		t.Errorf("%d more connections; %+v", len(came), s)
	}
}

// TestKeptButSlow: a backend that doesn't read makes a long head wait, and the answer is awaited after that.
func TestKeptButSlow(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	read, got := make(chan bool), make(chan string, 1)
	w := rawWorker(t, func(c net.Conn) {
		readHead(c)
		io.WriteString(c, fine)
		<-read
		head, _, _ := readHead(c)
		got <- head
		io.WriteString(c, fine)
	})
	conn := keep(t, w)
	conn.SetWriteBuffer(1)
	go func() { <-conn.full; close(read) }()
	resp, err := exchange(w, &upstream.Request{Method: "POST", Target: "/", Host: "h", Fields: []upstream.Field{{Name: "X", Value: long}}})
	if err != nil || resp.Status != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if head := <-got; head != "POST / HTTP/1.1\r\nHost: h\r\nX: "+long+"\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n" {
		t.Errorf("%d bytes came", len(head))
	}
}

// TestKeptButSilent: what ends the wait for an answer ends the exchange; nothing is sent again.
func TestKeptButSilent(t *testing.T) {
	for name, want := range map[string]upstream.Error{
		"timeout": {Status: 502, Code: "AH01102", Timeout: true},
		"abandon": {Status: 502, Code: "AH01102", Abandoned: true},
		"close":   {Status: 502, Code: "AH01102"},
		"garbage": {Status: 502, Code: "AH00898"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var seen atomic.Int64
			release := make(chan bool)
			w := rawWorker(t, func(c net.Conn) {
				readHead(c)
				io.WriteString(c, fine)
				readHead(c)
				switch seen.Add(1); name {
				case "abandon":
					cancel()
					<-release
				case "timeout":
					<-release
				case "garbage":
					io.WriteString(c, "220 smtp.example.com\r\n\r\n")
				}
			})
			keep(t, w)
			if name == "timeout" {
				w.Timeout = 200 * time.Millisecond
			}
			_, err := upstream.HTTPSchemes()[0].Exchange(ctx, w, posts(3))
			close(release)
			var e *upstream.Error
			if !errors.As(err, &e) || e.Status != want.Status || e.Code != want.Code || e.Timeout != want.Timeout || e.Abandoned != want.Abandoned {
				t.Errorf("got %#v", err)
			}
			if s := w.Stats(); seen.Load() != 1 || s.Open != 0 {
				t.Errorf("the backend saw %d requests; %+v", seen.Load(), s)
			}
		})
	}
}
