package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What ours takes and net/http refuses, by net/http's words. Everything else that ours
// takes, net/http must frame the same way.
var stricterThere = []struct{ words, example, reason string }{
	{"bad trailer key", "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nTrailer: Content-Length\n\n0\n\n",
		"a Trailer field changes no framing, and such a trailer would be dropped"},
	{"suspiciously long trailer", "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n0\nA: " + strings.Repeat("b", 5000) + "\n\n",
		"its limit is its buffer, ours is LimitRequestFieldSize"},
	{"unsupported transfer encoding", "HTTP/1.1 304 x\nTransfer-Encoding: gzip\n\n",
		"what a response without content says of it is not looked at (RFC 9112 6.3)"},
	{"too many transfer encodings", "HTTP/1.1 304 x\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n", "the same"},
	{"bad Content-Length", "HTTP/1.1 304 x\nContent-Length: x\n\n", "the same"},
	{"invalid empty Content-Length", "HTTP/1.1 304 x\nContent-Length:\n\n", "the same"},
	{"multiple Content-Length headers", "HTTP/1.1 304 x\nContent-Length: 1\nContent-Length: 2\n\n", "the same"},
}

func TestStricterThere(t *testing.T) {
	for _, l := range stricterThere {
		in := []byte(crlf(l.example))
		r, br := NewReader(bytes.NewReader(in)), bufio.NewReader(bytes.NewReader(in))
		var ours, theirs error
		var b Body
		var body io.Reader
		if l.example[0] == 'P' {
			var h RequestHead
			ours = r.ReadRequest(&h, &strict)
			b.Reset(r, h.Length, DefaultLimits, false)
			var there *http.Request
			if there, theirs = http.ReadRequest(br); theirs == nil {
				body = there.Body
			}
		} else {
			var h ResponseHead
			ours = r.ReadResponse(&h, "GET", &DefaultLimits)
			b.Reset(r, h.Length, DefaultLimits, true)
			var there *http.Response
			if there, theirs = http.ReadResponse(br, nil); theirs == nil {
				body = there.Body
			}
		}
		if ours == nil {
			_, ours = io.ReadAll(&b)
		}
		if theirs == nil {
			_, theirs = io.ReadAll(body)
		}
		if ours != nil || theirs == nil || !strings.Contains(theirs.Error(), l.words) {
			t.Errorf("%q: ours says %v, theirs %v", l.words, ours, theirs)
		}
	}
}

func listed(err error) bool {
	for _, l := range stricterThere {
		if strings.Contains(err.Error(), l.words) {
			return true
		}
	}
	return false
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\nHost: x\n\n", "\n\nGET /a?b HTTP/1.0\nConnection: keep-alive\n\n", "GET http://y:80/%41 HTTP/1.1\nHost: x\n\n",
		"POST / HTTP/1.1\nHost: x\nContent-Length: 3\n\nabcGET", "POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\nTrailer: A\n\n1;x=\"y\"\na\n0\nA: b\n\nGET",
		"CONNECT y:443 HTTP/1.1\nHost: y\n\n", "OPTIONS * HTTP/1.1\nHost: [::1]\nExpect: 100-continue\n\n", "GET /\n",
	} {
		f.Add([]byte(crlf(s)))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in))
		var h RequestHead
		err := r.ReadRequest(&h, &strict)
		if err != nil || h.Major == 0 {
			return
		}
		in = bytes.TrimLeft(in, "\r\n")
		br := bufio.NewReader(bytes.NewReader(in))
		there, err := http.ReadRequest(br)
		if err != nil {
			if !listed(err) {
				t.Fatalf("net/http refuses: %v", err)
			}
			return
		}
		if there.Method != h.Method || there.RequestURI != h.Target || there.Host != h.Host ||
			there.Close == h.KeepAlive && h.Minor == 1 {
			t.Fatalf("heads differ: %+v, %+v", h, there)
		}
		if d := headersDiffer(FillHeader(nil, nil, h.Fields, "Host"), there.Header); d != "" {
			t.Fatal(d)
		}
		sameBody(t, r, br, h.Length, there.Body, false)
	})
}

