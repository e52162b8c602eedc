package http1

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestBody(t *testing.T) {
	long := strings.Repeat("0123456789", 1000)
	tests := []struct {
		name, in   string // chunked framing with \n for CRLF
		length     int64
		want, rest string
		trailers   []Field
	}{
		{"nothing", "NEXT", 0, "", "NEXT", nil},
		{"length", "abcNEXT", 3, "abc", "NEXT", nil},
		{"long", long + "NEXT", 10000, long, "NEXT", nil},
		{"until close", "abcNEXT", UntilClose, "abcNEXT", "", nil},
		{"chunks (RFC 9112 7.1)", "1\na\n00002\nbc\n0\n\nNEXT", Chunked, "abc", "NEXT", nil},
		{"upper and lower hex", "A\n0123456789\na\n0123456789\n0\n\nNEXT", Chunked, "01234567890123456789", "NEXT", nil},
		{"long chunk", "2710\n" + long + "\n0\n\nNEXT", Chunked, long, "NEXT", nil},
		{"extensions (7.1.1)", "1;a\na\n2 ; a=b ;c=\"d;e\"\nbc\n0;x\n\nNEXT", Chunked, "abc", "NEXT", nil},
		{"trailers (7.1.2)", "1\na\n0\nA:  b\nContent-Length: 7\nHost: x\nX-Forwarded-For: y\nC: d\n\nNEXT", Chunked, "a", "NEXT", fieldList("A", "b", "C", "d")},
		{"nothing is left of those before", "abcNEXT", 3, "abc", "NEXT", nil},
	}
	var b Body
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := crlf(test.in)
			for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
				r := NewReader(src)
				b.Reset(r, test.length, DefaultLimits, false)
				got, err := io.ReadAll(&b)
				if err != nil || string(got) != test.want {
					t.Fatalf("read %q, %v", got, err)
				}
				if b.Done() == (test.length == UntilClose) {
					t.Errorf("Done is %v", b.Done())
				}
				if n := r.Taken(); n != int64(len(in)-len(test.rest)) {
					t.Errorf("took %d bytes", n)
				}
				if rest, _ := io.ReadAll(r); string(rest) != test.rest {
					t.Errorf("%q is left", rest)
				}
				if d := cmp.Diff(test.trailers, b.Trailers(), withIDs); len(test.trailers)+len(b.Trailers()) > 0 && d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestBodyRefuses(t *testing.T) {
	for _, in := range []string{
		"x\n", "\n", "-1\na\n0\n\n", "+1\na\n0\n\n", "0x1\na\n0\n\n", " 1\na\n0\n\n", "1 \na\n0\n\n", "1 x\na\n0\n\n", "1\na0\n\n", "1\nab\n0\n\n",
		"1␊a\n0\n\n", "1\na␊0\n\n", "1\na\n0␊\n", "1\na\n0\n␊", "1\r\r\n", "1;a\rb\na\n0\n\n", "1;\x00\na\n0\n\n",
		"10000000000000000\na", "FFFFFFFFFFFFFFFF\na", "8000000000000000\na",
		"0\nfoo\n\n", "0\n: foo\n\n", "0\nA: b\n c\n\n", "0\nA : b\n\n", "0\nA: b\rc\n\n", "0\nA: b\x00\n\n",
		"1;" + strings.Repeat("x", 2000) + "\na\n0\n\n",
		strings.Repeat("1;"+strings.Repeat("x", 1000)+"\na\n", 40) + "0\n\n",
		"0\n" + strings.Repeat("A: b\n", 101) + "\n",
		"0\nA: " + strings.Repeat("b", 9000) + "\n\n",
	} {
		var b Body
		b.Reset(NewReader(strings.NewReader(strings.ReplaceAll(crlf(in), "␊", "\n"))), Chunked, DefaultLimits, false)
		got, err := io.ReadAll(&b)
		var e *Error
		if !errors.As(err, &e) || e.Status != 400 && e.Status != 413 && e.Status != 431 {
			t.Errorf("%.60q: read %q, %v", in, got, err)
		}
		if _, again := b.Read(make([]byte, 1)); again != err {
			t.Errorf("%.60q: then %v", in, again)
		}
	}
}

func TestBodyCutShort(t *testing.T) {
	cut := func(in string, length int64) {
		for n := range len(in) {
			var b Body
			b.Reset(NewReader(strings.NewReader(in[:n])), length, DefaultLimits, false)
			if _, err := io.ReadAll(&b); err != io.ErrUnexpectedEOF || b.Done() {
				t.Errorf("%q: %v, done %v", in[:n], err, b.Done())
			}
		}
	}
	cut("abc", 3)
	cut("1\r\na\r\n0\r\nA: b\r\n\r\n", Chunked)
}

// A response's chunk sizes may be padded, as old servers write them.
func TestBodyOfResponse(t *testing.T) {
	var b Body
	b.Reset(NewReader(strings.NewReader("1   \r\na\r\n0  \r\n\r\n")), Chunked, DefaultLimits, true)
	if got, err := io.ReadAll(&b); err != nil || string(got) != "a" {
		t.Errorf("%q, %v", got, err)
	}
	b.Reset(NewReader(strings.NewReader("x\r\n")), Chunked, DefaultLimits, true)
	_, err := io.ReadAll(&b)
	if e, ok := err.(*Error); !ok || e.Status != 502 {
		t.Errorf("%v", err)
	}
}

// What is buffered is handed out before waiting for more: event streams stay immediate.
func TestChunksDoNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	go io.WriteString(w, "1\r\na\r\n1\r\nb\r\n2\r\nc")
	var b Body
	b.Reset(NewReader(r), Chunked, DefaultLimits, false)
	p := make([]byte, 100)
	if n, err := b.Read(p); err != nil || string(p[:n]) != "abc" {
		t.Errorf("%q, %v", p[:n], err)
	}
}

