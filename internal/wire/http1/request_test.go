package http1

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// one turns a head written with \n into wire form.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

var strict = Options{Limits: DefaultLimits}

// separate reads a list as RFC 9110 §7.6.1 describes it.
func separate(fields []Field) bool {
	seen := map[string]bool{"keep-alive": true, "close": true, "upgrade": true}
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		if name != "connection" {
			continue
		}
		for _, option := range strings.Split(f.Value, ",") {
			if !seen[strings.ToLower(strings.Trim(option, " \t"))] {
				return false
			}
		}
	}
	clear(seen)
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

func TestReadRequestAccepts(t *testing.T) {
	tests := []struct {
		name, in string
		o        Options
		want     RequestHead
	}{
		{"origin-form, case and order kept (RFC 9112 3.2.1)", crlf("GET /a?b HTTP/1.1\nhOsT: x:80\nA:  1\t\nB:\n\n"), strict, RequestHead{
			Line: "GET /a?b HTTP/1.1", Method: "GET", Target: "/a?b", Major: 1, Minor: 1, Host: "x:80", KeepAlive: true,
			Fields: fieldList("hOsT", "x:80", "A", "1", "B", "")}},
		{"absolute-form's host wins (3.2.2)", crlf("GET http://y/a HTTP/1.1\nHost: x\n\n"), strict, RequestHead{
			Line: "GET http://y/a HTTP/1.1", Method: "GET", Target: "http://y/a", Form: Absolute, Major: 1, Minor: 1, Host: "y", KeepAlive: true,
			Fields: fieldList("Host", "x")}},
		{"authority-form (3.2.3)", crlf("CONNECT y:443 HTTP/1.1\nHost: y\n\n"), strict, RequestHead{
			Line: "CONNECT y:443 HTTP/1.1", Method: "CONNECT", Target: "y:443", Form: Authority, Major: 1, Minor: 1, Host: "y:443", KeepAlive: true,
			Fields: fieldList("Host", "y")}},
		{"asterisk-form (3.2.4)", crlf("OPTIONS * HTTP/1.1\nHost: [::1]:8\n\n"), strict, RequestHead{
			Line: "OPTIONS * HTTP/1.1", Method: "OPTIONS", Target: "*", Form: Asterisk, Major: 1, Minor: 1, Host: "[::1]:8", KeepAlive: true,
			Fields: fieldList("Host", "[::1]:8")}},
		{"empty lines before (2.2)", crlf("\n\nGET / HTTP/1.1\nHost: x\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.1", Method: "GET", Target: "/", Major: 1, Minor: 1, Host: "x", KeepAlive: true,
			Fields: fieldList("Host", "x")}},
		{"1.0 closes (9.3)", crlf("GET / HTTP/1.0\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.0", Method: "GET", Target: "/", Major: 1, Minor: 0}},
		{"1.0 with keep-alive (9.3)", crlf("GET / HTTP/1.0\nConnection: foo, Keep-Alive\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.0", Method: "GET", Target: "/", Major: 1, KeepAlive: true, KeepAliveAsk: true, Fields: fieldList("Connection", "foo, Keep-Alive")}},
		{"close beats keep-alive (9.3)", crlf("GET / HTTP/1.1\nHost: x\nConnection: keep-alive\nConnection: CLOSE\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.1", Method: "GET", Target: "/", Major: 1, Minor: 1, Host: "x", KeepAliveAsk: true,
			Fields: fieldList("Host", "x", "Connection", "keep-alive", "Connection", "CLOSE")}},
		{"length (6.2)", crlf("POST / HTTP/1.1\nHost: x\nContent-Length: 0012\n\n"), strict, RequestHead{
			Line: "POST / HTTP/1.1", Method: "POST", Target: "/", Major: 1, Minor: 1, Host: "x", Length: 12, KeepAlive: true,
			Fields: fieldList("Host", "x", "Content-Length", "0012")}},
		{"chunked (6.1)", crlf("POST / HTTP/1.1\nHost: x\nTransfer-Encoding: Chunked\n\n"), strict, RequestHead{
			Line: "POST / HTTP/1.1", Method: "POST", Target: "/", Major: 1, Minor: 1, Host: "x", Length: Chunked, KeepAlive: true,
			Fields: fieldList("Host", "x", "Transfer-Encoding", "Chunked")}},
		{"upgrade needs both fields", crlf("GET / HTTP/1.1\nHost: x\nUpgrade: websocket\nConnection: keep-alive, UPGRADE\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.1", Method: "GET", Target: "/", Major: 1, Minor: 1, Host: "x", KeepAlive: true, KeepAliveAsk: true, Upgrade: true,
			Fields: fieldList("Host", "x", "Upgrade", "websocket", "Connection", "keep-alive, UPGRADE")}},
		{"a token that contains upgrade is not it", crlf("GET / HTTP/1.1\nHost: x\nUpgrade: websocket\nConnection: x-upgrade-me\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.1", Method: "GET", Target: "/", Major: 1, Minor: 1, Host: "x", KeepAlive: true,
			Fields: fieldList("Host", "x", "Upgrade", "websocket", "Connection", "x-upgrade-me")}},
		{"names that meet twice", crlf("GET / HTTP/1.0\nx-a: 1\nA: 2\nX-A: 3\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.0", Method: "GET", Target: "/", Major: 1, Fields: fieldList("x-a", "1", "A", "2", "X-A", "3")}},
		{"common names that meet twice", crlf("GET / HTTP/1.0\nCookie: 1\ncookie: 3\n\n"), strict, RequestHead{
			Line: "GET / HTTP/1.0", Method: "GET", Target: "/", Major: 1, Fields: fieldList("Cookie", "1", "cookie", "3")}},
		{"0.9", "GET /a\r\n", strict, RequestHead{Line: "GET /a", Method: "GET", Target: "/a", Minor: 9}},
		{"a stray % in the query", crlf("GET /a?100% HTTP/1.0\n\n"), strict, RequestHead{
			Line: "GET /a?100% HTTP/1.0", Method: "GET", Target: "/a?100%", Major: 1}},
		{"Unsafe", "GET  \t/a#b  HTTP/1.1 \nHost : x\nA: b\n c\x01\n\n", Options{Unsafe: true}, RequestHead{
			Line: "GET  \t/a#b  HTTP/1.1 ", Method: "GET", Target: "/a#b", Major: 1, Minor: 1, Host: "x", KeepAlive: true,
			Fields: fieldList("Host", "x", "A", "b c\x01")}},
		{"RegisteredMethods", crlf("PROPFIND / HTTP/1.0\n\n"), Options{RegisteredMethods: true}, RequestHead{
			Line: "PROPFIND / HTTP/1.0", Method: "PROPFIND", Target: "/", Major: 1}},
	}
	for _, test := range tests {
		test.want.Separate = test.want.Major > 0 && separate(test.want.Fields)
		t.Run(test.name, func(t *testing.T) {
			for _, src := range []io.Reader{strings.NewReader(test.in + "REST"), iotest.OneByteReader(strings.NewReader(test.in + "REST"))} {
				r := NewReader(src)
				var h RequestHead
				if err := r.ReadRequest(&h, &test.o); err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(test.want, h, withIDs); d != "" {
					t.Error(d)
				}
				if r.Taken() != int64(len(test.in)) {
					t.Errorf("took %d bytes of a head of %d", r.Taken(), len(test.in))
				}
				if rest, _ := io.ReadAll(r); string(rest) != "REST" {
					t.Errorf("%q left behind the head", rest)
				}
			}
		})
	}
}

