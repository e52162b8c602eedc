package regex

import (
	"runtime"
	"strings"
	"testing"
)

// A rest has the matches that its text alone would have, in both engines, wherever wide bytes stand.
func TestRest(t *testing.T) {
	for _, pattern := range []string{`(a)|\xe9`, `(?=(a))a|\xe9`, `^b`, `x*`} {
		re, err := Compile(pattern, Flags{})
		if err != nil {
			t.Fatal(err)
		}
		text := "\xe9ab\xffa\xe9\xe9b"
		for rest := re.Rest(text); ; rest.Skip(1) {
			want, _ := re.Match(text)
			got, err := rest.Match()
			if err != nil || rest.String() != text || len(got.loc) != len(want.loc) {
				t.Fatalf("%s on %q, a rest of %q: %v, not %v", pattern, text, rest.String(), got.loc, want.loc)
			}
			for i := range want.loc {
				if got.loc[i] != want.loc[i] {
					t.Errorf("%s on %q: %v, not %v", pattern, text, got.loc, want.loc)
				}
			}
			if text == "" {
				break
			}
			text = text[1:]
		}
	}
}

// Going through a text costs memory for it once: what is allocated per match does not grow with what is left.
func TestRestWidensOnce(t *testing.T) {
	re, err := Compile("a", Flags{})
	if err != nil {
		t.Fatal(err)
	}
	rest := re.Rest(strings.Repeat("ab", 50_000) + "\xff")
	end := len(rest.wide)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const matches = 100
	for range matches {
		m, _ := rest.Match()
		_, n := m.Index(0)
		rest.Skip(n)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / matches; each > 10_000 || len(rest.wide) >= end {
		t.Errorf("%d bytes for each match of %d", each, end)
	}
}
