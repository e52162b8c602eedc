package fcgi

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRecordsOnTheWire(t *testing.T) {
	for _, test := range []struct {
		name string
		got  []byte
		want string
	}{
		{"begin", AppendBegin(nil, 1, false), "\x01\x01\x00\x01\x00\x08\x00\x00" + "\x00\x01\x00\x00\x00\x00\x00\x00"},
		{"begin, keep", AppendBegin(nil, 258, true), "\x01\x01\x01\x02\x00\x08\x00\x00" + "\x00\x01\x01\x00\x00\x00\x00\x00"},
		{"end", AppendEnd(nil, 1, 7), "\x01\x03\x00\x01\x00\x08\x00\x00" + "\x00\x00\x00\x07\x00\x00\x00\x00"},
		{"data", AppendRecord(nil, Stdin, 1, []byte("abc")), "\x01\x05\x00\x01\x00\x03\x00\x00abc"},
		{"end of a stream", AppendRecord(nil, Stdin, 1, nil), "\x01\x05\x00\x01\x00\x00\x00\x00"},
		{"short pair", AppendPair(nil, "A", "bc"), "\x01\x02Abc"},
		{"long value", AppendPair(nil, "A", strings.Repeat("x", 128)), "\x01\x80\x00\x00\x80A" + strings.Repeat("x", 128)},
	} {
		if string(test.got) != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}

// TestParamsInWholeRecords: each record of a long Params stream can be read by itself.
func TestParamsInWholeRecords(t *testing.T) {
	w := ParamsWriter{ID: 1}
	value := strings.Repeat("v", 1000)
	for range 200 {
		if !w.Add("NAME", value) {
			t.Fatal("a short pair was refused")
		}
	}
	if !w.Add("LONG", strings.Repeat("l", MaxContent-12)) || w.Add("LONGER", strings.Repeat("l", MaxContent)) {
		t.Error("a pair of a record's length must go, a longer one can't")
	}
	w.End()
	r, pairs, records := Reader{Src: bytes.NewReader(w.Bytes)}, 0, 0
	for {
		h, err := r.Next()
		if err != nil || h.Type != Params {
			t.Fatal(h, err)
		}
		if h.Content == 0 {
			break
		}
		records++
		content, _ := io.ReadAll(&r)
		for len(content) > 0 {
			if _, _, content, err = NextPair(content); err != nil {
				t.Fatal(err)
			}
			pairs++
		}
	}
	if pairs != 201 || records != 5 {
		t.Errorf("%d pairs in %d records", pairs, records)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("behind the end: %v", err)
	}
}

// TestPaddingNeverWraps is security case 28: content and padding together exceed 16 bits.
func TestPaddingNeverWraps(t *testing.T) {
	hostile := append([]byte{1, byte(Stdout), 0, 1, 0xff, 0xff, 0xff, 0}, make([]byte, 65535+255)...)
	hostile = AppendEnd(hostile, 1, 0)
	for _, read := range []bool{false, true} {
		r := Reader{Src: iotest.HalfReader(bytes.NewReader(hostile))}
		if h, err := r.Next(); err != nil || h.Content != 65535 || h.Padding != 255 {
			t.Fatal(h, err)
		}
		if n, err := io.Copy(io.Discard, io.LimitReader(&r, map[bool]int64{true: 1 << 20}[read])); err != nil || read != (n == 65535) {
			t.Errorf("content: %d, %v", n, err)
		}
		if h, err := r.Next(); err != nil || h.Type != EndRequest {
			t.Errorf("the record behind it: %v, %v", h, err)
		}
	}
}

func TestReaderCutShort(t *testing.T) {
	whole := AppendRecord(nil, Stdout, 1, []byte("abc"))
	whole[6], whole = 2, append(whole, 0, 0) // padding
	for n := 1; n < len(whole); n++ {
		r := Reader{Src: bytes.NewReader(whole[:n])}
		_, err := r.Next()
		if err == nil {
			_, err = io.ReadAll(&r)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	whole[0] = 2
	r := Reader{Src: bytes.NewReader(whole)}
	if _, err := r.Next(); err != ErrVersion {
		t.Errorf("version 2: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(AppendEnd(AppendRecord(nil, Stdout, 1, []byte("Status: 200\r\n\r\nx")), 1, 0))
	f.Add([]byte{1, 6, 0, 1, 0xff, 0xff, 0xff, 0, 'x'})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, total := Reader{Src: bytes.NewReader(data)}, 0
		for {
			h, err := r.Next()
			if err != nil {
				break
			}
			n, err := io.Copy(io.Discard, &r)
			total += HeaderLen + int(n)
			if err == nil {
				total += h.Padding
			}
			if err == nil && int(n) != h.Content || total > len(data) {
				t.Fatalf("%d bytes of %d content, %d of %d in all", n, h.Content, total, len(data))
			}
		}
	})
}

func FuzzPairs(f *testing.F) {
	f.Add(AppendPair(AppendPair(nil, "A", "b"), "C", strings.Repeat("d", 200)))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xffx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for rest := data; len(rest) > 0; {
			name, value, next, err := NextPair(rest)
			if err != nil {
				return
			}
			if len(name)+len(value)+2+len(next) > len(rest) || !strings.Contains(string(rest), name+value) {
				t.Fatalf("%q and %q out of %q", name, value, rest)
			}
			again, v, _, err := NextPair(AppendPair(nil, name, value))
			if err != nil || again != name || v != value {
				t.Fatalf("%q=%q became %q=%q, %v", name, value, again, v, err)
			}
			rest = next
		}
	})
}