func TestBodyTook(t *testing.T) {
	r := NewReader(strings.NewReader("ab"))
	var b Body
	b.Reset(r, 10, DefaultLimits, false)
	b.Read(make([]byte, 2))
	if b.Left() != 8 {
		t.Fatalf("%d left", b.Left())
	}
	b.Took(8)
	if !b.Done() || b.Left() != 0 || r.Taken() != 10 {
		t.Errorf("done %v, %d left, %d taken", b.Done(), b.Left(), r.Taken())
	}
}

// pauses has a deadline pass before each byte.
type pauses struct {
	in   io.Reader
	come bool
}

func (p *pauses) Read(b []byte) (int, error) {
	if p.come = !p.come; p.come {
		return 0, os.ErrDeadlineExceeded
	}
	return p.in.Read(b[:1])
}

// Wherever a deadline passes, the body can be read on.
func TestBodyAfterDeadlines(t *testing.T) {
	for _, test := range []struct {
		in     string
		length int64
	}{{"abc", 3}, {"abc", UntilClose}, {"2;x\r\nab\r\n1\r\nc\r\n0\r\nA: b\r\nC: d\r\n\r\n", Chunked}} {
		var b Body
		b.Reset(NewReader(&pauses{in: strings.NewReader(test.in)}), test.length, DefaultLimits, true)
		got, pauses := "", 0
		p := make([]byte, 2)
		n, err := b.Read(p)
		for ; (err == nil || errors.Is(err, os.ErrDeadlineExceeded)) && pauses < 1000; n, err = b.Read(p) {
			got += string(p[:n])
			if err != nil {
				pauses++
			}
		}
		if got += string(p[:n]); got != "abc" || err != io.EOF || pauses < len(test.in) {
			t.Errorf("%q: read %q, %v, after %d deadlines", test.in, got, err, pauses)
		}
		if d := cmp.Diff(fieldList("A", "b", "C", "d"), b.Trailers(), withIDs); test.length == Chunked && d != "" {
			t.Error(d)
		}
	}
}
