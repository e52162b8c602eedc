package explain

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// pageLength is the length of an error page, whose words are no matter of this package.
var pageLength = regexp.MustCompile(`(?m)^ +"?Content-Length: .*\n`)

var update = flag.Bool("update", false, "write the explanations that the files want anew")

// TestGolden explains the requests of each file: httpd.conf, further files, then for each request a file "ask ..." that holds
// the text, or with the word json what --json prints.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no files in testdata: ", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "ask ") })
	more := map[string]string{}
	for _, f := range archive.Files[1:first] {
		more[f.Name] = string(f.Data)
	}
	e := &Explainer{}
	s := sitetest.NewWith(t, string(archive.Files[0].Data), e.Modules(modules.All()), more)
	for i, f := range archive.Files[first:] {
		x, err := e.Explain(s.Serve, s.Build, ask(t, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		if slices.Contains(strings.Fields(f.Name), "json") {
			err = x.JSON(&text)
		} else {
			x.Text(&text)
		}
		if err != nil {
			t.Fatal(err)
		}
		got := pageLength.ReplaceAllString(strings.ReplaceAll(text.String(), s.Root, "ROOT"), "")
		if *update {
			archive.Files[first+i].Data = []byte(got)
		} else if got != string(f.Data) {
			t.Errorf("%s:\n%s", f.Name, got)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func ask(t *testing.T, words string) (q Question) {
	for _, w := range strings.Fields(words) {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "ask", "json":
		case "tls":
			q.TLS = true
		case "websocket":
			q.WebSocket = true
		case "from":
			q.From = netip.MustParseAddr(value)
		case "to":
			q.To = netip.MustParseAddrPort(value)
		case "method":
			q.Method = value
		case "header":
			q.Header = append(q.Header, strings.ReplaceAll(value, "%20", " "))
		default:
			q.URL = w
		}
	}
	if q.URL == "" {
		t.Fatalf("%q names no URL", words)
	}
	return q
}

func TestBadQuestions(t *testing.T) {
	e := &Explainer{}
	s := sitetest.New(t, "", e.Modules(modules.All()))
	for _, q := range []Question{{URL: ""}, {URL: "example.com/x"}, {URL: "http://h/a b"}, {URL: "/%zz"}, {URL: "/", Header: []string{"NoColon"}},
		{URL: "/", Header: []string{"A: b\r\nC: d"}}} {
		if x, err := e.Explain(s.Serve, s.Build, q); err == nil {
			t.Errorf("%+v is answered: %+v", q, x)
		}
	}
}

func TestPort(t *testing.T) {
	e := &Explainer{}
	for _, c := range []struct{ listen, url, want string }{
		{"", "http://h/", "127.0.0.1:80"},
		{"", "https://h/", "127.0.0.1:80"}, // the only port
		{"Listen 443", "https://h/", "127.0.0.1:443"},
		{"Listen 192.0.2.5:8080", "http://h:8080/", "192.0.2.5:8080"},
		{"Listen [2001:db8::1]:8080", "http://[2001:db8::2]:8080/", "[2001:db8::2]:8080"},
		{"<VirtualHost 192.0.2.6:80>\nServerName own\n</VirtualHost>", "http://own/", "192.0.2.6:80"},
	} {
		s := sitetest.New(t, c.listen, e.Modules(modules.All()))
		x, err := e.Explain(s.Serve, s.Build, Question{URL: c.url})
		if err != nil || x.To != c.want {
			t.Errorf("%s with %q: to %v, %v; want %s", c.url, c.listen, x, err, c.want)
		}
	}
}
