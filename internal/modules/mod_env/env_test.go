package env_test

import (
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestMerge(t *testing.T) {
	t.Setenv("TRANSOM_PASSED", "passed")
	s := sitetest.New(t, `
SetEnv A outer
SetEnv EMPTY
SetEnv B outer
PassEnv TRANSOM_PASSED TRANSOM_ABSENT
SetEnvIf Request_URI . C=early
Header always set E "%{A}e|%{B}e|%{C}e|%{EMPTY}e|%{TRANSOM_PASSED}e|%{TRANSOM_ABSENT}e"
<Location /in>
SetEnv A "inner value"
UnsetEnv B C
</Location>
<Location /in/again>
SetEnv B back
</Location>
`, modules.All())
	for path, want := range map[string]string{
		"/":         "outer|outer|early||passed|(null)",
		"/in":       "inner value|(null)|(null)||passed|(null)",
		"/in/again": "inner value|back|(null)||passed|(null)",
	} {
		if got := s.Get(t, path).Header().Get("E"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if len(s.Warnings) != 1 || s.Warnings[0].Text != "PassEnv variable TRANSOM_ABSENT was undefined" {
		t.Errorf("warnings: %v", s.Warnings)
	}
}
