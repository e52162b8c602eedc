package listen

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestRecycledMemory has requests of different shapes follow one another: nothing of one may show in another.
func TestRecycledMemory(t *testing.T) {
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Path", r.URL.Path)
		if r.URL.RawQuery != "" {
			w.Header()["X-Query"] = []string{r.URL.RawQuery}
		}
		var names []string
		header := told(r).Header()
		for name, values := range header {
			names = append(names, name+strings.Join(values, "+"))
		}
		told(r).AfterResponse(func() {})
		fmt.Fprintf(w, "%s %d %d %q %v", r.Method, len(header), len(names), body, r.Trailer)
	})
	in := ""
	for i := range 20 {
		in += fmt.Sprintf("GET /%d?q=%d HTTP/1.1\nHost: x\nA: 1\nA: 2\nB%d: 3\n\n", i, i, i) +
			"GET /plain HTTP/1.1\nHost: x\n\n" +
			"POST /body HTTP/1.1\nHost: x\nTrailer: T\nTransfer-Encoding: chunked\n\n2\nab\n0\nT: 1\n\n"
	}
	out := r.talk(in + "GET /last HTTP/1.1\nHost: x\nConnection: close\n\n")
	for _, want := range []struct {
		text  string
		times int
	}{
		{`GET 2 2 "" map[]`, 20}, {`GET 0 0 "" map[]`, 20}, {`POST 2 2 "ab" map[T:[1]]`, 20}, {"X-Query: q=7\n", 1}, {"X-Query", 20}, {"X-Path: /plain\n", 20},
	} {
		if n := strings.Count(out, want.text); n != want.times {
			t.Errorf("%q stands there %d times, want %d, in\n%s", want.text, n, want.times, out)
		}
	}
}

// TestKeptRequestsAreNotRecycled: whoever still waits for a request's end, or reads its body, has memory that is nobody else's.
func TestKeptRequestsAreNotRecycled(t *testing.T) {
	var watched, read *http.Request
	ends := make(chan struct{}, 1)
	r := start(t, DefaultSettings(), func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/watched":
			watched = r
			done := r.Context().Done()
			go func() { <-done; ends <- struct{}{} }()
		case "/read":
			read = r
		default:
			if watched != nil && r.URL == watched.URL || read != nil && r.URL == read.URL {
				t.Errorf("%s has the memory of a request that is kept", r.URL.Path)
			}
		}
	})
	in := "GET /watched HTTP/1.1\nHost: x\n\nPOST /read HTTP/1.1\nHost: x\nContent-Length: 1\n\nx"
	r.talk(in + strings.Repeat("GET /next HTTP/1.1\nHost: x\n\n", 50) + "GET /last HTTP/1.1\nHost: x\nConnection: close\n\n")
	<-ends
	if watched.URL.Path != "/watched" || read.URL.Path != "/read" {
		t.Errorf("%v %v", watched.URL, read.URL)
	}
	if n, err := read.Body.Read(make([]byte, 1)); n != 0 || err != http.ErrBodyReadAfterClose {
		t.Error(n, err)
	}
}
