package upstream

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"transom/internal/wire/http1"
)

// TestManyFields has so many fields that comparing each with each would not come to an end before the tests' time is over.
func TestManyFields(t *testing.T) {
	const n = 1 << 18
	fields, options := make([]Field, n), make([]string, n/4)
	for i := range fields {
		fields[i] = Field{Name: "x" + strconv.Itoa(i), Value: "v"}
		if i < len(options) {
			options[i] = fields[i].Name
		}
	}
	resp := Response{Fields: fields}
	h := http.Header{"Set-Cookie": {"a"}}
	resp.AddTo(h)
	if len(h) != n+1 {
		t.Errorf("%d names were added", len(h))
	}
	h["Y"] = []string{"1"}
	if list := Ordered(h, fields); len(list) != n+2 || list[n-1] != fields[n-1] || list[n].Name != "Set-Cookie" || list[n+1].Name != "Y" {
		t.Errorf("%d fields behind another, %v at its end", len(list), list[n-1:])
	}
	if http1.Repeats(fields) {
		t.Error("a name that is new counts as one that was there")
	}
	list := append(fields, Field{Name: "Connection", Value: strings.Join(options, ", ")})
	if kept := EndToEnd(list, false); len(kept) != n-len(options) || kept[0].Name != "x"+strconv.Itoa(len(options)) {
		t.Errorf("%d fields go on, of which Connection names none", len(kept))
	}
}
