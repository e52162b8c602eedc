package proxyfcgi_test

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
	"transom/internal/upstream/suite"
	"transom/internal/wire/fcgi"
)

// TestAnswers compares what becomes of an application's output with what httpd 2.4.71 makes of it.
func TestAnswers(t *testing.T) {
	for _, test := range []struct {
		name, stdout string
		status       int
		body, field  string // a field "Name: value" of the response
		log          string
	}{
		{"plain", "Content-Type: text/plain\r\n\r\nok", 200, "ok", "Content-Type: text/plain", ""},
		{"bare line feeds", "Content-Type: text/plain\nX-A: 1\n\nok", 200, "ok", "X-A: 1", ""},
		{"status", "Status: 404 Nope\r\n\r\ngone", 404, "gone", "Status: ", ""},
		{"status alone", "Status: 402\r\n\r\n", 402, "", "", ""},
		{"location", "Location: /local\r\n\r\n", 200, "", "Location: /local", ""},
		{"redirect", "Status: 302 Found\r\nLocation: http://x.test/y\r\n\r\n", 302, "", "Location: http://x.test/y", ""},
		{"nothing at all", "", 200, "", "", ""},
		{"not modified", "Status: 304\r\n\r\nxx", 304, "", "", ""},
		{"more than its length", "Content-Length: 3\r\n\r\nabcdef", 200, "abc", "Content-Length: 3", ""},
		{"no header", "garbage\n\nbody", 500, "*", "", "AH01070"},
		{"head without end", "X-A: 1\r\n", 500, "*", "", "AH01070"},
		{"bad status", "Status: abc\r\n\r\nxx", 500, "*", "", "invalid Status"},
		{"switching protocols", "Status: 101\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 500, "*", "", "invalid Status"},
		{"framing of its own", "Transfer-Encoding: chunked\r\nConnection: X-A\r\nX-A: 1\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, "3\r\nabc\r\n0\r\n\r\n", "X-A: ", ""},
		{"control characters", "X-A: a\x00b\r\n\r\n", 500, "*", "", "AH01070"},
	} {
		t.Run(test.name, func(t *testing.T) {
			addr := application(t, func(got *received) {
				got.Write([]byte(test.stdout))
				got.End()
			})
			s := site(t, addr)
			w := s.Get(t, "/x.php")
			if w.Code != test.status || test.body != "*" && w.Body.String() != test.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, test.status, test.body)
			}
			if name, value, _ := strings.Cut(test.field, ": "); w.Header().Get(name) != value {
				t.Errorf("%s is %q, want %q", name, w.Header().Get(name), value)
			}
			if log := s.Read(t, "logs/error_log"); !strings.Contains(log, test.log) || test.log == "" && log != "" {
				t.Errorf("the log says %q, want %q", log, test.log)
			}
		})
	}
}

func TestErrorOutput(t *testing.T) {
	addr := application(t, func(got *received) {
		got.conn.Write(fcgi.AppendRecord(nil, fcgi.Stderr, 1, []byte("PHP message: oops")))
		io.WriteString(got, "Content-Type: text/plain\r\n\r\nfine")
		got.End()
	})
	s := site(t, addr)
	if w := s.Get(t, "/x.php"); w.Body.String() != "fine" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "AH01071: Got error 'PHP message: oops'") {
		t.Errorf("the log says %q", log)
	}
}

// TestHostileRecords: an application that speaks nonsense costs a request, no more.
func TestHostileRecords(t *testing.T) {
	for name, bytes := range map[string]string{
		"another version": "\x02\x06\x00\x01\x00\x00\x00\x00",
		"another request": "\x01\x06\x00\x02\x00\x01\x00\x00x",
		"http":            "HTTP/1.1 200 OK\r\n\r\n",
		"cut short":       "\x01\x06\x00\x01\xff\xff\xff\x00X-A: 1",
	} {
		addr := application(t, func(got *received) { got.conn.Write([]byte(bytes)) })
		if w := site(t, addr).Get(t, "/x.php"); w.Code != 503 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestKeepsConnections: only enablereuse=on does, as in httpd.
func TestKeepsConnections(t *testing.T) {
	for params, want := range map[string]bool{"": false, "enablereuse=on": true, "disablereuse=off": true, "enablereuse=off": false} {
		kept := make(chan bool, 1)
		addr := application(t, func(got *received) {
			kept <- got.keep
			got.End()
		})
		s := sitetest.New(t, "Listen 80\nProxyPass / fcgi://"+addr+"/ "+params, modules.All())
		s.Get(t, "/")
		select {
		case got := <-kept:
			if got != want {
				t.Errorf("%q: FCGI_KEEP_CONN is %v", params, got)
			}
		default:
			t.Errorf("%q: the application was not asked", params)
		}
	}
}

func site(t *testing.T, addr string) *sitetest.Site {
	return sitetest.New(t, "Listen 80\nErrorLog logs/error_log\nProxyPass / fcgi://"+addr+"/\n", modules.All())
}

func application(t *testing.T, answer func(*received)) (addr string) {
	t.Helper()
	return listenAt(t, "tcp", "127.0.0.1:0", answer)
}

// listenAt starts an application that answers each connection's first request.
func listenAt(t *testing.T, network, at string, answer func(*received)) (addr string) {
	t.Helper()
	l, err := net.Listen(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn, func(got suite.Received) bool {
				answer(got.(*received))
				return false
			})
		}
	}()
	return l.Addr().String()
}

// TestPHP is how distributions set php-fpm up: a socket, and a handler for *.php.
func TestPHP(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "fpm.sock")
	listenAt(t, "unix", socket, func(got *received) {
		body, err := io.ReadAll(got)
		fmt.Fprintf(got, "Content-Type: text/plain\r\n\r\n%s %s %s %v", got.env["SCRIPT_NAME"], got.env["CONTENT_LENGTH"], body, err)
		got.End()
	})
	s := sitetest.New(t, "Listen 80\nDirectoryIndex index.php\n<FilesMatch \"\\.php$\">\nSetHandler \"proxy:unix:"+socket+"|fcgi://localhost\"\n</FilesMatch>\n", modules.All())
	s.Write(t, "htdocs/index.php", "source")
	for _, length := range []int64{3, -1} {
		r := sitetest.Request("POST", "/")
		r.Body, r.ContentLength = io.NopCloser(iotest.DataErrReader(strings.NewReader("a=b"))), length // complete at once, if chunked
		if got, want := s.Do(t, r).Body.String(), "/index.php 3 a=b <nil>"; got != want {
			t.Errorf("length %d: %q, want %q", length, got, want)
		}
	}
	if got := s.Get(t, "/index.php/info").Body.String(); got != "/index.php   <nil>" {
		t.Errorf("%q", got)
	}
}
