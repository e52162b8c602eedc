package vhostalias

import "testing"

// The examples of httpd's manual, and names that try to leave the tree.
func TestExpand(t *testing.T) {
	for _, c := range []struct{ pattern, name, want string }{
		{"/usr/local/apache/vhosts/%0", "www.example.com", "/usr/local/apache/vhosts/www.example.com"},
		{"/v/%3+/%2.1/%2.2/%2.3/%2", "www.domain.example.com", "/v/example.com/d/o/m/domain"},
		{"/v/%3+/%2.-1/%2.-2/%2.-3/%2", "www.domain.example.com", "/v/example.com/n/i/a/domain"},
		{"/v/%-2/%1", "a.b.c", "/v/b/a"},
		{"/v/%-2+", "a.b.c", "/v/a.b"},
		{"/v/%5", "a.b", "/v/_"},
		{"/v/%p/%%", "a", "/v/8080/%"},
		{"/v/%1", "..", "/v/_"},
		{"/v/%0", "../../etc", "/v/_"},
		{"/v/%0", "..", "/v/_"},
	} {
		got, err := (&pattern{text: c.pattern}).expand(c.name, 8080)
		if got != c.want || err != nil {
			t.Errorf("%s of %s: %q, %v, want %q", c.pattern, c.name, got, err, c.want)
		}
	}
	if (&pattern{text: "/v/%x"}).check() == nil {
		t.Error("an unknown item is accepted")
	}
}
