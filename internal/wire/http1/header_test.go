package http1

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHeader(t *testing.T) {
	got := FillHeader(nil, nil, fieldList("hOST", "x", "a-b", "1", "A-B", "2", "C", "", "a-B", "3"), "Host")
	if d := cmp.Diff(http.Header{"A-B": {"1", "2", "3"}, "C": {""}}, got); d != "" {
		t.Error(d)
	}
	got.Add("C", "4") // must not reach the neighbour in the shared array
	if got.Get("A-B") != "1" {
		t.Error("values of two fields overlap")
	}
}

// fieldList are fields as a reader makes them, of names and values in turn.
func fieldList(s ...string) (fields []Field) {
	for ; len(s) > 0; s = s[2:] {
		fields = append(fields, Field{s[0], s[1], slowID(s[0])})
	}
	return fields
}

// withIDs compares the numbers of fields, too.
var withIDs = cmp.AllowUnexported(Field{})

func slowID(name string) ID {
	for id, known := range common {
		if known != "" && strings.EqualFold(known, name) {
			return ID(id)
		}
	}
	return Uncommon
}

func TestRepeats(t *testing.T) {
	for _, c := range []struct {
		fields []Field
		want   bool
	}{
		{fieldList("a", "1", "ab", "1", "b", "1", "Accept", "1", "Via", "1"), false},
		{fieldList("a", "1", "b", "1", "A", "2"), true},
		{fieldList("accept", "1", "b", "1", "Accept", "2"), true},
		{[]Field{{Name: "Via"}, {Name: "X-Real-Ip"}, {Name: "via"}}, true},
	} {
		if got := Repeats(c.fields); got != c.want {
			t.Errorf("%v: %v", c.fields, got)
		}
	}
}

func TestCanonical(t *testing.T) {
	for i, name := range common {
		id := ID(i)
		if id <= Uncommon {
			continue
		}
		if want := http.CanonicalHeaderKey(name); name != want || name == "" {
			t.Errorf("%d, %s: want %s", id, name, want)
		}
		for _, sent := range []string{name, strings.ToLower(name), strings.ToUpper(name), spelled[id]} {
			if name, got := token(sent); name != sent || got != id {
				t.Errorf("token(%q) = %q, %d, want %d", sent, name, got, id)
			}
			read, made := Field{sent, "", id}, Field{Name: sent}
			if got := Canonical(sent); got != name || NameID(sent) != id || read.Canonical() != name || made.Canonical() != name || made.ID() != id {
				t.Errorf("Canonical(%q) = %q, number %d, want %d; it may share its hash with %s", sent, got, NameID(sent), id, common[commonAt[commonHash(name)]])
			}
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, name := range []string{"x", "X-y", "x_Y-z", "ETag", "WWW-authenticate", "a-very-long-name-that-no-table-would-ever-have-in-it", "no token", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got, want := Canonical(name), http.CanonicalHeaderKey(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	})
}

func FuzzEqualFold(f *testing.F) {
	for _, s := range []string{"", "keep-alive", "\u212Aeep-alive", "a[b", "a{b", "Sec-WebSocket-Key", "azAZ@[`{azAZ@[`{azAZ"} {
		f.Add(s, s)
		f.Add(strings.ToUpper(s), strings.ToLower(s))
		for i := range 256 { // every byte against its neighbours in ASCII's next column, wherever it stands in a word
			f.Add(s+string([]byte{byte(i)})+"12345678", s+string([]byte{byte(i ^ 0x20)})+"12345678")
		}
	}
	lower := func(s string) string {
		b := []byte(s)
		for i, c := range b {
			if c >= 'A' && c <= 'Z' {
				b[i] += 'a' - 'A'
			}
		}
		return string(b)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if EqualFold(a, b) != (lower(a) == lower(b)) {
			t.Errorf("EqualFold(%q, %q) = %v", a, b, EqualFold(a, b))
		}
	})
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
	b = AppendFields(b, []Field{{Name: "a", Value: "b"}, {Name: "c", Value: "d\r\nEvil: 1"}, {Name: "e\r\nEvil", Value: "2"}, {Value: "x"}, {Name: "f:", Value: "x"}})
	b = AppendChunkSize(b, 255)
	b = AppendLastChunk(b, fieldList("t", "v"))
	want := "HTTP/1.1 404 Not Found\r\nHTTP/1.1 200 a  b\r\na: b\r\nc: d  Evil: 1\r\nff\r\n0\r\nt: v\r\n\r\n"
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
}

func TestParseLength(t *testing.T) {
	for s, want := range map[string]int64{"0": 0, "1024": 1024, "0000000000000000012": 12, "9223372036854775807": 1<<63 - 1} {
		if n, err := ParseLength(s); n != want || err != nil {
			t.Errorf("%q: %d, %v", s, n, err)
		}
	}
	for _, s := range []string{"", "9223372036854775808", "9999999999999999999", "00000000000000000012", "1 ", "-1", "+1", "1,1", "1/", "1:"} {
		if n, err := ParseLength(s); n != 0 || err == nil {
			t.Errorf("%q is %d", s, n)
		}
	}
}
