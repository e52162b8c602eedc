package listen

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/wire/http1"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && leaked() {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "goroutines left:\n%s\n", buf[:runtime.Stack(buf, true)])
		code = 1
	}
	os.Exit(code)
}

func leaked() bool {
	for range 2000 {
		buf := make([]byte, 1<<20)
		stacks := string(buf[:runtime.Stack(buf, true)])
		if !strings.Contains(stacks, "internal/listen.(*") && !strings.Contains(stacks, "net/http.") {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// rig is a server on a port of its own.
type rig struct {
	*Server
	t        *testing.T
	listener net.Listener
	addr     string
}

func start(t *testing.T, s *Settings, h http.HandlerFunc) *rig {
	t.Helper()
	return startWith(t, func(netip.AddrPort, string) *Settings { return s }, h)
}

func startWith(t *testing.T, settings func(netip.AddrPort, string) *Settings, h http.HandlerFunc) *rig {
	t.Helper()
	r := listening(t)
	r.serve(settings, h)
	return r
}

// listening is a rig that accepts nothing yet: what clients send meanwhile is there when it does.
func listening(t *testing.T) *rig {
	t.Helper()
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, listener: l, addr: l.Addr().String()}
}

func (r *rig) serve(settings func(netip.AddrPort, string) *Settings, h http.HandlerFunc) {
	r.Server = &Server{
		Handler:  telling(h),
		Settings: settings,
		Log:      func(err error) { r.t.Log(err) },
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(r.listener) }()
	r.t.Cleanup(func() {
		r.Close()
		if err := <-served; err != ErrServerClosed {
			r.t.Errorf("Serve returned %v", err)
		}
	})
}

type connKey struct{}

// telling makes a Handler of one that asks told what the listener says of the request.
func telling(h http.HandlerFunc) func(http.ResponseWriter, *http.Request, *module.Conn) {
	return func(w http.ResponseWriter, r *http.Request, c *module.Conn) {
		h(w, r.WithContext(context.WithValue(r.Context(), connKey{}, c)))
	}
}

func told(r *http.Request) *module.Conn { return r.Context().Value(connKey{}).(*module.Conn) }

func (r *rig) dial() *net.TCPConn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

var dateField = regexp.MustCompile(`Date: [^\r]*\r\n`)

// talk sends in, closes its side, and returns all that comes back, without dates, CRLF as \n.
func (r *rig) talk(in string) string {
	r.t.Helper()
	c := r.dial()
	defer c.Close()
	if _, err := io.WriteString(c, wire(in)); err != nil {
		r.t.Fatal(err)
	}
	c.CloseWrite()
	out, err := io.ReadAll(c)
	if err != nil {
		r.t.Errorf("after %q: %v", out, err)
	}
	return tidy(string(out))
}

func wire(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func tidy(s string) string {
	return strings.ReplaceAll(dateField.ReplaceAllString(s, ""), "\r\n", "\n")
}

// answer is a handler that shows what it was asked, and errors of the listener as pages.
func answer(w http.ResponseWriter, r *http.Request) {
	if bad := told(r).Bad; bad != nil {
		http.Error(w, bad.Reason, bad.Status)
		return
	}
	body, err := io.ReadAll(r.Body)
	var e *http1.Error
	if errors.As(err, &e) {
		http.Error(w, e.Reason, e.Status)
		return
	}
	if err != nil {
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
}

func TestExchanges(t *testing.T) {
	const typ = "Content-Type: text/plain\n"
	const errTyp = "Content-Type: text/plain; charset=utf-8\nX-Content-Type-Options: nosniff\n"
	tests := []struct{ name, in, want string }{
		{"counted", "GET /a HTTP/1.1\nHost: x\n\n", "HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\n\nGET /a "},
		{"pipelined, in order", "GET /a HTTP/1.1\nHost: x\n\nPOST /b HTTP/1.1\nHost: x\nContent-Length: 3\n\nabcGET /c HTTP/1.1\nHost: x\nConnection: close\n\n",
			"HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\n\nGET /a " +
				"HTTP/1.1 200 OK\n" + typ + "Content-Length: 11\n\nPOST /b abc" +
				"HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\nConnection: close\n\nGET /c "},
		{"nothing after close", "GET /a HTTP/1.1\nHost: x\nConnection: close\n\nGET /b HTTP/1.1\nHost: x\n\n",
			"HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\nConnection: close\n\nGET /a "},
		{"chunked body and trailer", "POST /b HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n1\na\n2\nbc\n0\nA: b\n\n",
			"HTTP/1.1 200 OK\n" + typ + "Content-Length: 11\n\nPOST /b abc"},
		{"asked to keep alive", "GET /a HTTP/1.1\nHost: x\nConnection: keep-alive\n\n",
			"HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\nKeep-Alive: timeout=5, max=100\nConnection: Keep-Alive\n\nGET /a "},
		{"1.0", "GET /a HTTP/1.0\n\n", "HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\nConnection: close\n\nGET /a "},
		{"1.0 kept alive", "GET /a HTTP/1.0\nConnection: keep-alive\n\nGET /b HTTP/1.0\nConnection: keep-alive\n\n",
			"HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\nKeep-Alive: timeout=5, max=100\nConnection: Keep-Alive\n\nGET /a " +
				"HTTP/1.1 200 OK\n" + typ + "Content-Length: 7\nKeep-Alive: timeout=5, max=99\nConnection: Keep-Alive\n\nGET /b "},
		{"0.9", "GET /a\n", "GET /a "},
		{"HEAD", "HEAD /a HTTP/1.1\nHost: x\n\n", "HTTP/1.1 200 OK\n" + typ + "\n"},
		{"refused head", "GET /a HTTP/1.1\nHost : x\n\nGET /b HTTP/1.1\nHost: x\n\n",
			"HTTP/1.1 400 Bad Request\n" + errTyp + "Content-Length: 34\nConnection: close\n\ninvalid character in a field name\n"},
		{"refused body", "POST /a HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nzz\n\n",
			"HTTP/1.1 400 Bad Request\n" + errTyp + "Content-Length: 19\nConnection: close\n\ninvalid chunk size\n"},
		{"expectation that can't be met", "POST /a HTTP/1.1\nHost: x\nExpect: tea\nContent-Length: 3\n\nabc",
			"HTTP/1.1 417 Expectation Failed\n" + errTyp + "Content-Length: 20\nConnection: close\n\nunknown expectation\n"},
		{"100 before the body is read", "POST /a HTTP/1.1\nHost: x\nExpect: 100-Continue\nContent-Length: 3\n\nabc",
			"HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n" + typ + "Content-Length: 11\n\nPOST /a abc"},
		{"no 100 for 1.0", "POST /a HTTP/1.0\nExpect: 100-continue\nContent-Length: 3\n\nabc",
			"HTTP/1.1 200 OK\n" + typ + "Content-Length: 11\nConnection: close\n\nPOST /a abc"},
		{"nothing at all", "", ""},
		{"only empty lines", "\n\n", ""},
		{"half a request line", "GET /a HT", ""},
	}
	r := start(t, DefaultSettings(), answer)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, r.talk(test.in)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestResponses(t *testing.T) {
	const get = "GET / HTTP/1.1\nHost: x\n\n"
	const get10 = "GET / HTTP/1.0\nConnection: keep-alive\n\n"
	big := strings.Repeat("0123456789", 1000)
	tests := []struct {
		name, in string
		h        http.HandlerFunc
		want     string
	}{
		{"no content written", get, func(w http.ResponseWriter, r *http.Request) {}, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		{"declared length", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "3")
			io.WriteString(w, "abc")
		}, "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"},
		{"longer than declared", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "3")
			if n, err := io.WriteString(w, "abcd"); n != 3 || err != http.ErrContentLength {
				panic(fmt.Sprint(n, err))
			}
		}, "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"},
		{"shorter than declared closes", get + get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "3")
			io.WriteString(w, "ab")
		}, "HTTP/1.1 200 OK\nContent-Length: 3\n\nab"},
		{"flushed", get, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "abc")
			w.(http.Flusher).Flush()
			w.(http.Flusher).Flush()
			io.WriteString(w, "de")
			io.WriteString(w, "f")
		}, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n3\ndef\n0\n\n"},
		{"head flushed", get, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
		}, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n0\n\n"},
		{"large writes", get, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "ab")
			io.WriteString(w, big)
			io.WriteString(w, "c")
		}, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2712\nab" + big + "\n1\nc\n0\n\n"},
		{"large writes of declared length", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10003")
			io.WriteString(w, "ab")
			io.WriteString(w, big)
			io.WriteString(w, "c")
		}, "HTTP/1.1 200 OK\nContent-Length: 10003\n\nab" + big + "c"},
		{"unknown length in 1.0", get10, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "ab")
			w.(http.Flusher).Flush()
			io.WriteString(w, "c")
		}, "HTTP/1.1 200 OK\nConnection: close\n\nabc"},
		{"204", get, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(204)
			if _, err := io.WriteString(w, "abc"); err != http.ErrBodyNotAllowed {
				panic(err)
			}
		}, "HTTP/1.1 204 No Content\n\n"},
		{"304 keeps its length", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "7")
			w.WriteHeader(304)
		}, "HTTP/1.1 304 Not Modified\nContent-Length: 7\n\n"},
		{"interim", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "x")
			w.WriteHeader(103)
			w.Header().Del("Link")
			w.WriteHeader(201)
			w.WriteHeader(500)
		}, "HTTP/1.1 103 Early Hints\nLink: x\n\nHTTP/1.1 201 Created\nContent-Length: 0\n\n"},
		{"no interim for 1.0", get10, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(103) },
			"HTTP/1.1 200 OK\nContent-Length: 0\nKeep-Alive: timeout=5, max=100\nConnection: Keep-Alive\n\n"},
		{"fields after WriteHeader come too late", get, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			w.Header().Set("A", "b")
		}, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		{"framing fields are the server's, injection is none", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Transfer-Encoding"] = []string{"gzip"}
			w.Header()["Keep-Alive"] = []string{"timeout=99"}
			w.Header()["Connection"] = []string{"keep-alive, Upgrade"}
			w.Header()["A"] = []string{"b\r\nEvil: 1", "c"}
			w.Header()["E\r\nvil"] = []string{"1"}
		}, "HTTP/1.1 200 OK\nA: b  Evil: 1\nA: c\nContent-Length: 0\nConnection: Upgrade\n\n"},
		{"handler closes", get + get, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Connection", "Close") },
			"HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close\n\n"},
		{"CloseAfter", get + get, func(w http.ResponseWriter, r *http.Request) { told(r).CloseAfter() },
			"HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close\n\n"},
		{"a status that httpd closes after", get + get, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) },
			"HTTP/1.1 503 Service Unavailable\nContent-Length: 0\nConnection: close\n\n"},
		{"trailers", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "A, Host")
			w.Header().Set("A", "not yet")
			w.(http.Flusher).Flush()
			w.Header().Set("A", "b")
			w.Header().Set("Host", "x")
			for _, name := range []string{"F", "C", "E", "B", "D"} {
				w.Header().Set(http.TrailerPrefix+name, "d")
			}
		}, "HTTP/1.1 200 OK\nTrailer: A, Host\nTransfer-Encoding: chunked\n\n0\nA: b\nB: d\nC: d\nD: d\nE: d\nF: d\n\n"},
		{"order and case as received", get, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Etag"] = []string{"1"}
			w.Header()["Set-Cookie"] = []string{"a", "b"}
			w.Header()["Changed"] = []string{"new"}
			w.Header()["Added"] = []string{"x"}
			w.(interface{ HeaderOrder([]http1.Field) }).HeaderOrder([]http1.Field{
				{Name: "set-cookie", Value: "a"}, {Name: "ETag", Value: "1"}, {Name: "Changed", Value: "old"}, {Name: "Gone", Value: "y"}, {Name: "set-cookie", Value: "b"}})
		}, "HTTP/1.1 200 OK\nset-cookie: a\nETag: 1\nset-cookie: b\nAdded: x\nChanged: new\nContent-Length: 0\n\n"},
		{"aborted", get + get, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, "abc")
			w.(http.Flusher).Flush()
			told(r).Abort()
		}, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n"},
		{"panicked", get + get, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, DefaultSettings(), test.h)
			if d := cmp.Diff(test.want, r.talk(test.in)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	skip := func(w http.ResponseWriter, r *http.Request) {}
	const ok = "HTTP/1.1 200 OK\nContent-Length: 0\n\n"
	const last = "HTTP/1.1 200 OK\nContent-Length: 0\nConnection: close\n\n"
	post := func(n int) string {
		return fmt.Sprintf("POST / HTTP/1.1\nHost: x\nContent-Length: %d\n\n%s", n, strings.Repeat("a", n))
	}
	tests := []struct {
		name, in, want string
	}{
		{"a short one left unread", post(1000) + post(3), ok + ok},
		{"a long one left unread closes", post(maxDrain+1) + post(3), last},
		{"one that 100 was not sent for closes", "POST / HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 3\n\nabc" + post(3), last},
		{"a bad one left unread closes", "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\nzz\n" + post(3), ok},
	}
	r := start(t, DefaultSettings(), skip)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, r.talk(test.in)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTrailersOfRequests(t *testing.T) {
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Trailer)
	})
	out := r.talk("POST / HTTP/1.1\nHost: x\nTrailer: a, Host\nTransfer-Encoding: chunked\n\n0\na: b\nhost: y\nc: d\n\n")
	if !strings.HasSuffix(out, "map[A:[b]]") {
		t.Error(out)
	}
}

