package proxy

import (
	"net/http"
	"slices"
	"testing"

	"transom/internal/module"
)

// TestTrailersByName: a request is sent in one form, however often it is tried.
func TestTrailersByName(t *testing.T) {
	trailer := http.Header{}
	for _, name := range []string{"F", "C", "E", "B", "D", "A"} {
		trailer[name] = []string{"1", "2"}
	}
	x := &exchange{r: &module.Request{HTTP: &http.Request{Trailer: trailer}}}
	var got []string
	for _, f := range x.requestTrailers() {
		got = append(got, f.Name+f.Value)
	}
	if want := []string{"A1", "A2", "B1", "B2", "C1", "C2", "D1", "D2", "E1", "E2", "F1", "F2"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
