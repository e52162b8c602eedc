package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
	"transom/internal/upstream"
)

// origin is a scheme that asks nobody: it answers what it was asked.
type origin struct {
	name   string
	answer func(w *upstream.Worker, req *upstream.Request) (*upstream.Response, error)
}

func (o origin) Name() string        { return o.name }
func (o origin) DefaultPort() string { return "80" }

func (o origin) Exchange(_ context.Context, w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
	return o.answer(w, req)
}

// text answers a text.
func text(status int, body string, fields ...upstream.Field) *upstream.Response {
	return &upstream.Response{Status: status, Major: 1, Minor: 1, Fields: fields, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(body)), Ready: true}
}

// told says what an origin would have seen: the URL, and the worker in front of its parameters.
func told(w *upstream.Worker, req *upstream.Request) string {
	u := w.URL
	if req.URL != nil {
		u = *req.URL
	}
	u.Path = ""
	return u.String() + req.Target
}

// all are the modules of the program with the schemes of mod_proxy_http and mod_proxy_wstunnel played by an origin.
func all(answer func(*upstream.Worker, *upstream.Request) (*upstream.Response, error)) []*module.Module {
	var list []*module.Module
	for _, m := range modules.All() {
		for i, s := range m.Offers.Schemes {
			m.Offers.Schemes[i] = origin{s.Name(), answer}
		}
		list = append(list, m)
	}
	return list
}

// TestMapping plays testdata/map-*.txtar: a configuration, and lines "PATH -> URL [worker]" or "PATH -> STATUS".
func TestMapping(t *testing.T) {
	files, err := filepath.Glob("testdata/map-*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { mapFile(t, name) })
	}
}

func mapFile(t *testing.T, name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	config, lines := "", ""
	for _, f := range txtar.Parse(data).Files {
		switch f.Name {
		case "httpd.conf":
			config = string(f.Data)
		case "requests":
			lines = string(f.Data)
		}
	}
	s := sitetest.New(t, "Listen 80\n"+config, all(func(w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
		return text(200, told(w, req)+" ["+w.Name()+"]"), nil
	}))
	var got strings.Builder
	for line := range strings.Lines(lines) {
		asked, _, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " -> ")
		if !ok {
			got.WriteString(line)
			continue
		}
		target, host, _ := strings.Cut(asked, " ")
		req := sitetest.Request("GET", target)
		if host != "" {
			req.Host = host
		}
		fmt.Fprintf(&got, "%s -> %s\n", asked, answerOf(s.Do(t, req)))
	}
	if d := cmp.Diff(lines, got.String()); d != "" {
		t.Errorf("wanted -, got +:\n%s", d)
	}
}

func answerOf(w *httptest.ResponseRecorder) string {
	if w.Code != 200 {
		return fmt.Sprint(w.Code)
	}
	return w.Body.String()
}
