package site_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func expect(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || w.Body.String() != body {
		t.Errorf("got %d %q, want %d %q", w.Code, w.Body, status, body)
	}
}

const closed = "\n<Location /closed>\nRequire all denied\n</Location>\n"

func TestErrorDocuments(t *testing.T) {
	s := sitetest.NewWith(t, `
ErrorDocument 403 "text <b>"
ErrorDocument 404 /errors/404.html
ErrorDocument 410 http://elsewhere.test/gone
ErrorDocument 405 /closed/405
Redirect gone /gone
<Location /default>
  ErrorDocument 404 default
</Location>
<Location /own>
  ErrorDocument 404 "%{escape:%{REQUEST_URI}} is missing"
</Location>
`+closed, modules.All(), map[string]string{"htdocs/errors/404.html": "document"})
	expect(t, s.Get(t, "/closed"), 403, "text <b>")
	expect(t, s.Get(t, "/none"), 404, "document")
	expect(t, s.Get(t, "/own/a"), 404, "/own/a is missing")
	if w := s.Get(t, "/gone"); w.Code != 302 || w.Header().Get("Location") != "http://elsewhere.test/gone" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := s.Get(t, "/default/x"); w.Code != 404 || !strings.Contains(w.Body.String(), "<h1>Not Found</h1>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// The document is forbidden: the first error's own page, though 403 has a document.
	if w := s.Do(t, sitetest.Request("DELETE", "/index.html")); w.Code != 405 || !strings.Contains(w.Body.String(), "<h1>Method Not Allowed</h1>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The document answers an error, whatever the request asked of the resource that there is not.
func TestErrorDocumentTakesNoConditions(t *testing.T) {
	s := sitetest.NewWith(t, "ErrorDocument 404 /404.txt\n", modules.All(), map[string]string{"htdocs/404.txt": "document"})
	for _, field := range []string{"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "If-None-Match: *", "If-Match: \"x\"",
		"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Range: bytes=0-1", "Range: bytes=99-"} {
		expect(t, s.Get(t, "/none", field), 404, "document")
	}
	expect(t, s.Do(t, sitetest.Request("HEAD", "/none")), 404, "document") // the listener leaves the body out
}

func TestErrorDocumentsEnd(t *testing.T) {
	for _, config := range []string{
		"ErrorDocument 404 /none/either\n",
		"ErrorDocument 404 /e\nRewriteEngine On\nRewriteRule ^/e$ /none [PT]\n",
		"ErrorDocument 404 /d/\nDirectoryIndex /d/x/ /none\n",
		"ErrorDocument 404 /e/x\n<Directory @ROOT@/htdocs/e>\nRewriteEngine On\nRewriteRule .* /e/again\n</Directory>\n",
	} {
		s := sitetest.NewWith(t, config+"<Directory />\nOptions FollowSymLinks\n</Directory>\n", modules.All(), map[string]string{"htdocs/e/file": "", "htdocs/d/file": ""})
		if w := s.Get(t, "/none"); w.Code != 404 && w.Code != 500 {
			t.Errorf("%s: %d %s", config, w.Code, w.Body)
		}
	}
}

// Nothing that a client sends is markup in what the server says.
func TestErrorPagesAreEscaped(t *testing.T) {
	s := sitetest.New(t, "ServerSignature EMail\nServerAdmin \"a&b@example.com\"\nUseCanonicalName Off\nRedirect /moved http://elsewhere.test/\n"+closed, modules.All())
	const evil = "<script>\"'&"
	requests := []*http.Request{
		sitetest.Request("GET", "/none/%3Cscript%3E%22'&", "Host: "+evil),
		sitetest.Request("GET", "/closed/%3Cscript%3E", "Host: "+evil+":80", "Referer: "+evil),
		sitetest.Request("GET", "/moved/%3Cscript%3E?<script>\"'", "Host: "+evil),
		sitetest.Request("GET", "/", "Host: "+evil),
		sitetest.Request("GET", "/index.html"),
	}
	requests[3].RequestURI, requests[4].Method = "/%zz<script>", evil
	for _, q := range requests {
		w := s.Do(t, q)
		if w.Code < 300 || strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), `"'`) {
			t.Errorf("%s %s: %d\n%s", q.Method, q.RequestURI, w.Code, w.Body)
		}
	}
}

func TestErrorsDropWhatTheHandlerSaid(t *testing.T) {
	s := sitetest.New(t, "Header set X-Set a\nHeader always set X-Always b\n<Location />\nRequire valid-user\nAuthType Basic\nAuthName \"a \\\"b\\\"\"\nAuthBasicProvider file\nAuthUserFile @ROOT@/none\n</Location>\n", modules.All())
	w := s.Get(t, "/index.html")
	h := w.Header()
	if w.Code != 401 || h.Get("X-Set") != "" || h.Get("X-Always") != "b" || h.Get("Www-Authenticate") != `Basic realm="a \"b\""` || h.Get("Last-Modified") != "" {
		t.Errorf("%d %v", w.Code, h)
	}
}

func TestRedirectsEnd(t *testing.T) {
	s := sitetest.New(t, "<Directory @ROOT@/htdocs>\nOptions FollowSymLinks\nRewriteEngine On\nRewriteRule (.*) /x$1\n</Directory>\n", modules.All())
	if w := s.Get(t, "/a"); w.Code != 500 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "AH00124") {
		t.Errorf("the error log does not say why:\n%s", log)
	}
}
