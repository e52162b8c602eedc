package listen

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// logged collects what the pipeline would log of refused requests.
type logged struct {
	mu   sync.Mutex
	list []string
}

func (l *logged) handler(w http.ResponseWriter, r *http.Request) {
	if bad := told(r).Bad; bad != nil {
		l.mu.Lock()
		l.list = append(l.list, fmt.Sprintf("%q %s %d %v", told(r).Line, r.URL.Path, bad.Status, bad.LogOnly))
		l.mu.Unlock()
	}
	answer(w, r)
}

func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.list, "; ")
	l.list = nil
	return s
}

func TestTimeouts(t *testing.T) {
	const short = 500 * time.Millisecond // from the accept to what had been sent before
	const long = time.Hour
	header := func(s *Settings) { s.HeaderTimeout, s.Timeout = Pace{First: short}, long }
	timeout := func(s *Settings) { s.HeaderTimeout, s.BodyTimeout, s.Timeout = Pace{}, Pace{}, short }
	tests := []struct {
		name   string
		edit   func(*Settings)
		in     string
		out    string // the status line, or nothing
		logged string
	}{
		{"nothing comes", header, "", "", `"" / 408 true`},
		{"nothing comes, by Timeout", timeout, "", "", `"" / 408 true`},
		{"half a request line", header, "GET /a", "", `"GET /a" / 408 true`},
		{"half a head", header, "GET /a HTTP/1.1\nHost: x\n", "408", `"GET /a HTTP/1.1" /a 408 false`},
		{"half a head, by Timeout", timeout, "GET /a HTTP/1.1\nHost: x\n", "408", `"GET /a HTTP/1.1" /a 408 false`},
		{"half a body", func(s *Settings) { s.BodyTimeout, s.Timeout = Pace{First: short}, long },
			"POST /a HTTP/1.1\nHost: x\nContent-Length: 3\n\na", "408", ""},
		{"half a body, by Timeout", timeout, "POST /a HTTP/1.1\nHost: x\nContent-Length: 3\n\na", "408", ""},
		{"quiet after a request", func(s *Settings) { s.KeepAliveTimeout, s.Timeout = short, long },
			"GET /a HTTP/1.1\nHost: x\n\n", "200", ""},
		{"half a request line after a request", func(s *Settings) { header(s); s.KeepAliveTimeout = long },
			"GET /a HTTP/1.1\nHost: x\n\nGET", "200", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := DefaultSettings()
			test.edit(s)
			var l logged
			r := listening(t)
			c := r.dial()
			io.WriteString(c, wire(test.in))
			r.serve(func(netip.AddrPort, string) *Settings { return s }, l.handler)
			out, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(err)
			}
			if test.out == "" && len(out) > 0 || !strings.HasPrefix(strings.TrimPrefix(string(out), "HTTP/1.1 "), test.out) {
				t.Errorf("answered %q", out)
			}
			r.Close()
			if got := l.take(); got != test.logged {
				t.Errorf("logged %s, want %s", got, test.logged)
			}
		})
	}
}

// A client that sends a byte now and then earns no more time than MinRate gives.
func TestMinRate(t *testing.T) {
	s := DefaultSettings()
	s.HeaderTimeout = Pace{First: 50 * time.Millisecond, Max: 200 * time.Millisecond, MinRate: 1}
	r := start(t, s, answer)
	c := r.dial()
	for err := error(nil); err == nil; {
		_, err = io.WriteString(c, "A")
		time.Sleep(time.Millisecond)
	}
}

func TestPacer(t *testing.T) {
	c, other := net.Pipe()
	defer c.Close()
	defer other.Close()
	var p pacer
	p.begin(Pace{First: 20 * time.Second, Max: 40 * time.Second, MinRate: 500}, time.Minute, 1)
	p.got(5000)
	if want := instant(1).add(30 * time.Second); p.deadline != want {
		t.Errorf("after 5000 bytes: %v", p.deadline)
	}
	p.got(50000)
	if want := instant(1).add(40 * time.Second); p.deadline != want {
		t.Errorf("after many bytes: %v", p.deadline)
	}
	p.arm(c)
	if p.inForce != p.deadline {
		t.Errorf("armed for %v, stage ends %v", p.inForce, p.deadline)
	}
}

