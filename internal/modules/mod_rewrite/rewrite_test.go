package rewrite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestTextMapIsReadAgainWhenItChanges(t *testing.T) {
	s := load(t, "RewriteEngine On\nRewriteMap m map.txt\nRewriteRule ^/(.*) http://o.e/${m:$1|none} [R]")
	location(t, s, "/k1", "http://o.e/v1")
	s.Write(t, "map.txt", "k1 other\nk1 second\n")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(s.Root, "map.txt"), later, later); err != nil {
		t.Fatal(err)
	}
	location(t, s, "/k1", "http://o.e/other")
	s.Remove(t, "map.txt")
	location(t, s, "/k1", "http://o.e/none")
	if log := s.Read(t, "logs/error_log"); !strings.Contains(log, "AH00661") {
		t.Errorf("the missing file is not logged: %s", log)
	}
}

func location(t *testing.T, s *sitetest.Site, target, want string) {
	t.Helper()
	if got := s.Get(t, target).Header().Get("Location"); got != want {
		t.Errorf("%s: Location %q, want %q", target, got, want)
	}
}

func TestRandomMap(t *testing.T) {
	s := load(t, "RewriteEngine On\nRewriteMap m rnd:map.txt\nRewriteRule ^/ http://o.e/${m:r} [R]")
	seen := map[string]bool{}
	for i := 0; i < 500; i++ {
		seen[s.Get(t, "/").Header().Get("Location")] = true
	}
	if len(seen) != 3 || !seen["http://o.e/a"] || !seen["http://o.e/b"] || !seen["http://o.e/c"] {
		t.Errorf("of a|b|c came %v", seen)
	}
}

// TestProgramThatEnds holds that a program's end costs one answer, not those that follow.
func TestProgramThatEnds(t *testing.T) {
	config := "RewriteEngine On\nRewriteMap m \"prg:/bin/sh @ROOT@/once.sh\"\nRewriteRule ^/(.*) http://o.e/${m:$1|none} [R]"
	s := sitetest.NewWith(t, config, modules.All(), map[string]string{"once.sh": "read -r key; echo \"is-$key\"\n"})
	serve(t, s)
	location(t, s, "/a", "http://o.e/is-a")
	location(t, s, "/b", "http://o.e/none")
	location(t, s, "/c", "http://o.e/is-c")
}

// TestPatternsThatTakeTooLong answers 500 and says why, even where the rule would have forbidden something.
func TestPatternsThatTakeTooLong(t *testing.T) {
	s := load(t, `RewriteEngine On
RewriteRule ^/a(?=/)/(x+x+)+y$ - [F]
RewriteCond %{QUERY_STRING} !(?=x)(x+x+)+y$
RewriteRule ^/b - [G]
RewriteCond expr "%{QUERY_STRING} =~ /(?=x)(x+x+)+y$/"
RewriteRule ^/c - [G]`)
	xs := strings.Repeat("x", 200)
	for _, target := range []string{"/a/" + xs, "/b?" + xs, "/c?" + xs} {
		if w := s.Get(t, target); w.Code != 500 {
			t.Errorf("%.10s: status %d, want 500", target, w.Code)
		}
	}
	if log := s.Read(t, "logs/error_log"); strings.Count(log, "match limit exceeded") != 3 || !strings.Contains(log, "httpd.conf:2") {
		t.Errorf("log: %s", log)
	}
}

// TestControlCharacters: httpd aborts such responses too (AH02430).
func TestControlCharacters(t *testing.T) {
	s := load(t, `RewriteEngine On
RewriteRule ^/c/(.*) - [CO=a:$1:.h.x,L]
RewriteRule ^/h/(.*) http://o.e/$1 [R,NE,L]
RewriteRule ^/e/(.*) http://o.e/$1 [R,L]`)
	for target, want := range map[string]int{"/c/a%0d%0aX:y": 500, "/h/a%0d%0aX:y": 500, "/h/a%01": 500, "/e/a%0d%0aX:y": 302, "/h/%c3%a4": 302} {
		w := s.Get(t, target)
		if w.Code != want || len(w.Header().Values("Set-Cookie")) > 0 || w.Code == 500 && w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v, want %d", target, w.Code, w.Header(), want)
		}
	}
}

func TestTrace(t *testing.T) {
	var steps []string
	listen := &module.Module{Name: "mod_listen", Hooks: []module.Hook{{Phase: module.PostRead, Run: func(r *module.Request) module.Result {
		r.Trace = func(s module.Step) {
			if strings.HasPrefix(s.Directive, "Rewrite") {
				steps = append(steps, fmt.Sprintf("%d %s", s.Line, s.Text))
			}
		}
		return module.Declined
	}}}}
	s := sitetest.New(t, `RewriteEngine On
RewriteCond %{QUERY_STRING} ^no$
RewriteRule ^/a - [F]
RewriteRule ^/a /b?x=1
RewriteRule ^/c - [F]
RewriteRule ^/b - [G]`, append(modules.All(), listen))
	s.Get(t, "/a?q")
	want := []string{
		"2 %{QUERY_STRING} 'q' against '^no$': not-matched",
		"3 ^/a - [F]: '/a' matches, but not its conditions",
		"4 ^/a /b?x=1: '/a' becomes '/b', query 'x=1'",
		"5 ^/c - [F]: '/b' does not match",
		"6 ^/b - [G]: '/b' matches and is kept, status 410",
	}
	if got := strings.Join(steps, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// httpd finds nothing for a key with a newline either: its program would fall out of step.
func TestKeyWithNewline(t *testing.T) {
	s := sitetest.New(t, "RewriteEngine On\nRewriteMap m \"prg:/bin/cat\"\nRewriteRule ^/(.*) http://o.e/${m:$1|none} [R]", modules.All())
	serve(t, s)
	location(t, s, "/a", "http://o.e/a")
	location(t, s, "/a%0ab", "http://o.e/none")
	location(t, s, "/b", "http://o.e/b")
	if log := s.Read(t, "logs/error_log"); strings.Count(log, "newline") != 1 {
		t.Errorf("log %q", log)
	}
}
