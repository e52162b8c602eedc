package tunnel

import (
	"testing"
	"time"
)

// A function that was posted before the loop stopped is called, also when it came while others were.
func TestStoppingLoopDoesWhatWasPosted(t *testing.T) {
	r := New(Options{Loops: 1}).(*looped)
	l := r.loops[0]
	called := make(chan struct{})
	l.ask(func() {
		if !l.post(func() { close(called) }) {
			t.Error("a loop that runs takes nothing")
		}
		l.mu.Lock()
		l.stopped = true
		l.mu.Unlock()
	})
	select {
	case <-called:
	case <-time.After(patience):
		t.Fatal("it was never called")
	}
	if l.post(func() {}) {
		t.Error("a loop that has stopped takes something")
	}
}