func TestLimitsAreAnswered(t *testing.T) {
	tests := []struct{ in, status string }{
		{"GET /" + strings.Repeat("a", 9000) + " HTTP/1.1\nHost: x\n\n", "414"},
		{"GET / HTTP/1.1\nHost: x\nA: " + strings.Repeat("a", 9000) + "\n\n", "431"},
		{"GET / HTTP/1.1\n" + strings.Repeat("A: b\n", 10000) + "\n", "431"},
		{"GET / HTTP/3.0\nHost: x\n\n", "505"},
		{"\x16\x03\x01\x00\xa5\x01\n\n", "400"},
		{"POST / HTTP/1.1\nHost: x\nTransfer-Encoding: gzip, chunked\n\n", "501"},
	}
	r := start(t, DefaultSettings(), answer)
	for _, test := range tests {
		if out := r.talk(test.in + strings.Repeat("x", 100_000)); !strings.HasPrefix(out, "HTTP/1.1 "+test.status+" ") || !strings.Contains(out, "Connection: close\n") {
			t.Errorf("%.30q: %.200q", test.in, out)
		}
	}
}

// Thousands of clients that send next to nothing do not keep one that does from being
// served, and hold no buffer, nor a goroutine once they rest.
func TestSlowClients(t *testing.T) {
	const n = 1000
	s := DefaultSettings()
	s.HeaderTimeout, s.KeepAliveTimeout, s.Timeout = Pace{}, time.Hour, time.Hour
	r := start(t, s, answer)
	for i := range n {
		c := r.dial()
		if i%2 == 0 {
			io.WriteString(c, wire("GET / HTTP/1.1\nHost: x\n\n"))
			if _, err := c.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 20 {
		if out := r.talk("GET /fast HTTP/1.1\nHost: x\n\n"); !strings.HasSuffix(out, "GET /fast ") {
			t.Fatal(out)
		}
	}
	if got := len(r.Snapshot()); got < n {
		t.Errorf("%d connections, want %d", got, n)
	}
	if runtime.GOOS != "linux" {
		return
	}
	for stop := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > n/2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(stop) {
			t.Fatalf("%d goroutines for quiet connections", runtime.NumGoroutine())
		}
	}
}

// A rested connection is served as before.
func TestRest(t *testing.T) {
	r := start(t, DefaultSettings(), answer)
	c := r.dial()
	buf := make([]byte, 1000)
	for i := range 3 {
		if i > 0 {
			for resting(r) == 0 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		io.WriteString(c, wire("GET /a HTTP/1.1\nHost: x\n\n"))
		n, err := c.Read(buf)
		if !strings.HasSuffix(string(buf[:n]), "GET /a ") {
			t.Fatalf("%q, %v", buf[:n], err)
		}
	}
	c.Close()
	for len(r.Snapshot()) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// The rest of a connection ends with its keep-alive timeout, or its first header timeout.
func TestRestEnds(t *testing.T) {
	s := DefaultSettings()
	s.KeepAliveTimeout = 1500 * time.Millisecond
	s.HeaderTimeout = Pace{First: 1500 * time.Millisecond}
	var l logged
	r := start(t, s, l.handler)
	fresh, used := r.dial(), r.dial()
	io.WriteString(used, wire("GET / HTTP/1.0\nConnection: keep-alive\n\n"))
	if out, err := io.ReadAll(used); err != nil || !strings.HasSuffix(string(out), "GET / ") {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := io.ReadAll(fresh); err != nil || len(out) > 0 {
		t.Errorf("%q, %v", out, err)
	}
	r.Close()
	if got := l.take(); got != `"" / 408 true` {
		t.Errorf("logged %s", got)
	}
}

// However early a client leaves, its connection is cleared away.
func TestEarlyClose(t *testing.T) {
	const in = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n"
	r := start(t, DefaultSettings(), answer)
	for n := range len(in) + 1 {
		for _, reset := range []bool{false, true} {
			c := r.dial()
			io.WriteString(c, in[:n])
			if reset {
				c.SetLinger(0)
			}
			c.Close()
		}
	}
	for len(r.Snapshot()) > 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// A client that stops reading is let go after Timeout, also from the kernel's copying.
func TestStalledReader(t *testing.T) {
	s := DefaultSettings()
	s.Timeout = 200 * time.Millisecond
	failed := make(chan error, 1)
	r := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(struct{ io.Writer }{w}, endless{})
		failed <- err
	})
	c := r.dial()
	io.WriteString(c, wire("GET / HTTP/1.1\nHost: x\n\n"))
	if err := <-failed; err == nil {
		t.Error("wrote all of an endless response")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
