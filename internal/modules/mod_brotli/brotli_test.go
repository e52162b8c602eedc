package brotli

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"transom/internal/module"
	"transom/internal/modules/core"
	"transom/internal/site/sitetest"
)

var mods = []*module.Module{core.Module(), Module(), {Name: "mod_open", Hooks: []module.Hook{
	{Phase: module.AccessCheckerX, Run: func(*module.Request) module.Result { return module.OK }}}}}

func unpack(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	text, err := io.ReadAll(brotli.NewReader(w.Body))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNegotiation(t *testing.T) {
	long := strings.Repeat("all work and no play ", 100)
	s := sitetest.NewWith(t, "SetOutputFilter BROTLI_COMPRESS\n", mods, map[string]string{"htdocs/long": long, "htdocs/short": "x"})
	for _, c := range []struct {
		path, accept string
		packed       bool
	}{
		{"/long", "br", true}, {"/long", "gzip, BR;q=0.5", true}, {"/long", "br;q=0", false}, {"/long", "gzip", false}, {"/long", "", false},
		{"/long", "brx", false}, {"/short", "br", false},
	} {
		w := s.Get(t, c.path, "Accept-Encoding: "+c.accept)
		if got := w.Header().Get("Content-Encoding") == "br"; got != c.packed {
			t.Errorf("%s for %q: packed: %v", c.path, c.accept, got)
		}
		if vary := w.Header().Get("Vary"); (vary == "Accept-Encoding") != (c.path == "/long") {
			t.Errorf("%s for %q: Vary: %q", c.path, c.accept, vary)
		}
		if c.packed && unpack(t, w) != long {
			t.Errorf("%s for %q: other content", c.path, c.accept)
		}
	}
}

func TestETag(t *testing.T) {
	files := map[string]string{"htdocs/f": strings.Repeat("text ", 100)}
	for arg, want := range map[string]func(string) bool{
		"AddSuffix": func(tag string) bool { return strings.HasSuffix(tag, `-br"`) },
		"nochange":  func(tag string) bool { return tag != "" && !strings.Contains(tag, "br") },
		"Remove":    func(tag string) bool { return tag == "" },
	} {
		s := sitetest.NewWith(t, "SetOutputFilter BROTLI_COMPRESS\nBrotliAlterETag "+arg, mods, files)
		if tag := s.Get(t, "/f", "Accept-Encoding: br").Header().Get("Etag"); !want(tag) {
			t.Errorf("%s: %q", arg, tag)
		}
	}
}

// A flush of the handler brings all that was written so far to the client.
func TestFlush(t *testing.T) {
	out := httptest.NewRecorder()
	hr := httptest.NewRequest("GET", "/", nil)
	hr.Header.Set("Accept-Encoding", "br")
	w := compress(&module.Request{HTTP: hr, Method: "GET", Server: &module.Server{}})(out)
	io.WriteString(w, "data: one\n\n")
	w.(interface{ Flush() }).Flush()
	got := make([]byte, 11)
	if _, err := io.ReadFull(brotli.NewReader(strings.NewReader(out.Body.String())), got); err != nil || string(got) != "data: one\n\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	for line, ok := range map[string]bool{
		"BrotliCompressionQuality 0": true, "BrotliCompressionQuality 11": true, "BrotliCompressionQuality 12": false, "BrotliCompressionQuality x": false,
		"BrotliCompressionWindow 10": true, "BrotliCompressionWindow 25": false, "BrotliAlterETag Maybe": false, "BrotliFilterNote Input in": true,
		"BrotliFilterNote Outcome out": false,
	} {
		if got := sitetest.Errors(t, line, mods) == ""; got != ok {
			t.Errorf("%s: taken: %v", line, got)
		}
	}
}
