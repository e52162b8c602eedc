package site_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// endless is a pattern that gives up on a row of a with a b behind it; slow is such a row.
const endless = `((a+)+)+\1$`

var slow = strings.Repeat("a", 40) + "b"

// Neither is the section skipped then, which closes here, nor does <Else> apply, which opens here.
func TestConditionThatCannotBeDecided(t *testing.T) {
	for _, config := range []string{
		"<If \"%{QUERY_STRING} =~ /^" + endless + "/ || %{REQUEST_URI} == '/index.html'\">\nRequire all denied\n</If>\n",
		"<Location />\nRequire all denied\n</Location>\n<If \"%{QUERY_STRING} =~ /^" + endless + "/\">\n</If>\n<Else>\nRequire all granted\n</Else>\n",
		"<Location />\n<RequireAll>\nRequire all granted\nRequire not expr \"%{QUERY_STRING} =~ /^" + endless + "/\"\n</RequireAll>\n</Location>\n",
		"<Location />\n<If \"%{QUERY_STRING} !~ /^" + endless + "/\">\nRequire all granted\n</If>\n</Location>\n",
	} {
		s := sitetest.New(t, config, modules.All())
		if w := s.Get(t, "/index.html?"+slow); w.Code != 500 {
			t.Errorf("%d with\n%s", w.Code, config)
		}
		if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "limit") {
			t.Errorf("log %q", log)
		}
	}
}

// A pattern that gave up has not decided whether a section is for the request: it may be one that grants.
func TestSectionThatCannotBeDecided(t *testing.T) {
	for section, target := range map[string]string{
		`<LocationMatch "/` + endless + `">`:         "/" + slow,
		`<DirectoryMatch "/htdocs/` + endless + `">`: "/" + slow + "/index.html",
		`<FilesMatch "^` + endless + `">`:            "/" + slow,
		`<ProxyMatch "/` + endless + `">`:            "/proxied/" + slow,
	} {
		name, _, _ := strings.Cut(section[1:], " ")
		s := sitetest.NewWith(t, "ProxyPass /proxied/ http://127.0.0.1:1/\n<Location />\nRequire all denied\n</Location>\n"+
			section+"\nRequire all granted\n</"+name+">\n", modules.All(), map[string]string{"htdocs/" + slow + "/index.html": "secret"})
		if w := s.Get(t, target); w.Code != 500 {
			t.Errorf("%s: %d", section, w.Code)
		}
		if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "<"+name) || !strings.Contains(log, "limit") {
			t.Errorf("%s: log %q", section, log)
		}
	}
}
