package regex

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/dlclark/regexp2"
)

// FuzzMatch holds that any pattern compiles or is refused, any match stays
// within its subject, and a pattern that runs in linear time has the same
// match in the other engine.
func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{
		`^/(?\!.well-known)`, `^/app/(.*)$`, `(?<!x)\b[^a-c\d]+?(?i)\1`, `a{2,}|(b|())*c`,
		`[[:alpha:]\x80-\xff-]`, `(?|(a)|b)(?(1)c|d)`, `(?(?=a).|b)*`, `\Qa\E+(?#c)\R`, `a{1001}`,
		`(?x) a # b`, `\p{Lu}\o{12}\cA\777`, `(a+)+\g{-1}$`,
	} {
		f.Add(pattern, "/app/aabc\n\xff", uint8(0))
	}
	f.Fuzz(func(t *testing.T, pattern, subject string, bits uint8) {
		flags := Flags{bits&1 > 0, bits&2 > 0, bits&4 > 0, bits&8 > 0, bits&16 > 0}
		re, err := Compile(pattern, flags)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > maxPattern {
				t.Fatalf("%q: error %#v", pattern, err)
			}
			return
		}
		re.SetTimeout(20 * time.Millisecond)
		m, err := re.Match(subject)
		if err != nil {
			return
		}
		for i := range m.Len() {
			if start, end := m.Index(i); start > end || end > len(subject) {
				t.Fatalf("%q on %q: group %d at %d-%d", pattern, subject, i, start, end)
			}
		}
		if re.linear != nil {
			compareEngines(t, re, flags, m)
		}
	})
}

func compareEngines(t *testing.T, re *Regex, flags Flags, want Match) {
	second, err := retranslate(newTranslator(re.pattern, flags))
	if err != nil {
		t.Fatalf("%q compiled the first time only: %v", re.pattern, err)
	}
	other := &Regex{pattern: re.pattern, groups: re.groups}
	if other.back, err = regexp2.Compile(second.text, regexp2.None); err != nil {
		t.Fatalf("%q as %q: %v", re.pattern, second.text, err)
	}
	other.SetTimeout(20 * time.Millisecond)
	got, err := other.Match(want.subject)
	if err == nil && !slices.Equal(got.loc, want.loc) {
		t.Fatalf("%q on %q: %v in linear time, %v by backtracking", re.pattern, want.subject, want.loc, got.loc)
	}
}