func TestReadRequestRefuses(t *testing.T) {
	const h = "Host: x\n"
	tests := []struct {
		name, in string // in wire form but for \n, which stands for CRLF; ␊ is a bare LF
		status   int
	}{
		{"bare LF behind the request line (RFC 9112 2.2)", "GET / HTTP/1.1␊" + h + "\n", 400},
		{"bare LF behind a field (2.2)", "GET / HTTP/1.1\nHost: x␊\n", 400},
		{"bare LF at the end (2.2)", "GET / HTTP/1.1\n" + h + "␊", 400},
		{"bare CR in a value (2.2)", "GET / HTTP/1.1\n" + h + "A: b\rc\n\n", 400},
		{"bare CR in the request line (2.2)", "GET /\rx HTTP/1.1\n" + h + "\n", 400},
		{"NUL in a value (RFC 9110 5.5)", "GET / HTTP/1.1\n" + h + "A: b\x00c\n\n", 400},
		{"control character in a value (RFC 9110 5.5)", "GET / HTTP/1.1\n" + h + "A: b\x7fc\n\n", 400},
		{"NUL in a name (RFC 9110 5.1)", "GET / HTTP/1.1\n" + h + "A\x00: b\n\n", 400},
		{"obs-fold (5.2)", "GET / HTTP/1.1\n" + h + "A: b\n c\n\n", 400},
		{"fold before the first field (2.2)", "GET / HTTP/1.1\n Host: x\n\n", 400},
		{"space before the colon (5.1)", "GET / HTTP/1.1\nHost : x\n\n", 400},
		{"tab before the colon (5.1)", "GET / HTTP/1.1\n" + h + "Upgrade\t: x\n\n", 400},
		{"no colon (5)", "GET / HTTP/1.1\n" + h + "foo\n\n", 400},
		{"empty name (5)", "GET / HTTP/1.1\n" + h + ": foo\n\n", 400},
		{"no Host (3.2)", "GET / HTTP/1.1\n\n", 400},
		{"no Host beside absolute-form (3.2)", "GET http://x/ HTTP/1.1\n\n", 400},
		{"empty Host", "GET / HTTP/1.1\nHost:\n\n", 400},
		{"two Hosts (3.2)", "GET / HTTP/1.1\nHost: x\nhost: x\n\n", 400},
		{"two Hosts in 1.0 (3.2)", "GET / HTTP/1.0\nHost: x\nhost: x\n\n", 400},
		{"path in Host (3.2)", "GET / HTTP/1.1\nHost: x/y\n\n", 400},
		{"user in Host (3.2)", "GET / HTTP/1.1\nHost: u@x\n\n", 400},
		{"space in Host (3.2)", "GET / HTTP/1.1\nHost: x y\n\n", 400},
		{"list in Host (3.2)", "GET / HTTP/1.1\nHost: x, y\n\n", 400},
		{"port beyond 65535", "GET / HTTP/1.1\nHost: x:65536\n\n", 400},
		{"empty label in Host", "GET / HTTP/1.1\nHost: a..b\n\n", 400},
		{"half a bracket in Host", "GET / HTTP/1.1\nHost: [::1\n\n", 400},
		{"name in brackets in Host", "GET / HTTP/1.1\nHost: [x]\n\n", 400},
		{"0.9 with another method", "POST /\n", 400},
		{"version 0.9 spelled out", "GET / HTTP/0.9\n" + h + "\n", 400},
		{"version 2.0 (RFC 9110 15.6.6)", "GET / HTTP/2.0\n" + h + "\n", 505},
		{"HTTP/2 preface", "PRI * HTTP/2.0\n\nSM\n\n", 505},
		{"version in lower case (2.3)", "GET / http/1.1\n" + h + "\n", 400},
		{"version with more digits (2.3)", "GET / HTTP/1.10\n" + h + "\n", 400},
		{"two spaces (3)", "GET  / HTTP/1.1\n" + h + "\n", 400},
		{"two spaces before the version (3)", "GET /  HTTP/1.1\n" + h + "\n", 400},
		{"tab for a space (3)", "GET\t/ HTTP/1.1\n" + h + "\n", 400},
		{"space behind the version (3)", "GET / HTTP/1.1 \n" + h + "\n", 400},
		{"space in the target (3.2)", "GET /a b HTTP/1.1\n" + h + "\n", 400},
		{"space before the method (3)", " GET / HTTP/1.1\n" + h + "\n", 400},
		{"only a method (3)", "GET\n" + h + "\n", 400},
		{"method is no token (RFC 9110 9.1)", "G(T / HTTP/1.1\n" + h + "\n", 400},
		{"fragment (3.2)", "GET /a#b HTTP/1.1\n" + h + "\n", 400},
		{"bad escape (3.2)", "GET /%zz HTTP/1.1\n" + h + "\n", 400},
		{"half an escape (3.2)", "GET /%2 HTTP/1.1\n" + h + "\n", 400},
		{"relative target (3.2)", "GET a HTTP/1.1\n" + h + "\n", 400},
		{"asterisk of GET (3.2.4)", "GET * HTTP/1.1\n" + h + "\n", 400},
		{"authority of GET (3.2.3)", "GET x:80 HTTP/1.1\n" + h + "\n", 400},
		{"CONNECT without a port (3.2.3)", "CONNECT x HTTP/1.1\n" + h + "\n", 400},
		{"CONNECT with a path (3.2.3)", "CONNECT http://x:80/ HTTP/1.1\n" + h + "\n", 400},
		{"user in the target (3.2.2)", "GET http://u@x/ HTTP/1.1\n" + h + "\n", 400},
		{"no host in the target (3.2.2)", "GET http:///a HTTP/1.1\n" + h + "\n", 400},
		{"TLS", "\x16\x03\x01\x00\x05hello\n", 400},
		{"eleven empty lines", strings.Repeat("\n", 11) + "GET / HTTP/1.1\n" + h + "\n", 400},

		{"length and coding (6.1)", "POST / HTTP/1.1\n" + h + "Content-Length: 3\nTransfer-Encoding: chunked\n\n", 400},
		{"coding and length (6.1)", "POST / HTTP/1.1\n" + h + "transfer-encoding: chunked\ncontent-length: 3\n\n", 400},
		{"coding in 1.0 (6.1)", "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n", 400},
		{"unknown coding (6.1)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: gzip, chunked\n\n", 501},
		{"identity (7)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: identity\n\n", 400},
		{"empty coding (7)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding:\n\n", 400},
		{"coding that starts like chunked (7)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: chunkedx\n\n", 400},
		{"coding with a vertical tab (7)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: \vchunked\n\n", 400},
		{"quoted coding (7)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: \"chunked\"\n\n", 400},
		{"chunked not last (6.3)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: chunked, gzip\n\n", 400},
		{"chunked twice in a list (6.1)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: chunked, chunked\n\n", 400},
		{"chunked in two fields (6.1)", "POST / HTTP/1.1\n" + h + "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n", 400},
		{"length with a plus (6.2)", "POST / HTTP/1.1\n" + h + "Content-Length: +3\n\n", 400},
		{"length with a minus (6.2)", "POST / HTTP/1.1\n" + h + "Content-Length: -3\n\n", 400},
		{"hexadecimal length (6.2)", "POST / HTTP/1.1\n" + h + "Content-Length: 0x3\n\n", 400},
		{"empty length (6.2)", "POST / HTTP/1.1\n" + h + "Content-Length:\n\n", 400},
		{"list of lengths (6.3)", "POST / HTTP/1.1\n" + h + "Content-Length: 3, 3\n\n", 400},
		{"equal lengths (6.3)", "POST / HTTP/1.1\n" + h + "Content-Length: 3\nContent-Length: 3\n\n", 400},
		{"length beyond an int64 (6.2)", "POST / HTTP/1.1\n" + h + "Content-Length: 9223372036854775808\n\n", 400},
		{"long length (6.2)", "POST / HTTP/1.1\n" + h + "Content-Length: 00000000000000000003\n\n", 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := strings.ReplaceAll(crlf(test.in), "␊", "\n")
			refused(t, in, strict, test.status)
		})
	}
}

