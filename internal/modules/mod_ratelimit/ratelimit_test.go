package ratelimit

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"transom/internal/module"
)

func request(ctx context.Context, rate, burst string) *module.Request {
	r := &module.Request{HTTP: httptest.NewRequest("GET", "/", nil).WithContext(ctx), Server: &module.Server{}}
	if rate != "" {
		r.SetEnv("rate-limit", rate)
	}
	if burst != "" {
		r.SetEnv("rate-initial-burst", burst)
	}
	return r
}

// sizes notes how much each Write brings.
type sizes struct {
	*httptest.ResponseRecorder
	list []int
}

func (s *sizes) Write(b []byte) (int, error) {
	s.list = append(s.list, len(b))
	return len(b), nil
}

// TestPieces: at once what the burst allows, then a fifth of a second's bytes at a time.
func TestPieces(t *testing.T) {
	to := &sizes{ResponseRecorder: httptest.NewRecorder()}
	w := limit(request(context.Background(), "50", "30"))(to)
	if n, err := io.WriteString(w, strings.Repeat("x", 41<<10)); n != 41<<10 || err != nil {
		t.Fatal(n, err)
	}
	if want := []int{30 << 10, 10 << 10, 1 << 10}; len(to.list) != 3 || to.list[0] != want[0] || to.list[1] != want[1] || to.list[2] != want[2] {
		t.Errorf("pieces of %v, want %v", to.list, want)
	}
}

func TestNoLimit(t *testing.T) {
	for _, rate := range []string{"", "0", "-1", "fast"} {
		to := &sizes{ResponseRecorder: httptest.NewRecorder()}
		w := limit(request(context.Background(), rate, ""))(to)
		io.WriteString(w, strings.Repeat("x", 1<<20))
		if len(to.list) != 1 {
			t.Errorf("rate %q: %d pieces", rate, len(to.list))
		}
	}
}

// A client that has gone is not waited for.
func TestGone(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := limit(request(ctx, "1", ""))(httptest.NewRecorder())
	if _, err := io.WriteString(w, strings.Repeat("x", 1<<30>>10)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
