package proxy

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"transom/internal/module"
	"transom/internal/upstream"
)

// sent is a client that notes the fields of each head.
type sent struct {
	header http.Header
	heads  []http.Header
}

func (s *sent) Header() http.Header         { return s.header }
func (s *sent) Write(p []byte) (int, error) { return len(p), nil }
func (s *sent) WriteHeader(int)             { s.heads = append(s.heads, s.header.Clone()) }

// A 103 has the backend's fields alone, and takes none from the response that follows.
func TestInterimFieldsAreItsOwn(t *testing.T) {
	w := &sent{header: http.Header{"Link": {"</ours>"}, "X-Ours": {"1"}}}
	before := w.header.Clone()
	x := &exchange{r: &module.Request{Writer: w}}
	x.interim(http.StatusEarlyHints, []upstream.Field{{Name: "Link", Value: "</a>"}, {Name: "Link", Value: "</b>"}})
	x.interim(http.StatusContinue, nil)
	if want := (http.Header{"Link": {"</a>", "</b>"}}); len(w.heads) != 1 || !maps.EqualFunc(w.heads[0], want, slices.Equal) {
		t.Errorf("sent %v", w.heads)
	}
	if !maps.EqualFunc(w.header, before, slices.Equal) {
		t.Errorf("left %v", w.header)
	}
}
