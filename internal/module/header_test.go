package module

import (
	"net/http"
	"slices"
	"testing"

	"transom/internal/wire/http1"
)

// listed is an exchange whose header came as a list.
type listed struct {
	Exchange
	fields []http1.Field
}

func (l listed) Header() http.Header { return http1.FillHeader(nil, nil, l.fields, "Host") }

// TestHeader: looking a field up gives the same before and after the header became a map, and asking for the map is what makes it.
func TestHeader(t *testing.T) {
	list := []http1.Field{{Name: "Host", Value: "h"}, {Name: "x-one", Value: "1"}, {Name: "X-Two", Value: "a"}, {Name: "X-TWO", Value: "b"},
		{Name: "X-None", Value: ""}, {Name: "Authorization", Value: "Basic YTpi"}}
	untouched := func() *Request {
		return &Request{HTTP: new(http.Request), Conn: &Conn{Fields: list, Exchange: listed{nil, list}}}
	}
	r, made := untouched(), untouched()
	made.Header()
	for _, c := range []struct {
		name, first, joined string
		set                 bool
		values              []string
	}{
		{"X-One", "1", "1", true, []string{"1"}},
		{"X-Two", "a", "a, b", true, []string{"a", "b"}},
		{"X-None", "", "", true, []string{""}},
		{"X-Three", "", "", false, nil},
	} {
		for _, r := range []*Request{r, made} {
			joined, set := r.Joined(c.name)
			if first, values := r.Field(c.name), r.Values(c.name); first != c.first || joined != c.joined || set != c.set || !slices.Equal(values, c.values) {
				t.Errorf("%s, untouched: %v: %q %q %v %q", c.name, r.Untouched(), first, joined, set, values)
			}
		}
	}
	if !r.Untouched() || made.Untouched() {
		t.Error("who asks for a field makes a map, or who asks for the map does not")
	}
	r.Header().Set("X-One", "2")
	if len(r.Fields()) != len(list)-1 {
		t.Errorf("an edited header as a list: %v", r.Fields())
	}
	if r.Field("X-One") != "2" || r.Conn.Fields[1].Value != "1" {
		t.Error("an edit is lost, or reaches what the client sent")
	}
	if user, password, ok := untouched().BasicAuth(); user != "a" || password != "b" || !ok {
		t.Error(user, password, ok)
	}
}
