package proxy

import (
	"net/http"
	"net/netip"
	"strconv"
	"testing"

	"transom/internal/module"
	"transom/internal/wire/http1"
)

// TestManyFields has so many fields that comparing each with each would not come to an end before the tests' time is over.
func TestManyFields(t *testing.T) {
	const n = 1 << 18
	fields := make([]http1.Field, n)
	for i := range fields {
		fields[i] = http1.Field{Name: "X" + strconv.Itoa(n+i), Value: "v"}
	}
	r := &module.Request{HTTP: &http.Request{Header: http1.FillHeader(nil, nil, fields, "")}, Conn: &module.Conn{Fields: fields}, Server: &module.Server{Name: "s"},
		Proxy: module.ReverseProxied, UserAgentAddr: netip.MustParseAddr("192.0.2.1")}
	r.HTTP.Header["Z"] = []string{"1"}
	stripNamed(r)
	x := &exchange{r: r, dir: &dirSettings{}, server: &serverSettings{}}
	x.passHeader()
	got := x.request.Fields
	if len(got) != n+3 || got[0] != fields[0] || got[n].Name != "X-Forwarded-For" || got[n+2].Name != "Z" {
		t.Errorf("%d fields, %v at their end", len(got), got[n:])
	}
}
