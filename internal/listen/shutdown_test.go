package listen

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestShutdown(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			entered <- true
			<-release
		}
	})
	fresh, idle, busy := r.dial(), r.dial(), r.dial()
	io.WriteString(idle, wire("GET / HTTP/1.1\nHost: x\n\n"))
	br := bufio.NewReader(idle)
	if _, err := http.ReadResponse(br, nil); err != nil {
		t.Fatal(err)
	}
	io.WriteString(busy, wire("GET /slow HTTP/1.1\nHost: x\n\nGET / HTTP/1.1\nHost: x\n\n"))
	<-entered
	done := make(chan error)
	go func() { done <- r.Shutdown(context.Background()) }()
	if rest, err := io.ReadAll(br); len(rest) > 0 || err != nil {
		t.Errorf("idle connection: %q, %v", rest, err)
	}
	if rest, err := io.ReadAll(fresh); len(rest) > 0 || err != nil {
		t.Errorf("fresh connection: %q, %v", rest, err)
	}
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("still listening")
	}
	close(release)
	out, err := io.ReadAll(busy)
	if want := "HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close\n\n"; tidy(string(out)) != want || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestShutdownEndsResting(t *testing.T) {
	r := start(t, DefaultSettings(), answer)
	c := r.dial()
	io.WriteString(c, wire("GET /a HTTP/1.1\nHost: x\n\n"))
	for resting(r) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	r.Shutdown(context.Background())
	if out, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(out), "GET /a ") {
		t.Errorf("%q, %v", out, err)
	}
}

func TestShutdownDeadline(t *testing.T) {
	entered := make(chan bool)
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		if _, err := io.ReadAll(r.Body); err == nil {
			t.Error("read a body that never came")
		}
	})
	c := r.dial()
	io.WriteString(c, wire("POST / HTTP/1.1\nHost: x\nContent-Length: 10\n\nabc"))
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := r.Shutdown(ctx); err != context.DeadlineExceeded {
		t.Error(err)
	}
}

func TestShutdownOfHTTP2(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	r := start(t, tlsSettings(t), func(w http.ResponseWriter, r *http.Request) {
		entered <- true
		<-release
		io.WriteString(w, "done")
	})
	got := make(chan string)
	go func() {
		res, err := r.client(true).Get("https://" + r.addr + "/")
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		got <- string(b)
	}()
	<-entered
	done := make(chan error)
	go func() { done <- r.Shutdown(context.Background()) }()
	for !r.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	close(release)
	if s := <-got; s != "done" {
		t.Error(s)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSnapshot(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	name := "example"
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		told(r).SetVHost(&name)
		entered <- true
		<-release
	})
	c := r.dial()
	io.WriteString(c, wire("GET /a HTTP/1.1\nHost: x\n\n"))
	<-entered
	st := r.Snapshot()
	if len(st) != 1 || st[0].State != Writing || st[0].Line != "GET /a HTTP/1.1" || st[0].VHost != name ||
		st[0].Client.String() != c.LocalAddr().String() || st[0].Accesses != 1 || st[0].Bytes != 0 {
		t.Errorf("%+v", st)
	}
	close(release)
	n, _ := c.Read(make([]byte, 1000))
	for {
		st = r.Snapshot()
		if len(st) == 1 && st[0].State == KeptAlive && st[0].Line == "" && st[0].Bytes == int64(n) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
