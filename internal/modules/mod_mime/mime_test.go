package mime_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

const config = `
TypesConfig types
AddType application/x-own .own
AddType text/html .html
AddLanguage de .de
AddLanguage en .en
AddEncoding x-gzip .gz
AddCharset UTF-8 .utf8
AddHandler nobody .run
DefaultLanguage fr
<Location /in>
AddType text/inner .own
RemoveType .html
RemoveEncoding gz
RemoveLanguage .de
RemoveHandler .run
RemoveCharset .utf8
</Location>
<Location /info>
ModMimeUsePathInfo On
AcceptPathInfo On
</Location>
`

func TestExtensions(t *testing.T) {
	files := map[string]string{"types": "# types\ntext/listed listed lst\ntext/x-none\n"}
	names := []string{"a.html", "a.own", "a.OWN", "a.lst", "a", "a.unknown", ".own", "a.html.de", "a.de.html.en", "a.own.gz", "a.html.utf8", "a.gz.gz", "a..html", "html.x", "a.run"}
	for _, name := range names {
		files["htdocs/"+name], files["htdocs/in/"+name] = "x", "x"
	}
	files["htdocs/info/a"] = "x"
	s := sitetest.NewWith(t, config, modules.All(), files)
	for path, want := range map[string]string{ // type, encoding, language
		"/a.html": "text/html||fr", "/a.own": "application/x-own||fr", "/a.OWN": "application/x-own||fr", "/a.lst": "text/listed||fr",
		"/a": "||fr", "/a.unknown": "||fr", "/.own": "||fr", "/a.html.de": "text/html||de", "/a.de.html.en": "text/html||de, en",
		"/a.own.gz": "application/x-own|x-gzip|fr", "/a.html.utf8": "text/html; charset=utf-8||fr", "/a.gz.gz": "|x-gzip, x-gzip|fr", "/a..html": "text/html||fr",
		"/html.x": "||fr", "/in/a.own": "text/inner||fr", "/in/a.html": "||fr", "/in/a.own.gz": "text/inner||fr", "/in/a.html.de": "||fr",
		"/in/a.html.utf8": "||fr", "/info/a/b.html": "text/html||fr",
	} {
		w := s.Get(t, path)
		h := w.Header()
		if got := strings.Join([]string{h.Get("Content-Type"), h.Get("Content-Encoding"), h.Get("Content-Language")}, "|"); got != want || w.Code != 200 {
			t.Errorf("%s: %d %q, want %q", path, w.Code, got, want)
		}
	}
	if got := s.Get(t, "/a.run").Code; got != 500 {
		t.Errorf("a handler that nobody has: %d", got)
	}
	if got := s.Get(t, "/in/a.run").Code; got != 200 {
		t.Errorf("RemoveHandler: %d", got)
	}
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{
		"TypesConfig absent":               "could not open mime types config file",
		"MultiviewsMatch Some":             "MultiviewsMatch knows",
		"MultiviewsMatch Any Handlers":     "stand alone",
		"AddOutputFilter proxy-html .html": "not supported",
		"ModMimeUsePathInfo On":            "not allowed here",
		"AddType text/html":                "AddType",
	})
}
