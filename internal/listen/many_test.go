package listen

import (
	"bytes"
	"net/http"
	"strconv"
	"testing"

	"transom/internal/wire/http1"
)

// TestManyFields has so many fields that comparing each with each would not come to an end before the tests' time is over.
func TestManyFields(t *testing.T) {
	const n = 1 << 18
	var want, rest []byte
	w := &response{header: http.Header{}}
	for i := range n {
		name, value := "X"+strconv.Itoa(n+i), "v"
		w.order = append(w.order, http1.Field{Name: "x" + name[1:], Value: value})
		if i%2 == 0 {
			value = "changed"
			rest = http1.AppendField(rest, name, value)
		} else {
			want = http1.AppendField(want, "x"+name[1:], value)
		}
		w.header[name] = []string{value}
	}
	if !bytes.Equal(w.appendHeader(nil, false), append(want, rest...)) {
		t.Error("the fields are not those received, in that order, and others by name")
	}
}