// A goroutine of the handler that goes on reading the body gets no more of it, and no
// byte of the next request.
func TestReaderThatStays(t *testing.T) {
	var wg sync.WaitGroup
	set := DefaultSettings()
	set.BodyTimeout, set.Timeout = Pace{}, time.Hour
	r := start(t, set, func(w http.ResponseWriter, r *http.Request) {
		began := make(chan struct{})
		wg.Add(1)
		go func() {
			defer wg.Done()
			r.Body.Read(make([]byte, 3))
			close(began)
			if rest, err := io.ReadAll(r.Body); len(rest) > 0 || err == nil {
				t.Errorf("went on to read %q, %v", rest, err)
			}
		}()
		<-began
		for body := r.Body.(*requestBody); body.mu.TryLock(); body.mu.Unlock() { // until it waits for more
			time.Sleep(time.Millisecond)
		}
	})
	c := r.dial()
	io.WriteString(c, wire("POST / HTTP/1.1\nHost: x\nContent-Length: 10\n\nabc"))
	out, err := io.ReadAll(c)
	if want := "HTTP/1.1 200 OK\nContent-Length: 0\n\n"; tidy(string(out)) != want || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	c.Close()
	wg.Wait()
}

func TestKeepAliveSettings(t *testing.T) {
	const get = "GET / HTTP/1.1\nHost: x\nConnection: keep-alive\n\n"
	reply := func(connection string) string { return "HTTP/1.1 200 OK\nContent-Length: 0\n" + connection + "\n" }
	tests := []struct {
		name string
		edit func(*Settings)
		want string
	}{
		{"two more", func(s *Settings) { s.MaxKeepAliveRequests = 2; s.KeepAliveTimeout = 7 * time.Second },
			reply("Keep-Alive: timeout=7, max=2\nConnection: Keep-Alive\n") + reply("Keep-Alive: timeout=7, max=1\nConnection: Keep-Alive\n") + reply("Connection: close\n")},
		{"any number", func(s *Settings) { s.MaxKeepAliveRequests = 0 },
			strings.Repeat(reply("Keep-Alive: timeout=5\nConnection: Keep-Alive\n"), 4)},
		{"off", func(s *Settings) { s.KeepAlive = false }, reply("Connection: close\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := DefaultSettings()
			test.edit(s)
			r := start(t, s, func(http.ResponseWriter, *http.Request) {})
			if d := cmp.Diff(test.want, r.talk(strings.Repeat(get, 4))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestInfo(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		info := told(r)
		io.Copy(io.Discard, r.Body)
		fmt.Fprintf(w, "%d", info.KeepAlives)
		if info.BytesOut() != 0 {
			t.Error("counted before sending")
		}
		info.AfterResponse(func() {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, fmt.Sprintf("%s|%q|%d|%d|%d", info.Line, http1.AppendFields(nil, info.Fields), info.KeepAlives, info.BytesIn(), info.BytesOut()))
		})
	})
	out := r.talk("GET /a HTTP/1.1\nhOST: x\n\nPOST /b HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc")
	sent := len(wire(out))/2 + len("Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n")
	mu.Lock()
	defer mu.Unlock()
	want := []string{
		fmt.Sprintf(`GET /a HTTP/1.1|"hOST: x\r\n"|0|28|%d`, sent),
		fmt.Sprintf(`POST /b HTTP/1.1|"Host: x\r\nContent-Length: 3\r\n"|1|51|%d`, sent),
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Error(d)
	}
}

func TestContextEnds(t *testing.T) {
	ctxs := make(chan context.Context, 1)
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Err() != nil {
			t.Error("ended while the handler runs")
		}
		r.Context().Done()
		ctxs <- r.Context()
	})
	r.talk("GET / HTTP/1.1\nHost: x\n\n")
	ctx := <-ctxs
	<-ctx.Done()
	if ctx.Err() != context.Canceled {
		t.Error(ctx.Err())
	}
}