// FuzzOptions reads requests as any HttpProtocolOptions has it. net/http knows no such reading: what was understood must be read
// the same way once it is written anew.
func FuzzOptions(f *testing.F) {
	for _, s := range []string{"GET /  \n\n", "GET\t/a#b \tHTTP/1.1 \nHost: x\n\n", "GET / HTTP/1.1\nHost : x\nA: b\n c\n\n", "BREW / HTTP/1.1\nHost: x\n\n"} {
		f.Add([]byte(s), uint8(7))
		f.Add([]byte(crlf(s)), uint8(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, bits uint8) {
		o := Options{Limits: DefaultLimits, Unsafe: bits&1 != 0, RegisteredMethods: bits&2 != 0, Require10: bits&4 != 0}
		var h, again RequestHead
		if NewReader(bytes.NewReader(in)).ReadRequest(&h, &o) != nil || h.Major == 0 {
			return
		}
		b := fmt.Appendf(nil, "%s %s HTTP/1.%d\r\n", h.Method, h.Target, h.Minor)
		for _, f := range h.Fields {
			b = AppendField(b, f.Name, f.Value)
		}
		if err := NewReader(bytes.NewReader(append(b, "\r\n"...))).ReadRequest(&again, &Options{Limits: DefaultLimits, Unsafe: o.Unsafe}); err != nil {
			t.Fatalf("%q, written as %q: %v", in, b, err)
		}
		if h.Method != again.Method || h.Target != again.Target || h.Length != again.Length || len(h.Fields) != len(again.Fields) {
			t.Fatalf("%q is %+v, written as %q %+v", in, h, b, again)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\nContent-Length: 3\n\nabcX", "HTTP/1.1 200\nTransfer-Encoding: chunked\n\n1  \na\n0\nA: b\n\nX",
		"HTTP/1.0 404 No\nA: b\n c\n\nabc", "HTTP/1.1 304 Not Modified\nContent-Length: 9\n\n", "HTTP/1.1 100 Continue\n\nHTTP/1.1 204 x\n\n",
	} {
		f.Add([]byte(crlf(s)), "GET")
		f.Add([]byte(s), "HEAD")
	}
	f.Fuzz(func(t *testing.T, in []byte, method string) {
		r := NewReader(bytes.NewReader(in))
		var h ResponseHead
		if r.ReadResponse(&h, method, &DefaultLimits) != nil {
			return
		}
		if head := in[:r.Taken()]; bytes.Contains(head, []byte(" :")) || bytes.Contains(head, []byte("\t:")) {
			return // RFC 9112 5.1 wants this removed; net/http keeps it in the name
		}
		br := bufio.NewReader(bytes.NewReader(in))
		there, err := http.ReadResponse(br, &http.Request{Method: method})
		if err != nil {
			if !listed(err) {
				t.Fatalf("net/http refuses: %v", err)
			}
			return
		}
		if there.StatusCode != h.Status || method == "CONNECT" && h.Status/100 == 2 {
			return // net/http looks for content behind a CONNECT's 2xx
		}
		sameBody(t, r, br, h.Length, there.Body, true)
	})
}

// sameBody reads the content both ways: if ours comes to a proper end, net/http's has the
// same content and stands at the same byte.
func sameBody(t *testing.T, r *Reader, br *bufio.Reader, length int64, body io.Reader, response bool) {
	t.Helper()
	var b Body
	b.Reset(r, length, DefaultLimits, response)
	ours, err := io.ReadAll(&b)
	if err != nil {
		return
	}
	theirs, err := io.ReadAll(body)
	if err != nil {
		if !listed(err) {
			t.Fatalf("net/http's body fails: %v", err)
		}
		return
	}
	if !bytes.Equal(ours, theirs) {
		t.Fatalf("bodies differ: %q, %q", ours, theirs)
	}
	oursRest, _ := io.ReadAll(r)
	theirsRest, _ := io.ReadAll(br)
	if !bytes.Equal(oursRest, theirsRest) {
		t.Fatalf("rests differ: %q, %q", oursRest, theirsRest)
	}
}

func headersDiffer(ours, theirs http.Header) string {
	for name, values := range ours {
		if name == "Trailer" || name == "Transfer-Encoding" || name == "Pragma" || name == "Cache-Control" {
			continue // net/http moves or adds these
		}
		if strings.Join(values, "|") != strings.Join(theirs[name], "|") {
			return "header " + name + ": ours " + strings.Join(values, "|") + ", theirs " + strings.Join(theirs[name], "|")
		}
	}
	return ""
}

// FuzzChunked: however a chunked body is cut into reads, it reads the same, and what is
// written as chunks the reader reads.
func FuzzChunked(f *testing.F) {
	f.Add([]byte("1;a\r\nx\r\n0\r\nA: b\r\n\r\n"), uint8(3))
	f.Add([]byte("0\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, in []byte, step uint8) {
		read := func(src io.Reader) (string, int64, error) {
			r := NewReader(src)
			var b Body
			b.Reset(r, Chunked, DefaultLimits, false)
			got, err := io.ReadAll(&b)
			return string(got), r.Taken(), err
		}
		a, takenA, errA := read(bytes.NewReader(in))
		b, takenB, errB := read(&stepReader{in, int(step)%7 + 1})
		if a != b || (errA == nil) != (errB == nil) || errA == nil && takenA != takenB {
			t.Fatalf("at once %q, %v, %d; in steps %q, %v, %d", a, errA, takenA, b, errB, takenB)
		}
		var wire []byte
		for chunk := range slices.Chunk(in, int(step)+1) {
			wire = append(AppendChunkSize(wire, len(chunk)), chunk...)
			wire = append(wire, "\r\n"...)
		}
		wire = AppendLastChunk(wire, fieldList("A", "b"))
		if got, _, err := read(bytes.NewReader(wire)); err != nil || got != string(in) {
			t.Fatalf("wrote %q, read %q, %v", in, got, err)
		}
	})
}

type stepReader struct {
	rest []byte
	step int
}

func (s *stepReader) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), s.step)], s.rest)
	s.rest = s.rest[n:]
	return n, nil
}
