package suite

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"transom/internal/rawnet"
	"transom/internal/upstream"
)

func reuse(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Reuse = upstream.On })
	r.answer(ok("again"))
	for range 5 {
		r.must(get())
		r.must(post(strings.NewReader("abc"), 3))
		r.must(post(onlyReader{strings.NewReader(pattern(50000))}, 50000))
	}
	if n := r.accepted.Load(); n != 1 {
		r.Errorf("15 requests took %d connections", n)
	}
	if s := r.worker.Stats(); s.Idle != 1 || s.Open != 1 || s.Busy != 0 || s.Transferred == 0 || s.Read == 0 {
		r.Errorf("%+v", s)
	}
}

func noReuse(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Reuse = upstream.Off })
	r.answer(ok("once"))
	for range 3 {
		r.must(get())
	}
	if n := r.accepted.Load(); n != 3 {
		r.Errorf("3 requests took %d connections", n)
	}
}

// deadConnection: the backend closed what lay in the pool.
func deadConnection(r *rig) {
	var pooled net.Conn
	r.restart(func(w *upstream.Worker) {
		w.Reuse = upstream.On
		w.Dialer.Dial = func(ctx context.Context, network, addr string) (c net.Conn, err error) {
			pooled, err = new(net.Dialer).DialContext(ctx, network, addr)
			return pooled, err
		}
	})
	r.answer(ok("alive"))
	for range 3 {
		r.must(get())
		r.hangUp()
		eventually(r.T, "the backend to end", func() bool { return r.live.Load() == 0 })
		eventually(r.T, "the end to arrive", func() bool { return rawnet.New(pooled).Look() == rawnet.Ended })
		if _, got := r.must(post(strings.NewReader("abc"), 3)); got != "alive" {
			r.Errorf("got %q", got)
		}
	}
}

func maximum(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Max, w.Reuse = 2, upstream.On })
	var mu sync.Mutex
	now, most := 0, 0
	r.answer(func(got Received) bool {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		got.Head(200, 0)
		return got.End() == nil
	})
	r.together(20, func() { r.must(get()) })
	if most > 2 || r.accepted.Load() > 2 {
		r.Errorf("max=2, but %d requests at once, %d connections", most, r.accepted.Load())
	}
}

func (r *rig) together(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

func acquire(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Max, w.Acquire = 1, time.Millisecond })
	r.answer(ok("mine"))
	held, err := r.exchange(get())
	if err != nil {
		r.Fatal(err)
	}
	_, err = r.exchange(get())
	if e := r.fails(err, 503); e.Connect {
		r.Errorf("%+v", e)
	}
	io.Copy(io.Discard, held.Body)
	held.Body.Close()
	r.must(get())
}

// refused: 503, and a member is left alone for retry.
func refused(r *rig) {
	r.answer(ok("back"))
	r.listener.Close()
	r.restart(func(w *upstream.Worker) { w.Retry = time.Hour })
	_, err := r.exchange(get())
	if e := r.fails(err, 503); !e.Connect {
		r.Errorf("%+v", e)
	}
	if r.worker.Status()&upstream.InError == 0 {
		r.Error("the member is not in error")
	}
	_, err = r.exchange(get())
	if e := r.fails(err, 503); e.Code != "AH00940" {
		r.Errorf("the second request: %+v", e)
	}
}

func manyAtOnce(r *rig) {
	r.restart(func(w *upstream.Worker) { w.Reuse = upstream.On })
	r.answer(func(got Received) bool {
		got.Head(200, -1)
		io.WriteString(got, got.Target()+" ")
		io.Copy(got, got.Body())
		return got.End() == nil
	})
	var n sync.Mutex
	id := 0
	r.together(16, func() {
		for range 20 {
			n.Lock()
			id++
			body := pattern(id * 100)
			n.Unlock()
			req := post(onlyReader{strings.NewReader(body)}, int64(len(body)))
			if len(body)%200 == 0 && r.Streams {
				req.ContentLength = -1
			}
			if _, got := r.must(req); got != "/x "+body {
				r.Errorf("got %d bytes that aren't the answer", len(got))
			}
		}
	})
}
