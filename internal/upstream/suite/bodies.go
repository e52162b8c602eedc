package suite

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"transom/internal/upstream"
)

// onlyReader hides everything but Read, so that no length can be guessed.
type onlyReader struct{ io.Reader }

var sizes = []int{0, 1, 1000, 4096, 16 << 10, 16<<10 + 1, 100 << 10, 1 << 20}

func responseBodies(r *rig) {
	for _, size := range sizes {
		for _, known := range []bool{true, false} {
			body, length := pattern(size), int64(-1)
			if known {
				length = int64(size)
			}
			r.answer(func(got Received) bool {
				got.Head(200, length)
				for rest := body; rest != ""; {
					n := min(len(rest), 7000)
					got.Write([]byte(rest[:n]))
					rest = rest[n:]
				}
				return got.End() == nil
			})
			resp, got := r.must(get())
			if got != body {
				r.Errorf("size %d, known %v: got %d other bytes", size, known, len(got))
			}
			if known && resp.ContentLength != length {
				r.Errorf("size %d: ContentLength is %d", size, resp.ContentLength)
			}
			r.viaWriteTo(body)
		}
	}
	for _, status := range []int{204, 304} {
		r.answer(func(got Received) bool {
			got.Head(status, 0)
			return got.End() == nil
		})
		if resp, got := r.must(get()); resp.Status != status || got != "" {
			r.Errorf("got %d %q, want %d without a body", resp.Status, got, status)
		}
	}
}

func (r *rig) viaWriteTo(body string) {
	r.Helper()
	resp, err := r.exchange(get())
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	n, err := io.Copy(&b, resp.Body)
	if err != nil || n != int64(len(body)) || b.String() != body {
		r.Errorf("WriteTo: %d bytes, %v, want %d", n, err, len(body))
	}
}

func requestBodies(r *rig) {
	r.answer(func(got Received) bool {
		sum := sha256.New()
		n, err := io.Copy(sum, got.Body())
		answer := fmt.Sprintf("%d %x %v", n, sum.Sum(nil), err)
		got.Head(200, int64(len(answer)))
		got.Write([]byte(answer))
		return got.End() == nil
	})
	for _, size := range sizes {
		for _, known := range []bool{true, false} {
			body, length := pattern(size), int64(-1)
			if known {
				length = int64(size)
			}
			_, got := r.must(post(onlyReader{strings.NewReader(body)}, length))
			if want := fmt.Sprintf("%d %x %v", size, sha256.Sum256([]byte(body)), nil); got != want {
				r.Errorf("size %d, known %v: the backend saw %s, want %s", size, known, got, want)
			}
		}
	}
}

func fields(r *rig) {
	r.answer(func(got Received) bool {
		answer := got.Method() + " " + got.Target() + " " + got.Get("Host") + " " + got.Get("X-One") + " " + got.Get("Cookie")
		got.Head(418, int64(len(answer)), upstream.Field{Name: "X-Two", Value: "b"}, upstream.Field{Name: "Set-Cookie", Value: "c=1"},
			upstream.Field{Name: "Set-Cookie", Value: "d=2"})
		got.Write([]byte(answer))
		return got.End() == nil
	})
	req := get()
	req.Fields = []upstream.Field{{Name: "X-One", Value: "a"}, {Name: "Cookie", Value: "e=3"}, {Name: "Connection", Value: "close"}}
	resp, got := r.must(req)
	if want := "GET /x?y=1 www.example.com a e=3"; got != want {
		r.Errorf("the backend saw %q, want %q", got, want)
	}
	cookies := 0
	for _, f := range resp.Fields {
		if f.Name == "Set-Cookie" {
			cookies++
		}
	}
	if resp.Status != 418 || resp.Get("x-two") != "b" || cookies != 2 || resp.Worker != r.worker {
		r.Errorf("got %d %v", resp.Status, resp.Fields)
	}
}
