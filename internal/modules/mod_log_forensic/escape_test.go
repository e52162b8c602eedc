package logforensic

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzEscape(f *testing.F) {
	f.Add("a|b:c%\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		got := string(escape(nil, "", text))
		if plain, err := url.PathUnescape(got); strings.ContainsAny(got, "|:\n\r\x00") || plain != text || err != nil {
			t.Errorf("%q became %q", text, got)
		}
	})
}
