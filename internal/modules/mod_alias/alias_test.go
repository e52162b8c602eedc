package alias_test

import (
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

const config = `
Redirect /r /new
Redirect permanent /p http://h.test/y
Redirect 308 /q /n?x=1
Redirect gone /gone
RedirectMatch ^/m/(.*)\.gif$ /jpg/$1.jpg
RedirectMatch 403 ^/closed
Redirect /alias /before
Alias /alias htdocs/none
Alias /al htdocs/else
Alias /slash/ htdocs/else/
AliasMatch ^/am/(\w+)$ htdocs/else/$1.txt
<Location /whole>
Redirect 301 http://h.test/%{REQUEST_METHOD}
Require all denied
</Location>
<Location /part>
Redirect /part/in /out
Require all denied
</Location>
<Location /stay>
Redirect 410
</Location>
<Location /rel>
RedirectRelative On
Redirect /rel
</Location>
<Location /file>
Alias htdocs/else/a.txt
</Location>
<Location /keep>
AliasPreservePath On
Alias htdocs/else
</Location>
`

func TestPaths(t *testing.T) {
	s := sitetest.NewWith(t, config, modules.All(), map[string]string{"htdocs/else/a.txt": "a", "htdocs/al.txt": "no alias"})
	s.Answers(t, []sitetest.Answer{
		{"/r", 302, "http://www.example.com/new"},
		{"/r/x%20y?q=1", 302, "http://www.example.com/new/x%20y?q=1"},
		{"/rest", 404, ""},
		{"/p/z", 301, "http://h.test/y/z"},
		{"/q?y=2", 308, "http://www.example.com/n?x=1"},
		{"/gone/x", 410, ""},
		{"/m/a.gif?q", 302, "http://www.example.com/jpg/a.jpg?q"},
		{"/closed/x", 403, ""},
		{"/alias/x", 302, "http://www.example.com/before/x"},
		{"/al/a.txt", 200, "a"},
		{"/al.txt", 200, "no alias"},
		{"/slash/a.txt", 200, "a"},
		{"/slash", 404, ""},
		{"/am/a", 200, "a"},
		{"/whole/x", 301, "http://h.test/GET"}, // before Require is asked
		{"/part/in/x", 403, ""},
		{"/stay/x", 410, ""},
		{"/rel/x", 302, "/rel"},
		{"/file/x", 200, "a"},
		{"/keep/a.txt", 200, "a"},
	})
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{
		"Redirect /a":         "URL to redirect to is missing",
		"Redirect gone /a /b": "takes no URL",
		"Redirect /a b":       "Redirect to non-URL",
		"RedirectMatch ( /b":  "could not be compiled",
		"Alias /a":            "takes two arguments here",
		"<Location /x>\nAlias /a htdocs\n</Location>": "takes one argument",
		"AliasMatch ( htdocs":                         "could not be compiled",
	})
}
