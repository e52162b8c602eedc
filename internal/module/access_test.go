package module

import "testing"

func TestInDomain(t *testing.T) {
	for _, c := range []struct {
		domain, host string
		want         bool
	}{
		{"example.com", "example.com", true},
		{"example.com", "www.Example.COM", true},
		{"example.com", "badexample.com", false},
		{".example.com", "www.example.com", true},
		{".example.com", "example.com", false},
		{"www.example.com", "example.com", false},
		{"com", "example.com", true},
		{"", "example.com", false},
	} {
		if got := InDomain(c.domain, c.host); got != c.want {
			t.Errorf("%q in %q: %v", c.host, c.domain, got)
		}
	}
}

func TestEscapeQuotes(t *testing.T) {
	for in, want := range map[string]string{`a`: `a`, `a "b"`: `a \"b\"`, `a \"b\"`: `a \"b\"`, `a\`: `a\`, `"`: `\"`, `\\"`: `\\\"`} {
		if got := EscapeQuotes(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
