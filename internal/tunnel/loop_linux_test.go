package tunnel

import (
	"runtime"
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

// However long nothing is due, no sleep is much longer than the silence before it.
func TestSleepIsBounded(t *testing.T) {
	for _, c := range []struct {
		heard, due instant // before and after now
		want       time.Duration
	}{
		{0, never, shortSleep},
		{time.Second / 2, never, time.Second / 2},
		{time.Hour, never, longSleep},
		{time.Hour, time.Millisecond, time.Millisecond},
		{0, time.Second, shortSleep},
		{time.Hour, -time.Second, 0},
	} {
		const now = 2 * time.Hour
		due := c.due
		if due != never {
			due += now
		}
		if got := sleep(now, now-c.heard, due); got != c.want {
			t.Errorf("%+v: sleeps for %v", c, got)
		}
	}
}

// A loop that carries something has a processor beside those of everybody else, until it has stopped.
func TestProcessorOfALoop(t *testing.T) {
	await := func(loops int) (all int) {
		t.Helper()
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			processors.mu.Lock()
			n, all := processors.got, runtime.GOMAXPROCS(0)
			processors.mu.Unlock()
			switch {
			case n == loops:
				return all
			case time.Now().After(end):
				t.Fatalf("%d loops have a processor, want %d", n, loops)
			}
		}
	}
	others := await(0)
	relay := New(Options{Loops: 1}).(*looped)
	r := newRig(t, relay, rigOptions{})
	for range someInRow {
		r.send(r.client, []byte("hello"))
		r.expect(r.backend, []byte("hello"))
	}
	if all := await(1); all != others+1 {
		t.Errorf("%d processors with a loop, %d without", all, others)
	}
	r.hangUp()
	relay.Shutdown()
	if all := await(0); all != others {
		t.Errorf("%d processors when it has stopped, %d before", all, others)
	}
}

// A loop lingers after events that follow one another closely, but not after a message and its answer.
func TestLingers(t *testing.T) {
	l := &loop{heard: -keeping}
	for _, c := range []struct {
		after   time.Duration
		lingers bool
	}{{0, false}, {time.Microsecond, false}, {lingering, false}, {lingering / 2, false}, {lingering / 2, true}, {0, true}, {lingering, false}} {
		l.now += c.after
		if l.hear(); l.inRow >= someInRow != c.lingers {
			t.Errorf("after events %v later there are %d in a row", c.after, l.inRow)
		}
	}
}
