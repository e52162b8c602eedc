package harness

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The server that these tests play against is this test binary: it copies bytes
// between a client and the address behind "Pipe" in httpd.conf.
func TestMain(m *testing.M) {
	if os.Getenv("HARNESS_PIPE") != "" {
		if err := pipe(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// For the servers that tests start. The race detector would have each sleep
	// for a second before it exits.
	os.Setenv("HARNESS_PIPE", "1")
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func pipe() error {
	start, err := os.ReadFile("start.conf")
	if err != nil {
		return err
	}
	conf, err := os.ReadFile("httpd.conf")
	if err != nil {
		return err
	}
	listen := regexp.MustCompile(`(?m)^Listen (.*)$`).FindSubmatch(start)
	to := regexp.MustCompile(`(?m)^Pipe (.*)$`).FindSubmatch(conf)
	if to == nil {
		return fmt.Errorf("AH00526: Syntax error on line 1 of httpd.conf:\nno Pipe")
	}
	ln, err := net.Listen("tcp", string(listen[1]))
	if err != nil {
		return err
	}
	log, err := os.Create("logs/error_log")
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go join(c, string(to[1]))
		}
	}()
	for {
		fmt.Fprintln(log, resumed)
		if s := <-signals; s == syscall.SIGTERM {
			return nil
		}
	}
}

func join(c net.Conn, to string) {
	b, err := net.Dial("tcp", to)
	if err != nil {
		c.Close()
		return
	}
	go func() {
		io.Copy(b, c)
		b.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(c, b)
	c.(*net.TCPConn).CloseWrite()
}

func newHarness(t *testing.T, timeout time.Duration) *Harness {
	t.Helper()
	h, err := New(Transom(os.Args[0]), timeout)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *Harness) play(t *testing.T, script string) []Failure {
	t.Helper()
	s, err := Parse("x.txtar", []byte("-- httpd.conf --\nPipe ${BACKEND_app}\n-- script --\n"+script))
	if err != nil {
		t.Fatal(err)
	}
	res, err := h.Play(s)
	if err != nil {
		t.Fatal(err)
	}
	return res.Failures
}

func TestTruth(t *testing.T) {
	h := newHarness(t, 10*time.Second)
	for _, script := range []string{
		`backend app echo
GET /x -> 200 app GET /x
	Content-Type: ~text/.*
	!Server`,
		`backend app echo
GET /x -> 200 app GET /x
	Content-Length: 10
	|~ app .*
app got GET /x
	Host: localhost:${PORT}
app count 1
WS /y -> 101 app GET /y`,
		`backend app
client send POST /x
	X: a\tb
	| 1
	| 2
	+ GET /y HTTP/1.1
app recv POST /x HTTP/1.1
	Content-Length: 3
	| 1\n2
app send 200
	Transfer-Encoding: chunked
app send chunk abc
client recv head 200
client recv data abc
app send chunk ${FILL_100000}
app send end
	X-Sum: 1
client recv data ${FILL_100000}
client recv end
	X-Sum: 1
app recv GET /y
app send 200
	!Content-Length
	| to the end
app close
client recv 200 to the end
client send websocket /z
app recv GET /z as one
one send 101
	+ frame text early
client recv 101
client recv frame text early
client send frame close 1000 bye
client finish
one recv frame close 1000 bye
one recv closed
one send raw last\x00
one close
client recv raw last\x00
client recv closed
reload
log logs/error_log
	resuming normal operations
	~resuming .*
log logs/error_log lacks
	~.*error.*`,
	} {
		if f := h.play(t, script); len(f) > 0 {
			t.Errorf("%s\n%v", script, f)
		}
	}
}

// A step that isn't true must fail, and say what was true.
func TestLies(t *testing.T) {
	for timeout, lies := range map[time.Duration][]struct{ script, step, got string }{
		20 * time.Second: {
			{"GET /x -> 404", "GET /x -> 404", "HTTP/1.1 200 OK"},
			{"GET /x -> 200 other", "", `body "app GET /x"`},
			{"GET /x -> 200\n\tContent-Type: text/html", "", `Content-Type: ["text/plain"]`},
			{"GET /x -> 200\n\tContent-Type: ~html", "", `Content-Type: ["text/plain"]`},
			{"GET /x -> 200\n\tContent-Type: text/plain\n\tContent-Type: text/plain", "", `Content-Type: ["text/plain"]`},
			{"GET /x -> 200\n\t!Content-Type", "", `Content-Type: ["text/plain"]`},
			{"GET /x -> 200\n\tX-None: a", "", `X-None: []`},
			{"GET /x -> 200\n\ttrailer X-None: a", "", `X-None: []`},
			{"GET /x -> 200\n\t|~ y", "", `body "app GET /x"`},
			{"WS /x -> 101 wrong", "", `text app GET /x`},
			{"WS /x -> 200", "", `HTTP/1.1 101 Switching Protocols`},
			{"GET /x -> 200\napp got GET /y", "app got GET /y", "GET /x HTTP/1.1"},
			{"GET /x -> 200\napp got GET /x HTTP/1.0", "app got GET /x HTTP/1.0", "GET /x HTTP/1.1"},
			{"app got GET /x", "", "no request"},
			{"app count 1", "", "0"},
			{"GET /x to 127.0.0.1:${PORT_none} -> 200", "", "connection refused"},
			{"client send GET /x\nclient recv raw HTTP/1.0", "client recv raw HTTP/1.0", `"HTTP/1.1"`},
			{"client send raw GET\nclient finish\nclient recv 200", "client recv 200", "connection closed"},
			{"client send websocket /x\nclient recv 101\nclient recv frame text x", "client recv frame text x", "text app GET /x"},
			{"client send websocket /x\n\tSec-WebSocket-Key: other\nclient recv 101", "client recv 101", "Sec-WebSocket-Accept"},
			{"log logs/error_log lacks\n\t~resu.*", "log logs/error_log lacks", "a line"},
		},
		2 * time.Second: { // these wait for what never comes
			{"client send raw GET\nclient recv 200", "client recv 200", "nothing came"},
			{"client open\nclient recv closed", "client recv closed", "still open"},
			{"client send GET /x\nclient recv closed", "client recv closed", "HTTP/1.1 200 OK"},
			{"log logs/error_log\n\tnothing", "log logs/error_log", resumed},
			{"log logs/error_log", "log logs/error_log", resumed},
			{"log logs/error_log has\n\tnothing", "log logs/error_log has", "no line"},
		},
	} {
		h := newHarness(t, timeout)
		for _, c := range lies {
			t.Run(c.script, func(t *testing.T) {
				t.Parallel()
				failures := h.play(t, "backend app echo\n"+c.script)
				if c.step == "" {
					c.step, _, _ = strings.Cut(c.script, "\n")
				}
				found := slices.ContainsFunc(failures, func(f Failure) bool { return f.Step == c.step && strings.Contains(f.Got, c.got) })
				if !found || len(failures) > 1 {
					t.Errorf("want %q to fail with %q, have %v", c.step, c.got, failures)
				}
			})
		}
	}
}

func TestRefused(t *testing.T) {
	h := newHarness(t, 10*time.Second)
	for _, c := range []struct{ block, want string }{
		{"\n\tno Pipe\n\t~AH00526: .*", ""},
		{"\n\tno such line", `no line "no such line"`},
	} {
		s, err := Parse("x.txtar", []byte("-- httpd.conf --\nNothing\n-- script --\nrefused"+c.block+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		res, err := h.Play(s)
		if err != nil || len(res.Failures) > 0 != (c.want != "") || c.want != "" && !strings.Contains(res.Failures[0].Got, c.want) {
			t.Errorf("%q: %v %v", c.block, res.Failures, err)
		}
	}
}

func TestScriptErrors(t *testing.T) {
	h := newHarness(t, 10*time.Second)
	for _, c := range []struct{ script, want string }{
		{"\tindented", "before the first step"},
		{"", "no steps"},
		{"GET /x", "want METHOD TARGET"},
		{"client shout", "unknown verb"},
		{"nobody recv 200", "no backend"},
		{"client send frame nonsense", "unknown kind of frame"},
		{"client send GET", "want METHOD TARGET"},
		{"log logs/error_log perhaps", "log FILE"},
		{"client send raw \\q", "unknown escape"},
		{"GET /${BACKEND_none} -> 200", "no line \"backend none\""},
	} {
		s, err := Parse("x.txtar", []byte("-- httpd.conf --\nPipe 127.0.0.1:1\n-- script --\n"+c.script+"\n"))
		if err == nil {
			_, err = h.Play(s)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.script, err, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	if a, b := fill(10), fill(100000); len(a) != 10 || len(b) != 100000 || !strings.HasPrefix(b, a) {
		t.Error(fill(10))
	}
}
