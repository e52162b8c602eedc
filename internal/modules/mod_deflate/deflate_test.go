package deflate

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"transom/internal/module"
)

func request(header string) *module.Request {
	hr := httptest.NewRequest("GET", "/", nil)
	hr.Header.Set("Accept-Encoding", header)
	return &module.Request{HTTP: hr, Method: "GET", Server: &module.Server{}}
}

// A flush of the handler brings all that was written so far to the client, through both filters.
func TestFlush(t *testing.T) {
	out := httptest.NewRecorder()
	r := request("gzip")
	packed := deflate(r)(out)
	packed.Header().Set("Content-Type", "text/event-stream")
	packed.WriteHeader(200)
	io.WriteString(packed, "data: one\n\n")
	packed.(http.Flusher).Flush()
	if got := unpack(t, out.Body.Bytes(), 11); got != "data: one\n\n" {
		t.Errorf("behind a flush: %q", got)
	}
	if !out.Flushed {
		t.Error("the flush did not reach the client")
	}
	io.WriteString(packed, "data: two\n\n")
	if err := packed.(module.Finisher).Finish(); err != nil {
		t.Fatal(err)
	}
	if got := unpack(t, out.Body.Bytes(), 22); got != "data: one\n\ndata: two\n\n" {
		t.Errorf("at the end: %q", got)
	}
}

func unpack(t *testing.T, b []byte, n int) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(z, text); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pack(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// INFLATE gives the same content however the stream is cut, and has written all it can when Write returns.
func TestInflate(t *testing.T) {
	text := strings.Repeat("content ", 10000)
	stream := pack(t, text)
	for _, piece := range []int{1, 7, 1000, len(stream)} {
		out := httptest.NewRecorder()
		w := inflate(request(""))(out)
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(200)
		for at := 0; at < len(stream); at += piece {
			if _, err := w.Write(stream[at:min(at+piece, len(stream))]); err != nil {
				t.Fatal(err)
			}
		}
		if out.Body.String() != text {
			t.Errorf("in pieces of %d: %d bytes before the end, want %d", piece, out.Body.Len(), len(text))
		}
		if err := w.(module.Finisher).Finish(); err != nil || out.Header().Get("Content-Encoding") != "" {
			t.Errorf("in pieces of %d: %v, %v", piece, err, out.Header())
		}
	}
}

func TestInflateBroken(t *testing.T) {
	stream := pack(t, "content")
	for name, body := range map[string][]byte{"cut": stream[:len(stream)-3], "not gzip": []byte("content"), "damaged": append(append([]byte{}, stream[:12]...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)} {
		w := inflate(request(""))(httptest.NewRecorder())
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(200)
		_, err := w.Write(body)
		if finish := w.(module.Finisher).Finish(); err == nil && finish == nil {
			t.Errorf("%s: taken for whole", name)
		}
	}
}

// A response that is given up leaves no goroutine.
func TestInflateGone(t *testing.T) {
	waitFor(t, 0) // those of other tests are on their way out
	ctx, cancel := context.WithCancel(context.Background())
	r := request("")
	r.HTTP = r.HTTP.WithContext(ctx)
	w := inflate(r)(httptest.NewRecorder())
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(200)
	w.Write(pack(t, "content")[:15])
	waitFor(t, 1)
	cancel()
	waitFor(t, 0)
}

// waitFor waits until so many decompressors run.
func waitFor(t *testing.T, want int) {
	t.Helper()
	stacks := make([]byte, 1<<20)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		got := bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("(*inflating).run("))
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, want %d", got, want)
		}
	}
}

func FuzzInflate(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"), 3)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		if piece <= 0 || len(b) > 1<<12 {
			return
		}
		w := inflate(request(""))(httptest.NewRecorder())
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(200)
		for at := 0; at < len(b); at += piece {
			if _, err := w.Write(b[at:min(at+piece, len(b))]); err != nil {
				break
			}
		}
		w.(module.Finisher).Finish()
	})
}
