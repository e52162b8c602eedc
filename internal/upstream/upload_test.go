package upstream_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"transom/internal/upstream"
)

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("a filter is broken") }

// TestUploadPanic has a module's reader panic in the goroutine that sends the body: the handler must hear of it, and nobody
// else.
func TestUploadPanic(t *testing.T) {
	for _, length := range []int64{100_000, -1} {
		w := rawWorker(t, func(c net.Conn) { io.Copy(io.Discard, c) })
		req := &upstream.Request{Method: "POST", Target: "/", Body: panicking{}, ContentLength: length}
		func() {
			defer func() {
				err, _ := recover().(error)
				if err == nil || !strings.Contains(err.Error(), "a filter is broken") || !strings.Contains(err.Error(), "panicking.Read") {
					t.Errorf("length %d: panic %v", length, err)
				}
			}()
			upstream.HTTPSchemes()[0].Exchange(context.Background(), w, req)
			t.Errorf("length %d: no panic", length)
		}()
		if s := w.Stats(); s.Busy != 0 || s.Open != 0 {
			t.Errorf("length %d: %d busy, %d open", length, s.Busy, s.Open)
		}
	}
}