func refused(t *testing.T, in string, o Options, status int) {
	t.Helper()
	var h RequestHead
	err := NewReader(strings.NewReader(in)).ReadRequest(&h, &o)
	var e *Error
	if !errors.As(err, &e) || e.Status != status {
		t.Errorf("got %v %+v, want a refusal with %d", err, h, status)
	}
	if h.Line == "" && !strings.HasPrefix(in, "\r\n") {
		t.Error("the request line is not there to be logged")
	}
}

func TestRequestOptions(t *testing.T) {
	refused(t, "GET /\r\n", Options{Require10: true}, 400)
	refused(t, "FOO / HTTP/1.0\r\n\r\n", Options{RegisteredMethods: true}, 501)
	refused(t, "get / HTTP/1.0\r\n\r\n", Options{RegisteredMethods: true}, 501)
	refused(t, "GET / HTTP/1.0\r\nA: b\x00\r\n\r\n", Options{Unsafe: true}, 400)
	refused(t, "GET / HTTP/1.0\r\nA: b\rc\r\n\r\n", Options{Unsafe: true}, 400)
}

func TestRequestLimits(t *testing.T) {
	line := func(n int) string { return "GET /" + strings.Repeat("a", n-len("GET / HTTP/1.0")) + " HTTP/1.0\r\n" }
	field := func(n int) string { return "A: " + strings.Repeat("b", n-3) + "\r\n" }
	tests := []struct {
		name, in string
		l        Limits
		status   int
	}{
		{"line at its limit", line(100) + "\r\n", Limits{Line: 100}, 0},
		{"line over it", line(101) + "\r\n", Limits{Line: 100}, 414},
		{"line over it, not finished", line(300)[:150], Limits{Line: 100}, 414},
		{"field at its limit", line(20) + field(100) + "\r\n", Limits{FieldSize: 100}, 0},
		{"field over it", line(20) + field(101) + "\r\n", Limits{FieldSize: 100}, 431},
		{"fields at their limit", line(20) + strings.Repeat("A: b\r\n", 5) + "\r\n", Limits{Fields: 5}, 0},
		{"one field too many", line(20) + strings.Repeat("A: b\r\n", 6) + "\r\n", Limits{Fields: 5}, 431},
		{"no limits but the head's", line(20) + strings.Repeat("A: b\r\n", 100_000) + "\r\n", Limits{}, 0},
		{"the head's", line(20) + strings.Repeat("A: b\r\n", 200_000), Limits{}, 431},
		{"one endless line", strings.Repeat("A", 2<<20), Limits{}, 431},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.status != 0 {
				refused(t, test.in, Options{Limits: test.l}, test.status)
				return
			}
			var h RequestHead
			if err := NewReader(strings.NewReader(test.in)).ReadRequest(&h, &Options{Limits: test.l}); err != nil {
				t.Error(err)
			}
		})
	}
}

// A head that ends badly behind its first line can still be told of.
func TestRefusedHeadHasItsLine(t *testing.T) {
	for _, in := range []string{"GET /a HTTP/1.1\r\nHost: x\r\n", "GET /a HTTP/1.1\r\nHost\r\n\r\n", "\r\nGET /a HTTP/1.1\r\nHost: x\n\n"} {
		var h RequestHead
		err := NewReader(strings.NewReader(in)).ReadRequest(&h, &strict)
		if err == nil || h.Line != "GET /a HTTP/1.1" || h.Method != "GET" || h.Target != "/a" || h.Minor != 1 {
			t.Errorf("%q: %v, %+v", in, err, h)
		}
	}
}

func TestRequestCutShort(t *testing.T) {
	const in = "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for n := range len(in) {
		var h RequestHead
		err := NewReader(strings.NewReader(in[:n])).ReadRequest(&h, &strict)
		want := io.ErrUnexpectedEOF
		if strings.TrimSpace(in[:n]) == "" && n != 1 {
			want = io.EOF
		}
		if err != want {
			t.Errorf("%q: %v, want %v", in[:n], err, want)
		}
	}
}