func TestTakeover(t *testing.T) {
	const upgrade = "GET / HTTP/1.1\nHost: x\nConnection: upgrade\nUpgrade: x\n\n"
	finish := make(chan struct{})
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		c, buffered, err := w.(interface {
			Takeover() (net.Conn, []byte, error)
		}).Takeover()
		if err != nil {
			t.Error(err)
			return
		}
		info := told(r)
		info.AfterResponse(func() {
			if in, out := info.BytesIn(), info.BytesOut(); in != int64(len(wire(upgrade))) || out != 0 {
				t.Errorf("in %d, out %d", in, out)
			}
		})
		go func() {
			defer c.Close()
			fmt.Fprintf(c, "got %s,", buffered)
			io.Copy(c, c)
		}()
		<-finish
	})
	c := r.dial()
	io.WriteString(c, wire(upgrade)+"early")
	br := bufio.NewReader(c)
	if s, err := br.ReadString(','); s != "got early," {
		t.Fatal(s, err)
	}
	r.stop()
	r.closeAll() // what Close does while the handler is at work: it must not touch the connection
	close(finish)
	r.Close()
	io.WriteString(c, "more")
	c.CloseWrite()
	if rest, err := io.ReadAll(br); string(rest) != "more" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestPanicIsOneConnections(t *testing.T) {
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			told(r).AfterResponse(func() { panic("in a log") })
		}
	})
	other := r.dial()
	r.talk("GET / HTTP/1.1\nHost: x\n\n") // ends, at least
	io.WriteString(other, wire("GET /fine HTTP/1.0\n\n"))
	if got, err := io.ReadAll(other); !strings.HasPrefix(string(got), "HTTP/1.1 200") || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTakeoverComesTooLate(t *testing.T) {
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "GET" {
			w.WriteHeader(200)
		}
		if _, _, err := w.(*response).Takeover(); err == nil {
			t.Error("taken over")
		}
	})
	r.talk("GET / HTTP/1.1\nHost: x\n\nPOST / HTTP/1.1\nHost: x\nContent-Length: 1\n\na")
}

