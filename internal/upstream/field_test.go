package upstream

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var someNames = []string{"Date", "date", "SET-COOKIE", "Set-Cookie", "Content-Length", "content-length", "Connection", "connection", "Keep-Alive",
	"Te", "TE", "Upgrade", "Trailer", "Transfer-Encoding", "HTTP2-Settings", "Proxy-Connection", "X-Named", "x-named", "Host", "Expect",
	"X-Forwarded-For", "Server", "User-Agent"}

func someFields(r *rand.Rand) (fields []Field) {
	for range r.IntN(40) {
		f := Field{Name: someNames[r.IntN(len(someNames))], Value: []string{"a", "5", "x-named, close", "Host, keep-alive, TE"}[r.IntN(4)]}
		fields = append(fields, f)
	}
	return fields
}

// TestEndToEnd compares with a plain reading of RFC 9110 7.6.1.
func TestEndToEnd(t *testing.T) {
	hops := []string{"connection", "keep-alive", "te", "upgrade", "trailer", "transfer-encoding", "http2-settings", "proxy-connection", "content-length"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		fields, keepLength := someFields(r), r.IntN(2) == 0
		var named []string
		for _, f := range fields {
			if strings.EqualFold(f.Name, "Connection") && f.Value == "x-named, close" {
				named = append(named, "x-named")
			}
			if strings.EqualFold(f.Name, "Connection") && strings.HasPrefix(f.Value, "Host") {
				named = append(named, "te")
			}
		}
		var want []Field
		for _, f := range fields {
			name := strings.ToLower(f.Name)
			if hop := slices.Contains(hops, name) && !(keepLength && name == "content-length"); !hop && !slices.Contains(named, name) {
				want = append(want, f)
			}
		}
		if got := EndToEnd(slices.Clone(fields), keepLength); !slices.Equal(got, want) {
			t.Fatalf("%v, %v:\n%s", fields, keepLength, cmp.Diff(want, got))
		}
	}
}

// TestAddTo compares with net/http.
func TestAddTo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		resp, got, want := Response{Fields: someFields(r)}, http.Header{}, http.Header{}
		if r.IntN(2) == 0 {
			got.Set("Set-Cookie", "before")
			want.Set("Set-Cookie", "before")
		}
		resp.AddTo(got)
		for _, f := range resp.Fields {
			want.Add(f.Name, f.Value)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(resp.Fields, diff)
		}
	}
}
