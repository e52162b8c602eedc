package tunnel

import (
	"math/rand/v2"
	"testing"
)

// TestWheel compares the wheel with a map, over random times that also go beyond a revolution.
func TestWheel(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var w wheel
	var now instant
	due := map[uint32]instant{}
	next := uint32(0)
	for range 20_000 {
		if rng.IntN(2) == 0 {
			next++
			due[next] = now + instant(rng.Int64N(int64(3*wheelSize*wheelTick)))
			w.add(ref{slot: next}, due[next])
		}
		soonest := never
		for _, at := range due {
			soonest = min(soonest, at)
		}
		if n := w.next(); soonest != never && n > soonest+wheelTick {
			t.Fatalf("at %v: next is %v, but something is due at %v", now, n, soonest)
		}
		now += instant(rng.Int64N(int64(1 << (20 + rng.IntN(17)))))
		w.advance(now, func(r ref) {
			switch at, ok := due[r.slot]; {
			case !ok:
				t.Fatal("something came up twice")
			case at > now:
				w.add(r, at)
			default:
				delete(due, r.slot)
			}
		})
		for r, at := range due {
			if at+wheelTick <= now {
				t.Fatalf("at %v: %d of %v has not come up", now, r, at)
			}
		}
		if w.count != len(due) {
			t.Fatalf("count %d, want %d", w.count, len(due))
		}
	}
	if w.next() == never && len(due) > 0 {
		t.Error("never")
	}
}
