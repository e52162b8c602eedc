package proxyfcgi_test

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
	"transom/internal/upstream"
)

// asked is the real scheme, but for the exchange: it answers nothing and keeps the request.
type asked struct {
	module.CGIScheme
	seen *upstream.Request
}

func (a *asked) Exchange(_ context.Context, w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
	seen := *req // which is used again
	a.seen = &seen
	return &upstream.Response{Status: 200, Major: 1, Minor: 1, Body: io.NopCloser(strings.NewReader("")), Worker: w}, nil
}

func watched() ([]*module.Module, *asked) {
	a := &asked{}
	list := modules.All()
	for _, m := range list {
		for i, s := range m.Offers.Schemes {
			if cgi, ok := s.(module.CGIScheme); ok && s.Name() == "fcgi" {
				a.CGIScheme = cgi
				m.Offers.Schemes[i] = a
			}
		}
	}
	return list, a
}

const whatever = "*"

// everywhere are the variables that the files don't list: they are the same for all requests.
var everywhere = map[string]string{
	"PATH": os.Getenv("PATH"), "SERVER_SIGNATURE": "", "SERVER_NAME": "www.example.com", "SERVER_ADDR": "192.0.2.1", "SERVER_PORT": "80",
	"REMOTE_ADDR": "198.51.100.7", "REMOTE_PORT": "40000", "REQUEST_SCHEME": "http", "SERVER_ADMIN": "[no address given]", "CONTEXT_PREFIX": "",
	"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": "GET", "HTTP_HOST": "www.example.com",
	"DOCUMENT_ROOT": "@ROOT@/htdocs", "CONTEXT_DOCUMENT_ROOT": "@ROOT@/htdocs", "SERVER_SOFTWARE": whatever, "UNIQUE_ID": whatever, "REDIRECT_UNIQUE_ID": whatever, "SCRIPT_URL": whatever, "SCRIPT_URI": whatever,
}

// TestVariables plays testdata/*.txtar: a configuration, and requests with the variables that httpd 2.4.71 sends for them. An
// indented line "Name: value" is a field of the request.
func TestVariables(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string]string{}
		for _, f := range archive.Files {
			files[f.Name] = string(f.Data)
		}
		mods, a := watched()
		s := sitetest.NewWith(t, files["httpd.conf"], mods, files)
		for _, text := range strings.Split(strings.TrimSpace(files["requests"]), "\n\n") {
			t.Run(filepath.Base(name)+" "+text[:strings.IndexByte(text, '\n')], func(t *testing.T) { request(t, s, a, text) })
		}
	}
}

func request(t *testing.T, s *sitetest.Site, a *asked, text string) {
	lines := strings.Split(text, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	var header, want []string
	for _, line := range lines[1:] {
		if field, ok := strings.CutPrefix(line, "    "); ok {
			header = append(header, field)
		} else {
			want = append(want, line)
		}
	}
	a.seen = nil
	r := sitetest.Request(method, target, header...)
	w := s.Do(t, r)
	var got []string
	if a.seen == nil {
		got = []string{w.Result().Status}
	} else {
		got = variables(s, a.seen.Env)
	}
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("wanted -, got +:\n%s", d)
	}
}

func variables(s *sitetest.Site, env []upstream.Field) (list []string) {
	left := maps.Clone(everywhere)
	for _, v := range env {
		value := strings.ReplaceAll(v.Value, s.Root, "@ROOT@")
		usual, known := left[v.Name]
		delete(left, v.Name)
		if !known || usual != whatever && usual != value {
			list = append(list, v.Name+"="+value)
		}
	}
	for name, usual := range left {
		if usual != whatever {
			list = append(list, "lacks "+name)
		}
	}
	slices.Sort(list)
	return list
}
