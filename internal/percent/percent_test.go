package percent

import (
	"fmt"
	"net/url"
	"testing"
)

func TestEncode(t *testing.T) {
	for path, want := range map[string]string{
		"":                                "",
		"/a/b.html":                       "/a/b.html",
		"/a b/%2f?#":                      "/a%20b/%252f%3f%23",
		"/ü\x00\x7f\n":                    "/%c3%bc%00%7f%0a",
		"$-_.+!*'(),:;@&=/~\"<>[]{}|\\^`": "$-_.+!*'(),:;@&=/~%22%3c%3e%5b%5d%7b%7d%7c%5c%5e%60",
	} {
		if got := Encode(path); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
		if Plain(path) != (path == want) {
			t.Errorf("%q: plain: %v", path, Plain(path))
		}
		if back, err := url.PathUnescape(EncodeUpper(path)); back != path || err != nil {
			t.Errorf("%q comes back as %q, %v", path, back, err)
		}
	}
	if got := EncodeUpper("/ü"); got != "/%C3%BC" {
		t.Error(got)
	}
}

func TestDecode(t *testing.T) {
	for c := range 256 {
		for _, s := range []string{fmt.Sprintf("%%%02x", c), fmt.Sprintf("%%%02X9", c), string(Append(nil, byte(c)))} {
			if got, ok := Decode(s); got != byte(c) || !ok {
				t.Errorf("%s: %x, %v", s, got, ok)
			}
		}
	}
	for _, s := range []string{"", "a12", "%", "%1", "%g0", "%0g", "%/1", "% 1"} {
		if c, ok := Decode(s); ok {
			t.Errorf("%q: %x", s, c)
		}
	}
}
