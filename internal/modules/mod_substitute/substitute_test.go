package substitute_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestRules(t *testing.T) {
	for _, c := range []struct{ rules, in, want string }{
		{"Substitute s/foo/bar/", "foo FOO foo\nfoo", "bar FOO bar\nbar"},
		{"Substitute s/foo/bar/i", "foo FOO", "bar bar"},
		{"Substitute s|(o+)|<$1>|", "foo", "f<oo>"},
		{"Substitute s/.o/x/n", "foo.o", "foox"},
		{"Substitute s/A.C/x/ni", "a.c abc", "x abc"},
		{"Substitute s/a/b/\nSubstitute s/b/c/", "a", "c"},
		{"Substitute s/a/b/q\nSubstitute s/b/c/f", "a", "c"},
		{"Substitute s/^b/x/", "a\nb", "a\nx"},
		{"Substitute s/b\\n/x/", "ab\nc", "axc"},
		{"Substitute \"s/a b/c d/\"", "a b", "c d"},
		{"Substitute s/x*/-/", "a", "-a"},
		{"Substitute s/foo/out/\n<Location /f>\nSubstitute s/foo/in/\n</Location>", "foo", "in"},
		{"Substitute s/foo/out/\n<Location /f>\nSubstituteInheritBefore On\nSubstitute s/foo/in/\n</Location>", "foo", "out"},
	} {
		s := sitetest.NewWith(t, "SetOutputFilter SUBSTITUTE\n"+c.rules, modules.All(), map[string]string{"htdocs/f": c.in})
		w := s.Get(t, "/f")
		if got := w.Body.String(); got != c.want || w.Header().Get("Content-Length") == "0" {
			t.Errorf("%s on %q: %q, want %q", c.rules, c.in, got, c.want)
		}
	}
}

func TestLongLine(t *testing.T) {
	s := sitetest.NewWith(t, "SetOutputFilter SUBSTITUTE\nSubstitute s/a/bb/\nSubstituteMaxLineLength 10b", modules.All(),
		map[string]string{"htdocs/f": "fits\n" + strings.Repeat("x", 11) + "\nnever sent", "htdocs/grows": "aaaaaa\n", "htdocs/whole": "0123456789"})
	if got := s.Get(t, "/f").Body.String(); got != "fits\n" {
		t.Errorf("%q", got)
	}
	if got := s.Get(t, "/grows").Body.String(); got != "" {
		t.Errorf("a line that grew too long: %q", got)
	}
	if got := s.Get(t, "/whole").Body.String(); got != "0123456789" {
		t.Errorf("a line of just the length: %q", got)
	}
	if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "AH01328") {
		t.Errorf("the log says %q", log)
	}
}

func TestErrors(t *testing.T) {
	sitetest.Refuses(t, modules.All(), map[string]string{
		"Substitute x/a/b/": "must be an s///", "Substitute s/a": "complete", "Substitute s/a/b/c/": "complete", "Substitute s/a/b/x": "only s///[infq]", "Substitute s/(/b/": "compile",
		"Substitute s//b/": "empty", "SubstituteMaxLineLength 0": "must be a number", "SubstituteMaxLineLength 2t": "must be a number",
		"SubstituteMaxLineLength 3g": "must be a number",
	})
}
