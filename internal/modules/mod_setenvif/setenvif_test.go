package setenvif_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestAttributes(t *testing.T) {
	for _, c := range []struct{ line, url, header, want string }{
		{`SetEnvIf Request_URI \.gif$ E`, "/a.gif?b.png", "", "1"},
		{`SetEnvIf Request_URI \.gif$ E`, "/a?b.gif", "", "(null)"},
		{`SetEnvIf Request_Method ^(GET)$ E=$1!`, "/", "", "GET!"},
		{`SetEnvIf Request_Protocol (.*) E=$1`, "/", "", "HTTP/1.1"},
		{`SetEnvIf Remote_Addr ^198\.51\. E=$0`, "/", "", "198.51."},
		{`SetEnvIf Server_Addr (.*) E=$1`, "/", "", "192.0.2.1"},
		{`SetEnvIf Host ^www E=host`, "/", "", "host"},
		{`SetEnvIf X-One ^$ E=empty`, "/", "", "empty"},
		{`SetEnvIf X-One ^b$ E`, "/", "X-One: B", "(null)"},
		{`SetEnvIfNoCase X-One ^b$ E`, "/", "x-one: B", "1"},
		{`SetEnvIf ^X-.* (.+) E=$1`, "/", "X-Any: v", "v"},
		{"SetEnvIf X-One . first=yes\nSetEnvIf first yes E=second", "/", "X-One: a", "second"},
		{"SetEnvIf X-One . E=1\nSetEnvIf X-One gone !E", "/", "X-One: gone", "(null)"},
		{"SetEnvIf X-One . E=1 F=2 !E", "/", "X-One: a", "(null)"},
		{`BrowserMatch ^Mozilla/(\d) E=$1`, "/", "User-Agent: Mozilla/5.0", "5"},
		{`BrowserMatchNoCase mozilla E`, "/", "User-Agent: Mozilla/5.0", "1"},
		{`SetEnvIfExpr "%{REQUEST_URI} =~ m#^/(.)#" E=$1`, "/x", "", "x"},
		{"SetEnvIf X-One . E=server\n<Location /in>\nSetEnvIf X-One . E=section\n</Location>", "/in", "X-One: a", "section"},
	} {
		s := sitetest.New(t, c.line+"\nHeader always set E %{E}e", modules.All())
		var header []string
		if c.header != "" {
			header = []string{c.header}
		}
		if got := s.Get(t, c.url, header...).Header().Get("E"); got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
}

// A pattern that does not end decides nothing: what a variable guards stays shut.
func TestLimit(t *testing.T) {
	s := sitetest.New(t, `SetEnvIf X-One "^(a+)+\1$" E`, modules.All())
	if got := s.Get(t, "/index.html", "X-One: "+strings.Repeat("a", 64)+"!").Code; got != 500 {
		t.Errorf("status %d, want 500", got)
	}
	s = sitetest.New(t, `SetEnvIf "^(a+)+\1$" . E`, modules.All())
	if got := s.Get(t, "/index.html", strings.Repeat("a", 64)+"!: x").Code; got != 500 {
		t.Errorf("a name: status %d, want 500", got)
	}
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{
		"SetEnvIf":              "Missing attribute name",
		"SetEnvIf X-One":        "Missing regular expression",
		"SetEnvIf X-One a":      "Missing envariable expression",
		"SetEnvIf X-One ( a":    "could not be compiled",
		"SetEnvIf X-(One a b":   "missing closing parenthesis",
		"BrowserMatch a":        "Missing envariable expression",
		"SetEnvIfExpr \"-z\" a": "SetEnvIfExpr",
		"SetEnvIfExpr \"true\"": "Missing envariable expression",
	})
}
