package http1

import (
	"strings"
	"testing"
)

// FuzzChars: what looks at eight bytes at a time finds what looking at each finds.
func FuzzChars(f *testing.F) {
	for i := range 256 { // every byte, wherever it stands in a word
		for _, s := range []string{"Accept-Encoding", "a value\twith \xff"} {
			for at := range 9 {
				f.Add(s[:at] + string([]byte{byte(i), byte(i) + 1}) + s[at:])
			}
		}
	}
	end := func(s string, mask byte) int {
		i := 0
		for i < len(s) && class[s[i]]&mask != 0 {
			i++
		}
		return i
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := tokenEnd(s), end(s, tokenChar); got != want {
			t.Errorf("tokenEnd(%q) = %d, want %d", s, got, want)
		}
		if got, want := valueEnd(s), end(s, valueChar); got != want {
			t.Errorf("valueEnd(%q) = %d, want %d", s, got, want)
		}
		var list []string
		for e, rest, ok := NextElement(s); ok; e, rest, ok = NextElement(rest) {
			list = append(list, e)
		}
		for _, e := range strings.Split(s, ",") {
			if len(list) == 0 { // the last one, if it is empty, is none
				if e != "" {
					t.Errorf("no element %q of %q", e, s)
				}
				continue
			}
			if list[0] != strings.Trim(e, " \t") {
				t.Errorf("element %q of %q, want %q", list[0], s, e)
			}
			list = list[1:]
		}
	})
}
