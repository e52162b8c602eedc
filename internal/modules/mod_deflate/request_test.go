package deflate

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"transom/internal/module"
)

func posted(coding string, body []byte) *module.Request {
	hr := httptest.NewRequest("POST", "/", bytes.NewReader(body))
	if coding != "" {
		hr.Header.Set("Content-Encoding", coding)
	}
	return &module.Request{HTTP: hr, Method: "POST", Server: &module.Server{}, Dir: &module.Settings{}}
}

func TestInflateBody(t *testing.T) {
	text := strings.Repeat("all work and no play ", 1000)
	packed := pack(t, text)
	for _, c := range []struct {
		name, coding, rest string
		body               []byte
		want               string // "error": not taken for whole
	}{
		{"gzip", "gzip", "", packed, text},
		{"x-gzip behind another", "br, x-gzip", "br", packed, text},
		{"behind the stream", "gzip", "", append(append([]byte{}, packed...), "more"...), text},
		{"another coding", "br", "br", packed, string(packed)},
		{"gzip inside another", "gzip, br", "gzip, br", packed, string(packed)},
		{"none", "", "", packed, string(packed)},
		{"empty", "gzip", "", nil, ""},
		{"cut", "gzip", "", packed[:len(packed)-3], "error"},
		{"not gzip", "gzip", "", []byte("text"), "error"},
	} {
		r := posted(c.coding, c.body)
		r.HTTP.Body = io.NopCloser(iotest.OneByteReader(r.HTTP.Body))
		inflateBody(r)
		got, err := io.ReadAll(r.HTTP.Body)
		if (err != nil) != (c.want == "error") || err == nil && string(got) != c.want {
			t.Errorf("%s: %d bytes, %v; want %d", c.name, len(got), err, len(c.want))
		}
		if _, again := r.HTTP.Body.Read(make([]byte, 1)); again == nil {
			t.Errorf("%s: the body goes on behind its end", c.name)
		}
		if rest := r.HTTP.Header.Get("Content-Encoding"); rest != c.rest {
			t.Errorf("%s: Content-Encoding is %q", c.name, rest)
		}
	}
}

func TestLimits(t *testing.T) {
	bomb := pack(t, strings.Repeat("a", 1<<20))
	read := func(b limitSettings, packed []byte) (int, error) {
		r := posted("gzip", packed)
		*limits.Edit(r.Dir) = b
		inflateBody(r)
		got, err := io.ReadAll(r.HTTP.Body)
		return len(got), err
	}
	if n, err := read(limitSettings{}, bomb); !errors.Is(err, errRatio) || n > 1<<18 {
		t.Errorf("by default %d bytes of a bomb come through, %v", n, err)
	}
	if n, err := read(limitSettings{ratio: 2000}, bomb); err != nil || n != 1<<20 {
		t.Errorf("with a large ratio: %d, %v", n, err)
	}
	if n, err := read(limitSettings{burst: 1 << 20}, bomb); err != nil || n != 1<<20 {
		t.Errorf("with a large burst: %d, %v", n, err)
	}
	var large *http.MaxBytesError
	if _, err := read(limitSettings{body: 10}, pack(t, "eleven byte")); !errors.As(err, &large) || large.Limit != 10 {
		t.Errorf("one byte too much: %v", err)
	}
	if n, err := read(limitSettings{body: 10}, pack(t, "ten bytes!")); err != nil || n != 10 {
		t.Errorf("the limit itself: %d, %v", n, err)
	}
}

func FuzzInflateBody(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := posted("gzip", b)
		limits.Edit(r.Dir).body = 1 << 20
		inflateBody(r)
		if n, _ := io.Copy(io.Discard, r.HTTP.Body); n > 1<<20 {
			t.Errorf("%d bytes", n)
		}
	})
}
