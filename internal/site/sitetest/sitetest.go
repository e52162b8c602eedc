// Package sitetest compiles a configuration and sends it requests without a socket, for tests of modules.
package sitetest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/site"
	"transom/internal/wire/http1"
)

// Site is a compiled configuration in a ServerRoot of its own.
type Site struct {
	*site.Site
	Root     string // ServerRoot, with logs/ and htdocs/ (which holds index.html)
	Warnings []module.Diagnostic
	sinks    *observe.Sinks
}

// Local and Remote are the ends of every request's connection unless the test says otherwise; both are documentation
// addresses (RFC 5737).
var (
	Local  = netip.MustParseAddrPort("192.0.2.1:80")
	Remote = netip.MustParseAddrPort("198.51.100.7:40000")
)

// Compile reads a configuration. "@ROOT@" in it is the ServerRoot; DocumentRoot is htdocs there unless the
// configuration says otherwise. Files are further files below ROOT, by name. The Site is nil if there are errors.
func Compile(t testing.TB, config string, mods []*module.Module, files map[string]string) (*Site, []module.Diagnostic) {
	t.Helper()
	s := &Site{Root: t.TempDir(), sinks: &observe.Sinks{}}
	s.Write(t, "logs/error_log", "")
	s.Write(t, "htdocs/index.html", "index\n")
	for name, text := range files {
		s.Write(t, name, text)
	}
	defaults := []string{"ServerName www.example.com", "Listen 80", "DocumentRoot htdocs"}
	s.Write(t, "httpd.conf", strings.ReplaceAll(config, "@ROOT@", s.Root))
	b := &module.Build{ServerRoot: s.Root, Modules: mods, Loaded: map[string]bool{}, Kept: &module.Kept{}, Sinks: s.sinks}
	tree, errs := conf.Load("httpd.conf", conf.Options{ServerRoot: s.Root, Before: defaults,
		HasModule: func(string) bool { return true }})
	for _, e := range errs {
		b.Errors = append(b.Errors, module.Diagnostic{Pos: e.Pos, Text: e.Msg})
	}
	b.Defined = tree.Defines.Has
	s.Site = site.Compile(tree, b)
	s.Warnings = b.Warnings
	t.Cleanup(func() { s.sinks.Each((*observe.Sink).Close) })
	if len(b.Errors) > 0 {
		return nil, b.Errors
	}
	return s, nil
}

// New is Compile for a configuration that is right.
func New(t testing.TB, config string, mods []*module.Module) *Site {
	t.Helper()
	return NewWith(t, config, mods, nil)
}

// NewWith is New with further files.
func NewWith(t testing.TB, config string, mods []*module.Module, files map[string]string) *Site {
	t.Helper()
	s, errs := Compile(t, config, mods, files)
	for _, e := range errs {
		t.Errorf("%s", e)
	}
	if s == nil {
		t.FailNow()
	}
	return s
}

// Errors are the diagnostics of a configuration that must not load.
func Errors(t testing.TB, config string, mods []*module.Module) string {
	t.Helper()
	_, errs := Compile(t, config, mods, nil)
	var texts []string
	for _, e := range errs {
		texts = append(texts, e.Text)
	}
	return strings.Join(texts, "\n")
}

// Refuses checks what is said of lines that must not load; "" stands for those that do.
func Refuses(t testing.TB, mods []*module.Module, lines map[string]string) {
	t.Helper()
	for line, want := range lines {
		if got := Errors(t, line, mods); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// Loads reads a file of lines "ok in ..." and "error in ..." and checks that the configuration after "in", put into a
// <Location>, loads or does not; "at" stands for the configuration's top. Lines are separated by "; ".
func Loads(t *testing.T, file string, mods []*module.Module) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		want, rest, ok := strings.Cut(line, " ")
		place, config, _ := strings.Cut(rest, " ")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case !ok || want != "ok" && want != "error" || place != "in" && place != "at":
			t.Fatalf("%s: what is %q?", file, line)
		}
		config = strings.ReplaceAll(config, "; ", "\n")
		if place == "in" {
			config = "<Location />\n" + config + "\n</Location>"
		}
		switch errs := Errors(t, config, mods); {
		case want == "ok" && errs != "":
			t.Errorf("%s: %s", line, errs)
		case want == "error" && errs == "":
			t.Errorf("%s: it loads", line)
		}
	}
}

// Write writes a file below Root.
func (s *Site) Write(t testing.TB, name, text string) {
	t.Helper()
	path := filepath.Join(s.Root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Remove removes a file below Root.
func (s *Site) Remove(t testing.TB, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(s.Root, name)); err != nil {
		t.Fatal(err)
	}
}

// Read is the text of a file below Root: a log, for instance.
func (s *Site) Read(t testing.TB, name string) string {
	t.Helper()
	s.sinks.Each((*observe.Sink).Flush)
	text, err := os.ReadFile(filepath.Join(s.Root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Get sends a GET with header lines "Name: value"; "Host: h" sets the host.
func (s *Site) Get(t testing.TB, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return s.Do(t, Request("GET", target, header...))
}

// Answer is what a GET leads to: a status and its Location, or the content of a 200.
type Answer = struct {
	URL    string
	Status int
	Want   string
}

// Answers sends a GET for each.
func (s *Site) Answers(t testing.TB, list []Answer) {
	t.Helper()
	for _, a := range list {
		w := s.Get(t, a.URL)
		got := w.Header().Get("Location")
		if a.Status == http.StatusOK {
			got = w.Body.String()
		}
		if w.Code != a.Status || got != a.Want {
			t.Errorf("%s: %d %q, want %d %q", a.URL, w.Code, got, a.Status, a.Want)
		}
	}
}

// Request makes a request for Do.
func Request(method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "www.example.com"
	for _, line := range header {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Host") {
			r.Host = strings.TrimSpace(value)
			continue
		}
		r.Header.Add(name, strings.TrimSpace(value))
	}
	return r
}

// Do serves one request that came from Remote.
func (s *Site) Do(t testing.TB, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	return s.DoFrom(t, r, Remote)
}

// DoFrom serves one request that came from an address. Its header comes as a list, as a listener's does, but for HTTP/2.
func (s *Site) DoFrom(t testing.TB, r *http.Request, remote netip.AddrPort) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	x := &exchange{}
	if r.ProtoMajor == 1 {
		x.fields, r.Header = fields(r), nil
	}
	r.RemoteAddr = remote.String()
	s.Serve(w, r, &module.Conn{ID: 1, Local: Local, Remote: remote, TLS: r.TLS, Fields: x.fields, Line: r.Method + " " + r.RequestURI + " " + r.Proto, Received: time.Now(), Exchange: x})
	for _, f := range x.After {
		f()
	}
	return w
}

// fields are a request's: Host, then by name.
func fields(r *http.Request) []http1.Field {
	list := []http1.Field{{Name: "Host", Value: r.Host}}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			list = append(list, http1.Field{Name: name, Value: v})
		}
	}
	return list
}

// exchange is no listener, but for the header.
type exchange struct {
	module.NoListener
	fields []http1.Field
}

func (x *exchange) Header() http.Header { return http1.FillHeader(nil, nil, x.fields, "Host") }
