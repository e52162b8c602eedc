package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"transom/internal/upstream"
)

// readHead reads one head from c, and what came with it.
func readHead(c net.Conn) (head, rest string, ok bool) {
	var got []byte
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if h, r, found := strings.Cut(string(got), "\r\n\r\n"); found {
			return h + "\r\n", r, true
		}
		if err != nil {
			return string(got), "", false
		}
	}
}

// script answers each request of a connection with the same bytes and tells heads what it saw. It closes if the answer doesn't
// end with "..." (cut off).
func script(answer string, heads chan<- string) func(net.Conn) {
	return func(c net.Conn) {
		for {
			head, _, ok := readHead(c)
			if !ok {
				return
			}
			if heads != nil {
				heads <- head
			}
			text, goOn := strings.CutSuffix(answer, "...")
			io.WriteString(c, text)
			if !goOn {
				return
			}
		}
	}
}

func exchange(w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
	return upstream.HTTPSchemes()[0].Exchange(context.Background(), w, req)
}

// TestRawResponses: what httpd 2.4.71 makes of the same bytes stands beside, where it differs.
func TestRawResponses(t *testing.T) {
	const good = "200 ok"
	ok := "Content-Length: 2\r\n\r\nok"
	tests := []struct{ name, answer, want string }{
		{"plain", "HTTP/1.1 200 OK\r\n" + ok, good},
		{"no reason", "HTTP/1.1 200\r\n" + ok, good},
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", good},
		{"folded", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n" + ok, good},
		{"until close", "HTTP/1.0 200 OK\r\n\r\nok", good},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n", good},
		{"interim", strings.Repeat("HTTP/1.1 103 E\r\nLink: a\r\n\r\n", 10) + "HTTP/1.1 200 OK\r\n" + ok, good},
		{"204 with length", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nok", "204 "},
		{"too many interim", strings.Repeat("HTTP/1.1 103 E\r\n\r\n", 12), "error 502 bad HTTP header returned by remote server"},
		{"nothing", "", "error 502 Error reading from remote server"},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-", "error 502 Error reading from remote server"},
		{"HTTP/0.9", "HELLO\r\n\r\n", "error 502 Corrupt status line returned by remote server"}, // httpd: 200
		{"HTTP/2.0", "HTTP/2.0 200 OK\r\n" + ok, "error 502 Corrupt status line returned by remote server"},
		{"status 99", "HTTP/1.1 99 OK\r\n" + ok, "error 502 Corrupt status line returned by remote server"},                                       // httpd: 200
		{"no colon", "HTTP/1.1 200 OK\r\nbad header\r\n" + ok, "error 502 bad HTTP header returned by remote server"},                             //
		{"long field", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 9000) + "\r\n" + ok, "error 502 bad HTTP header returned by remote server"}, //
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" + ok, "error 502 bad HTTP header returned by remote server"},                   // httpd: takes one
		{"length and coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + ok, "error 502 bad HTTP header returned by remote server"},    // httpd: chunked
		{"other coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok", "error 502 bad HTTP header returned by remote server"},           // httpd: until close
		{"short", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", "200 ok error 502 error reading response"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok", "200  error 502 error reading response"},
		{"unasked 101", "HTTP/1.1 101 S\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n", "error 502 Unexpected Upgrade: foo (expecting n/a)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := rawWorker(t, script(test.answer, nil))
			resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/"})
			got := ""
			if err == nil {
				body, rerr := io.ReadAll(resp.Body)
				resp.Body.Close()
				got, err = fmt.Sprintf("%d %s", resp.Status, body), rerr
			}
			var e *upstream.Error
			if errors.As(err, &e) {
				got = strings.TrimPrefix(got+" error "+fmt.Sprint(e.Status)+" "+e.Reason, " ")
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestHead: the length that a response to HEAD describes is passed on if it is sound; no body is waited for.
func TestHead(t *testing.T) {
	for lines, want := range map[string]string{
		"Content-Length: 42\r\n":                              "42",
		"Content-Length: 42\r\nContent-Length: 42\r\n":        "",
		"Content-Length: 4x\r\n":                              "",
		"Transfer-Encoding: chunked\r\nX: y\r\n":              "",
		"Connection: Content-Length\r\nContent-Length: 9\r\n": "9",
	} {
		w := rawWorker(t, script("HTTP/1.1 200 OK\r\n"+lines+"\r\n...", nil))
		resp, err := exchange(w, &upstream.Request{Method: "HEAD", Target: "/"})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Get("Content-Length"); got != want || resp.ContentLength != 0 || w.Stats().Idle != 1 {
			t.Errorf("%q: length %q, %+v", lines, got, w.Stats())
		}
	}
}

// TestExtraBytes: a connection with bytes that nobody asked for is not used again.
func TestExtraBytes(t *testing.T) {
	var conns atomic.Int64
	w := rawWorker(t, func(c net.Conn) {
		conns.Add(1)
		script("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 Poison\r\nContent-Length: 0\r\n\r\n...", nil)(c)
	})
	for range 3 {
		resp, err := exchange(w, &upstream.Request{Method: "GET", Target: "/"})
		if err != nil || resp.Reason != "OK" {
			t.Fatal(resp, err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	if conns.Load() != 3 {
		t.Errorf("%d connections", conns.Load())
	}
}

func TestRequestHead(t *testing.T) {
	f := func(lines ...string) (fields []upstream.Field) {
		for _, line := range lines {
			name, value, _ := strings.Cut(line, ": ")
			fields = append(fields, upstream.Field{Name: name, Value: value})
		}
		return fields
	}
	tests := []struct {
		name string
		req  upstream.Request
		want string
	}{
		{"order and case", upstream.Request{Method: "GET", Target: "/a?b", Host: "h", Fields: f("x-LOWER: 1", "Accept: */*", "X-lower: 2")},
			"GET /a?b HTTP/1.1|Host: h|x-LOWER: 1|Accept: */*|X-lower: 2|Connection: Keep-Alive"},
		{"hop by hop", upstream.Request{Method: "GET", Target: "/", Host: "h", Fields: f("Connection: close, X-Drop", "X-Drop: 1",
			"Keep-Alive: 5", "TE: trailers", "Transfer-Encoding: chunked", "Content-Length: 7", "Proxy-Connection: x", "X-Stay: 1", "Expect: x")},
			"GET / HTTP/1.1|Host: h|X-Stay: 1|Connection: Keep-Alive"},
		{"case 3: h2c", upstream.Request{Method: "GET", Target: "/", Host: "h", Upgrade: true,
			Fields: f("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAA")},
			"GET / HTTP/1.1|Host: h|Connection: Keep-Alive"},
		{"case 4: h2c not named", upstream.Request{Method: "GET", Target: "/", Host: "h", Fields: f("Upgrade: websocket, h2c", "HTTP2-Settings: AAA")},
			"GET / HTTP/1.1|Host: h|Connection: Keep-Alive"},
		{"case 15: protected", upstream.Request{Method: "GET", Target: "/", Host: "h", Fields: f("Connection: Host, Cookie, Authorization, "+
			"X-Forwarded-For, x-real-ip, Sec-WebSocket-Key", "Cookie: a=b", "Authorization: c", "X-Forwarded-For: d", "X-Real-IP: e")},
			"GET / HTTP/1.1|Host: h|Cookie: a=b|Authorization: c|X-Forwarded-For: d|X-Real-IP: e|Connection: Keep-Alive"},
		{"handshake", upstream.Request{Method: "GET", Target: "/", Host: "h", Upgrade: true, Fields: f("Connection: keep-alive, Upgrade",
			"Upgrade: WebSocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: k", "Sec-WebSocket-Protocol: p")},
			"GET / HTTP/1.1|Host: h|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: k|Sec-WebSocket-Protocol: p|Upgrade: websocket|Connection: Upgrade"},
		{"case 2: POST", upstream.Request{Method: "POST", Target: "/", Host: "h", Upgrade: true, Fields: f("Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: k")},
			"POST / HTTP/1.1|Host: h|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: k|Content-Length: 0|Connection: Keep-Alive"},
		{"no reuse", upstream.Request{Method: "GET", Target: "/", Host: "h", NoReuse: true}, "GET / HTTP/1.1|Host: h|Connection: close"},
		{"HTTP/1.0", upstream.Request{Method: "GET", Target: "/", Host: "h", HTTP10: true}, "GET / HTTP/1.0|Host: h|Connection: close"},
		{"no line can be added", upstream.Request{Method: "GET", Target: "/", Host: "h", Fields: f("X: a\r\nY: b")},
			"GET / HTTP/1.1|Host: h|X: a  Y: b|Connection: Keep-Alive"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			heads := make(chan string, 1)
			w := rawWorker(t, script("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", heads))
			resp, err := exchange(w, &test.req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := strings.ReplaceAll(strings.TrimSuffix(<-heads, "\r\n"), "\r\n", "|"); got != test.want {
				t.Errorf("sent\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestTarget: case 24, nothing with a space or control character goes out.
func TestTarget(t *testing.T) {
	w := rawWorker(t, func(c net.Conn) { t.Error("the backend was asked") })
	for _, target := range []string{"", "/a b", "/a\r\nX: y", "/\x00", "/\x7f"} {
		_, err := exchange(w, &upstream.Request{Method: "GET", Target: target})
		if upstream.StatusOf(err) != 403 {
			t.Errorf("%q: %v", target, err)
		}
	}
}

// TestRetry: what a dead pooled connection does to each method, when its death shows only after the request was written.
func TestRetry(t *testing.T) {
	for _, test := range []struct {
		method, body string
		retried      bool
	}{{"GET", "", true}, {"PUT", "abc", true}, {"DELETE", "", true}, {"POST", "abc", false}, {"PATCH", "abc", false}} {
		t.Run(test.method, func(t *testing.T) {
			var seen atomic.Int64
			w := rawWorker(t, func(c net.Conn) {
				for first := true; ; first = false {
					if _, _, ok := readHead(c); !ok {
						return
					}
					seen.Add(1)
					if !first {
						return // took the request, and died
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			})
			req := func() *upstream.Request {
				r := &upstream.Request{Method: test.method, Target: "/"}
				if test.body != "" {
					r.Body, r.ContentLength = strings.NewReader(test.body), int64(len(test.body))
				}
				return r
			}
			for range 2 {
				resp, err := exchange(w, req())
				if err != nil {
					if test.retried || upstream.StatusOf(err) != 502 {
						t.Fatal(err)
					}
					return
				}
				resp.Body.Close()
			}
			if !test.retried {
				t.Errorf("repeated: the backend saw %d requests", seen.Load())
			}
		})
	}
}

func TestExpect(t *testing.T) {
	for _, test := range []struct {
		name, first string
		ping        time.Duration
		expects     bool
		want        string // status, body seen by the backend, interims
	}{
		{"client expects, 100", "HTTP/1.1 100 Continue\r\n\r\n", 0, true, "200 abc [100]"},
		{"client expects, refused", "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", 0, true, "417  []"},
		{"ping, 100", "HTTP/1.1 100 Continue\r\n\r\n", time.Minute, false, "200 abc []"},
		{"ping, 102 is a sign of life", "HTTP/1.1 102 Wait\r\n\r\n", time.Minute, false, "200 abc [102]"},
		{"ping, silence", "", 20 * time.Millisecond, false, "503"},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := make(chan string, 1)
			w := rawWorker(t, func(c net.Conn) {
				head, rest, ok := readHead(c)
				if !ok || rest != "" || !strings.Contains(head, "Expect: 100-continue\r\n") {
					t.Errorf("head %q, body %q at once", head, rest)
				}
				io.WriteString(c, test.first)
				b := make([]byte, 3)
				n, _ := io.ReadFull(c, b)
				body <- string(b[:n])
				if n == 3 {
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			})
			w.Ping = test.ping
			w.SetStatus(0, upstream.IgnoreErrors)
			interims := []int{}
			resp, err := exchange(w, &upstream.Request{Method: "POST", Target: "/", Body: strings.NewReader("abc"), ContentLength: 3,
				Expect100: test.expects, Interim: func(status int, _ []upstream.Field) { interims = append(interims, status) }})
			if err != nil {
				if got := fmt.Sprint(upstream.StatusOf(err)); got != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
				if w.Status()&upstream.InError == 0 {
					t.Error("the worker is not in error")
				}
				return
			}
			resp.Body.Close()
			if got := fmt.Sprint(resp.Status, " ", <-body, " ", interims); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if idle := w.Stats().Idle; (resp.Status == 200) != (idle == 1) {
				t.Errorf("status %d, %d idle connections", resp.Status, idle)
			}
		})
	}
}

func TestTrailers(t *testing.T) {
	got := make(chan string, 1)
	w := rawWorker(t, func(c net.Conn) {
		all := ""
		for !strings.HasSuffix(all, "X-Sum: 1\r\n\r\n") {
			b := make([]byte, 1000)
			n, err := c.Read(b)
			if err != nil {
				break
			}
			all += string(b[:n])
		}
		got <- all
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Back: 2\r\nContent-Length: 9\r\n\r\n")
	})
	resp, err := exchange(w, &upstream.Request{Method: "POST", Target: "/", Body: io.MultiReader(strings.NewReader("abc")), ContentLength: -1,
		Fields: []upstream.Field{{Name: "Trailer", Value: "X-Sum"}},
		Trailer: func() []upstream.Field {
			return []upstream.Field{{Name: "X-Sum", Value: "1"}, {Name: "Host", Value: "evil"}}
		}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if string(body) != "ok" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if tr := resp.Trailer(); len(tr) != 1 || tr[0].Name != "X-Back" {
		t.Errorf("trailers %v", tr)
	}
	if sent := <-got; !strings.HasSuffix(sent, "\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n") || !strings.Contains(sent, "\r\nTrailer: X-Sum\r\n") {
		t.Errorf("sent %q", sent)
	}
}

// TestNeedLength: bodies of unknown length, short and long, go out with Content-Length.
func TestNeedLength(t *testing.T) {
	for _, size := range []int{0, 10, 40 << 10, 64 << 10, 300 << 10} {
		heads, sizes := make(chan string, 1), make(chan int64, 1)
		w := rawWorker(t, func(c net.Conn) {
			head, rest, _ := readHead(c)
			n, _ := io.CopyN(io.Discard, c, int64(size-len(rest)))
			heads <- head
			sizes <- n + int64(len(rest))
			io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\nok")
		})
		resp, err := exchange(w, &upstream.Request{Method: "POST", Target: "/", Body: io.MultiReader(strings.NewReader(strings.Repeat("x", size))),
			ContentLength: -1, HTTP10: true})
		if err != nil {
			t.Fatal(size, err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if head := <-heads; !strings.Contains(head, fmt.Sprintf("Content-Length: %d\r\n", size)) || !strings.HasPrefix(head, "POST / HTTP/1.0\r\n") {
			t.Errorf("%d: %q", size, head)
		}
		if n := <-sizes; n != int64(size) {
			t.Errorf("%d: %d bytes came", size, n)
		}
	}
}

func TestOrdered(t *testing.T) {
	h := map[string][]string{"B-Field": {"2", "3"}, "A": {"1"}, "New": {"n"}, "Added": {"a"}}
	sent := []upstream.Field{{Name: "b-FIELD", Value: "2"}, {Name: "gone", Value: "x"}, {Name: "B-Field", Value: "3"}, {Name: "a", Value: "1"}}
	got := upstream.Ordered(h, sent)
	want := []upstream.Field{{Name: "b-FIELD", Value: "2"}, {Name: "b-FIELD", Value: "3"}, {Name: "a", Value: "1"}, {Name: "Added", Value: "a"}, {Name: "New", Value: "n"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	back := map[string][]string{}
	(&upstream.Response{Fields: got}).AddTo(back)
	if back[textproto.CanonicalMIMEHeaderKey("b-field")][1] != "3" {
		t.Errorf("%v", back)
	}
}

func TestStripNamed(t *testing.T) {
	h := http.Header{"Connection": {"X-Drop, cookie", "Upgrade, X-Forwarded-For, te"}, "X-Drop": {"1"}, "Cookie": {"c"}, "Upgrade": {"h2c"},
		"X-Forwarded-For": {"f"}, "Te": {"trailers"}, "Http2-Settings": {"x"}, "X-Stay": {"s"}}
	upstream.StripNamed(h)
	if len(h) != 7 || h["X-Drop"] != nil || h.Get("Cookie") != "c" || h.Get("X-Forwarded-For") != "f" || h.Get("Upgrade") != "h2c" {
		t.Errorf("%v", h)
	}
}
