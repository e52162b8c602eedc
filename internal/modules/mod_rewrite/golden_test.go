package rewrite_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"transom/internal/modules"
	rewrite "transom/internal/modules/mod_rewrite"
	"transom/internal/site/sitetest"
)

// files are those that the configurations of testdata know.
var files = map[string]string{
	"htdocs/dir/a.txt":     "a.txt\n",
	"htdocs/dir/sub/b.txt": "b.txt\n",
	"map.txt":              "# c\nk1 v1\nk2  v2 more\nr a|b|c\nempty\n bad x\n",
	"prg.sh":               "#!/bin/sh\nwhile read -r k; do case $k in no) echo NULL;; *) echo \"<$k>\";; esac; done\n",
}

// TestGolden compares answers with those that httpd 2.4.71 gave to the same requests with the same configurations. A
// line is "TARGET|Header: value -> STATUS | Header: value || body".
func TestGolden(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s host=%s", r.Method, r.RequestURI, r.Host)
	}))
	defer backend.Close()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 8 {
		t.Fatalf("golden files: %v, %v", names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, ar, strings.TrimPrefix(backend.URL, "http://"))
		})
	}
}

func golden(t *testing.T, ar *txtar.Archive, backend string) {
	s := load(t, strings.NewReplacer("@B@", backend, "@P@", "80").Replace(string(ar.Files[0].Data)))
	answers := strings.NewReplacer("@B@", backend, "@P@", "80", "@ROOT@", s.Root).Replace(string(ar.Files[1].Data))
	for line := range strings.Lines(answers) {
		request, want, ok := strings.Cut(strings.TrimRight(line, "\n"), " -> ")
		if !ok {
			t.Fatalf("no answer in %q", line)
		}
		if got := answer(t, s, request); got != want {
			t.Errorf("%s\n got %s\nwant %s", request, got, want)
		}
	}
}

// load compiles a configuration and starts what starts when it serves; the programs end with the test.
func load(t *testing.T, config string) *sitetest.Site {
	t.Helper()
	s := sitetest.NewWith(t, config, modules.All(), files)
	if err := os.Chmod(filepath.Join(s.Root, "prg.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	serve(t, s)
	return s
}

func serve(t *testing.T, s *sitetest.Site) {
	for _, f := range s.Build.OnServe {
		f()
	}
	t.Cleanup(func() { rewrite.StopPrograms(s.Build) })
}

var expires = regexp.MustCompile(`expires=[^;]*GMT`)

func answer(t *testing.T, s *sitetest.Site, request string) string {
	parts := strings.Split(request, "|")
	method, target, ok := strings.Cut(parts[0], " ")
	if !ok {
		method, target = "GET", parts[0]
	}
	r := sitetest.Request(method, "/", parts[1:]...)
	r.RequestURI = target
	w := s.DoFrom(t, r, netip.MustParseAddrPort("127.0.0.1:40000"))
	res := w.Result()
	out := fmt.Sprint(res.StatusCode)
	for _, h := range []string{"Location", "Set-Cookie", "Vary", "Content-Type"} {
		for _, v := range res.Header.Values(h) {
			if h != "Content-Type" || v == "text/x-foo" {
				out += fmt.Sprintf(" | %s: %s", h, v)
			}
		}
	}
	if body, _ := io.ReadAll(res.Body); res.StatusCode == 200 {
		first, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		out = strings.TrimSuffix(out+" || "+first, " ")
	}
	return expires.ReplaceAllString(out, "expires=DATE")
}
