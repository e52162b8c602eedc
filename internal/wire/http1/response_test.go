package http1

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestReadResponse(t *testing.T) {
	tests := []struct {
		name, method, in string
		want             ResponseHead
	}{
		{"length", "GET", "HTTP/1.1 200 OK\nContent-Length: 3\n\n",
			ResponseHead{1, 1, 200, "OK", fieldList("Content-Length", "3"), 3, true}},
		{"no reason, no space (RFC 9112 4)", "GET", "HTTP/1.1 200\nContent-Length: 3\n\n",
			ResponseHead{1, 1, 200, "", fieldList("Content-Length", "3"), 3, true}},
		{"chunked", "GET", "HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n",
			ResponseHead{1, 1, 200, "OK", fieldList("transfer-encoding", "chunked"), Chunked, true}},
		{"until close (6.3)", "GET", "HTTP/1.1 200 OK\n\n", ResponseHead{1, 1, 200, "OK", nil, UntilClose, false}},
		{"1.0 closes (9.3)", "GET", "HTTP/1.0 200 OK\nContent-Length: 0\n\n",
			ResponseHead{1, 0, 200, "OK", fieldList("Content-Length", "0"), 0, false}},
		{"1.0 keeps alive (9.3)", "GET", "HTTP/1.0 200 OK\nContent-Length: 0\nConnection: keep-alive\n\n",
			ResponseHead{1, 0, 200, "OK", fieldList("Content-Length", "0", "Connection", "keep-alive"), 0, true}},
		{"to HEAD (6.3)", "HEAD", "HTTP/1.1 200 OK\nContent-Length: 3\n\n",
			ResponseHead{1, 1, 200, "OK", fieldList("Content-Length", "3"), 0, true}},
		{"204 (6.3)", "GET", "HTTP/1.1 204 No Content\nContent-Length: 3\n\n",
			ResponseHead{1, 1, 204, "No Content", fieldList("Content-Length", "3"), 0, false}},
		{"204 that knows better", "GET", "HTTP/1.1 204 No Content\nContent-Length: 0\n\n",
			ResponseHead{1, 1, 204, "No Content", fieldList("Content-Length", "0"), 0, true}},
		{"204 with a coding", "GET", "HTTP/1.1 204 No Content\nTransfer-Encoding: chunked\n\n",
			ResponseHead{1, 1, 204, "No Content", fieldList("Transfer-Encoding", "chunked"), 0, false}},
		{"304 (6.3)", "GET", "HTTP/1.1 304 Not Modified\nTransfer-Encoding: chunked\n\n",
			ResponseHead{1, 1, 304, "Not Modified", fieldList("Transfer-Encoding", "chunked"), 0, true}},
		{"to CONNECT (6.3)", "CONNECT", "HTTP/1.1 200 OK\n\n", ResponseHead{1, 1, 200, "OK", nil, 0, true}},
		{"bare LF, fold, space before the colon", "GET", "HTTP/1.1 200 OK␊Content-Length : 3␊A: b␊  c␊\td\n␊",
			ResponseHead{1, 1, 200, "OK", fieldList("Content-Length", "3", "A", "b c d"), 3, true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := strings.ReplaceAll(crlf(test.in), "␊", "\n")
			r := NewReader(iotest.HalfReader(strings.NewReader(in)))
			var h ResponseHead
			if err := r.ReadResponse(&h, test.method, &DefaultLimits); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, h, withIDs); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadResponseRefuses(t *testing.T) {
	for _, in := range []string{
		"HTTP/2.0 200 OK\n\n", "HTTP/1.1 20 OK\n\n", "HTTP/1.1 099 x\n\n", "HTTP/1.1 2000\n\n", "ICY 200 OK\n\n", "200 OK\n\n", "\nHTTP/1.1 200 OK\n\n",
		"HTTP/1.1  200 OK\n\n", "HTTP/1.1 200 O\x00K\n\n", "HTTP/1.1 200 OK\n: x\n\n", "HTTP/1.1 200 OK\nfoo\n\n",
		"HTTP/1.1 200 OK\nA: b\x00\n\n", "HTTP/1.1 200 OK\nA: b\rc\n\n", "HTTP/1.1 200 OK\n A: b\n\n",
		"HTTP/1.1 200 OK\nContent-Length: 3\nTransfer-Encoding: chunked\n\n",
		"HTTP/1.1 200 OK\nContent-Length: 3\nContent-Length: 3\n\n", "HTTP/1.1 200 OK\nContent-Length: 3, 3\n\n",
		"HTTP/1.1 200 OK\nContent-Length: \n\n", "HTTP/1.0 200 OK\nTransfer-Encoding: chunked\n\n",
		"HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n", "HTTP/1.1 200 OK\nTransfer-Encoding : chunked\nContent-Length: 3\n\n",
	} {
		var h ResponseHead
		err := NewReader(strings.NewReader(crlf(in))).ReadResponse(&h, "GET", &DefaultLimits)
		if e, ok := err.(*Error); !ok || e.Status != 502 {
			t.Errorf("%q: %v, %+v", in, err, h)
		}
	}
}

func TestReadFinal(t *testing.T) {
	const early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
	var seen []int
	note := func(h *ResponseHead) error { seen = append(seen, h.Status); return nil }
	var h ResponseHead
	r := NewReader(strings.NewReader(early + "HTTP/1.1 101 Switching Protocols\r\n\r\nframe"))
	if err := r.ReadResponse(&h, "GET", &DefaultLimits); err != nil {
		t.Fatal(err)
	}
	if err := r.ReadFinal(&h, "GET", &DefaultLimits, note); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{100, 103}, seen); d != "" || h.Status != 101 || string(r.Buffered()) != "frame" {
		t.Errorf("%s %+v %q", d, h, r.Buffered())
	}
	r = NewReader(strings.NewReader(strings.Repeat(early, 6)))
	if err := r.ReadResponse(&h, "GET", &DefaultLimits); err != nil {
		t.Fatal(err)
	}
	if err := r.ReadFinal(&h, "GET", &DefaultLimits, nil); err == nil || err == io.EOF {
		t.Errorf("an endless chain of interim responses ended with %v", err)
	}
}
