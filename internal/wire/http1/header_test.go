package http1

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeader(t *testing.T) {
	got := Header([]Field{{"hOST", "x"}, {"a-b", "1"}, {"A-B", "2"}, {"C", ""}, {"a-B", "3"}}, "Host")
	if d := cmp.Diff(http.Header{"A-B": {"1", "2", "3"}, "C": {""}}, got); d != "" {
		t.Error(d)
	}
	got.Add("C", "4") // must not reach the neighbour in the shared array
	if got.Get("A-B") != "1" {
		t.Error("values of two fields overlap")
	}
}

func TestCanonical(t *testing.T) {
	for low, name := range common {
		if want := http.CanonicalHeaderKey(low); name != want {
			t.Errorf("%s: want %s", name, want)
		}
		if got := Canonical(low); got != name {
			t.Errorf("Canonical(%q) = %q", low, got)
		}
	}
	for _, name := range []string{"x", "X-y", "x_Y-z", "ETag", "WWW-authenticate", "a-very-long-name-that-no-table-would-ever-have-in-it"} {
		if got, want := Canonical(name), http.CanonicalHeaderKey(name); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestHasToken(t *testing.T) {
	tests := []struct {
		list, token string
		want        bool
	}{
		{"keep-alive, Upgrade", "upgrade", true}, {"x-upgrade-me", "upgrade", false}, {"UPGRADE", "upgrade", true},
		{",, upgrade\t,", "upgrade", true}, {"", "upgrade", false}, {"upgrade ;x", "upgrade", false},
		{"\u212Aeep-alive", "keep-alive", false}, {"a[b", "a{b", false},
	}
	for _, test := range tests {
		if got := HasToken(test.list, test.token); got != test.want {
			t.Errorf("HasToken(%q, %q) = %v", test.list, test.token, got)
		}
	}
}

func TestAppend(t *testing.T) {
	b := AppendStatusLine(nil, 404, "")
	b = AppendStatusLine(b, 200, "a\r\nb")
	b = AppendRequestLine(b, "GET", "/x", 1)
	b = AppendFields(b, []Field{{"a", "b"}, {"c", "d\r\nEvil: 1"}, {"e\r\nEvil", "2"}, {"", "x"}, {"f:", "x"}})
	b = AppendChunkSize(b, 255)
	b = AppendLastChunk(b, []Field{{"t", "v"}})
	want := "HTTP/1.1 404 Not Found\r\nHTTP/1.1 200 a  b\r\nGET /x HTTP/1.1\r\na: b\r\nc: d  Evil: 1\r\nff\r\n0\r\nt: v\r\n\r\n"
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
}
