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

// TestSleep: a loop sleeps until something is due, rounded up, and never without an end (see longestSleep).
func TestSleep(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		now, due instant
		want     int
	}{
		{5 * ms, 5 * ms, 1}, {9 * ms, 5 * ms, 1}, {5*ms + 1, 7 * ms, 2}, {5 * ms, 7 * ms, 3},
		{0, never, 251}, {5 * ms, 5*ms + time.Hour, 251},
	} {
		if got := sleepMillis(test.now, test.due); got != test.want {
			t.Errorf("from %d to %d: %d ms, want %d", test.now, test.due, got, test.want)
		}
	}
}