func TestReadFrom(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789abcdef"), 20000)
	name := t.TempDir() + "/f"
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	src := func(kind string) io.Reader {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		switch kind {
		case "/file":
			return f
		case "/part":
			return io.LimitReader(f, int64(len(data)))
		case "/other":
			return struct{ io.Reader }{f}
		}
		l, _ := Listen("127.0.0.1:0")
		defer l.Close()
		go func() {
			c, _ := net.Dial("tcp", l.Addr().String())
			c.Write(data)
			c.Write([]byte("behind"))
			c.Close()
		}()
		c, _ := l.Accept()
		t.Cleanup(func() { c.Close() })
		return io.LimitReader(c, int64(len(data)))
	}
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "length" {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		}
		info := told(r)
		n, err := w.(io.ReaderFrom).ReadFrom(src(r.URL.Path))
		if n != int64(len(data)) || err != nil {
			t.Errorf("%s: %d, %v", r.URL, n, err)
		}
		if out := info.BytesOut(); r.Method == "GET" && out < int64(len(data)) {
			t.Errorf("%s: counted %d", r.URL, out)
		}
	})
	for _, method := range []string{"GET", "HEAD"} {
		for _, path := range []string{"/file", "/part", "/other", "/conn"} {
			for _, query := range []string{"", "?length"} {
				req, _ := http.NewRequest(method, "http://"+r.addr+path+query, nil)
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || method == "GET" && !bytes.Equal(got, data) || method == "HEAD" && len(got) > 0 {
					t.Errorf("%s %s%s: %d bytes, %v", method, path, query, len(got), err)
				}
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
