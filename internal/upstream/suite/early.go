package suite

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"transom/internal/upstream"
)

// earlyResponse: the answer comes while the client is in the middle of its body, and the client never ends.
func earlyResponse(r *rig) {
	if !r.Streams {
		return
	}
	r.answer(func(got Received) bool {
		io.ReadFull(got.Body(), make([]byte, 4))
		got.Head(413, 3)
		got.Write([]byte("too"))
		got.End()
		return true
	})
	client, body := io.Pipe()
	go body.Write([]byte("four"))
	req := post(client, -1)
	req.AbortBody = func() { client.CloseWithError(errors.New("aborted")) }
	resp, got := r.must(req)
	if resp.Status != 413 || got != "too" {
		r.Errorf("got %d %q", resp.Status, got)
	}
	if s := r.worker.Stats(); s.Open != 0 {
		r.Errorf("half a request, and the connection was kept: %+v", s)
	}
	if _, err := body.Write([]byte("more")); err == nil {
		r.Error("the body was still read after Close")
	}
	r.answer(ok("next"))
	if _, got := r.must(get()); got != "next" {
		r.Errorf("the request after that got %q", got)
	}
}

// bothWays echoes more than all buffers hold, so that neither direction may wait for the other.
func bothWays(r *rig) {
	if !r.Streams {
		return
	}
	r.answer(func(got Received) bool {
		got.Head(200, -1)
		io.Copy(got, got.Body())
		return got.End() == nil
	})
	body := strings.Repeat(pattern(1<<20), 12)
	resp, got := r.must(post(onlyReader{strings.NewReader(body)}, -1))
	if resp.Status != 200 || got != body {
		r.Errorf("got %d, %d bytes back of %d", resp.Status, len(got), len(body))
	}
}

// streaming: each part reaches the reader before the next is written.
func streaming(r *rig) {
	next := make(chan bool)
	r.answer(func(got Received) bool {
		got.Head(200, -1)
		for range next {
			got.Write([]byte("part"))
		}
		return got.End() == nil
	})
	resp, err := r.exchange(get())
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	for range 5 {
		next <- true
		if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
			r.Fatal(err)
		}
	}
	close(next)
	if n, err := resp.Body.Read(make([]byte, 4)); n != 0 || err != io.EOF {
		r.Errorf("at the end: %d, %v", n, err)
	}
}

func endBeforeHead(r *rig) {
	r.answer(func(got Received) bool { return false })
	_, err := r.exchange(get())
	broken := cmp.Or(r.Broken, 502)
	if e := r.fails(err, broken); e.Timeout || e.Connect {
		r.Errorf("%+v", e)
	}
	_, err = r.exchange(post(strings.NewReader("abc"), 3))
	r.fails(err, broken)
}

func endInBody(r *rig) {
	for _, length := range []int64{1000, -1} {
		r.answer(func(got Received) bool {
			got.Head(200, length)
			got.Write([]byte("cut"))
			return false
		})
		resp, err := r.exchange(get())
		if err != nil {
			r.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if string(got) != "cut" || err == nil {
			r.Errorf("length %d: got %q, %v; want an error", length, got, err)
		}
		resp.Body.Close()
		if s := r.worker.Stats(); s.Idle != 0 {
			r.Errorf("length %d: a broken connection was kept", length)
		}
	}
}

func callerCloses(r *rig) {
	r.answer(func(got Received) bool {
		got.Head(200, 1<<30)
		for {
			if _, err := got.Write(make([]byte, 8192)); err != nil {
				return false
			}
		}
	})
	resp, err := r.exchange(get())
	if err != nil {
		r.Fatal(err)
	}
	io.ReadFull(resp.Body, make([]byte, 100))
	resp.Body.Close()
	resp.Body.Close()
	if s := r.worker.Stats(); s.Idle != 0 || s.Busy != 0 {
		r.Errorf("after Close: %+v", s)
	}
	if _, err := resp.Body.Read(make([]byte, 1)); err == nil || err == io.EOF {
		r.Errorf("Read after Close: %v", err)
	}
	r.answer(ok("next"))
	if _, got := r.must(get()); got != "next" {
		r.Errorf("the request after that got %q", got)
	}
}

// clientBreaksOff: the backend must not take what came for all.
func clientBreaksOff(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Timeout = time.Hour }) // nothing but the client's error may end it
	for _, length := range []int64{100, 1 << 20, -1} {
		complete := make(chan bool, 1)
		r.answer(func(got Received) bool {
			n, err := io.Copy(io.Discard, got.Body())
			complete <- err == nil && n > 0
			got.Head(200, 0)
			return got.End() == nil
		})
		_, err := r.exchange(post(io.MultiReader(bytes.NewReader([]byte("some")), brokenReader{}), length))
		if e := r.fails(err, 400); !e.Client {
			r.Errorf("length %d: %+v", length, e)
		}
		select {
		case whole := <-complete:
			if whole {
				r.Errorf("length %d: the backend took a part for the whole body", length)
			}
		case <-time.After(50 * time.Millisecond): // short bodies don't reach it at all
		}
		if s := r.worker.Stats(); s.Idle != 0 && length > 100 {
			r.Errorf("length %d: the connection was kept", length)
		}
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("client broke off") }

func silentHead(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Timeout = 500 * time.Millisecond })
	release := make(chan bool)
	r.answer(func(got Received) bool { <-release; return false })
	_, err := r.exchange(get())
	close(release)
	if e := r.fails(err, cmp.Or(r.Silent, 502)); !e.Timeout {
		r.Errorf("%+v", e)
	}
}

func silentBody(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Timeout = 500 * time.Millisecond })
	release := make(chan bool)
	r.answer(func(got Received) bool {
		got.Head(200, 10)
		got.Write([]byte("five!"))
		<-release
		return false
	})
	resp, err := r.exchange(get())
	if err != nil {
		r.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	close(release)
	if e := r.fails(err, 502); !e.Timeout || string(got) != "five!" {
		r.Errorf("%q, %+v", got, e)
	}
	resp.Body.Close()
}

func abandoned(r *rig) {
	entered, release := make(chan bool), make(chan bool)
	r.answer(func(got Received) bool { close(entered); <-release; return false })
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-entered; cancel() }()
	_, err := r.Scheme.Exchange(ctx, r.worker, get())
	close(release)
	var e *upstream.Error
	if !errors.As(err, &e) || !e.Abandoned {
		r.Errorf("got %v", err)
	}
}
