package tunnel

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// holdUp keeps a loop busy until the function is called: what is handed over meanwhile waits.
func holdUp(l *loop) (release func()) {
	busy, free := make(chan struct{}), make(chan struct{})
	l.post(func() { close(busy); <-free })
	<-busy
	return func() { close(free) }
}

// Whatever happens to tunnels between their hand-over and their adoption happens to them once they are adopted: bytes come once
// and in order, those that were reset or closed end, and slots go round.
func TestBeforeAdoption(t *testing.T) {
	relay := New(Options{Loops: 1}).(*looped)
	defer relay.Shutdown()
	for round := range 3 {
		release := holdUp(relay.loops[0])
		var kept, reset, closed []*rig
		for i := range 3 * slabPage / 2 {
			r := newRig(t, relay, rigOptions{fromClient: fmt.Sprint("early ", i, ";")})
			r.send(r.client, []byte("late"))
			r.send(r.backend, []byte("answer"))
			switch i % 3 {
			case 0:
				kept = append(kept, r)
			case 1:
				r.client.(interface{ SetLinger(int) error }).SetLinger(0)
				r.client.Close()
				reset = append(reset, r)
			case 2:
				r.client.Close()
				r.backend.Close()
				closed = append(closed, r)
			}
		}
		listed := make(chan int)
		go func() { listed <- len(relay.List()) }()
		found := make(chan bool)
		go func() { found <- relay.Close(kept[0].id, 1001) }()
		release()
		if n := <-listed; n < len(kept)-1 {
			t.Errorf("round %d: %d are listed", round, n)
		}
		if !<-found {
			t.Errorf("round %d: what was just handed over can't be closed", round)
		}
		for _, r := range append(reset, closed...) {
			r.end()
		}
		for i, r := range kept[1:] {
			r.expect(r.backend, []byte(fmt.Sprint("early ", 3*(i+1), ";late")))
			r.expect(r.client, []byte("answer"))
			r.hangUp()
		}
		kept[0].end()
		if n := relay.loops[0].places.next; n > 3*slabPage/2 {
			t.Errorf("round %d: %d slots", round, n)
		}
	}
}

// A stop or a drain that begins before a tunnel is adopted holds for it, too. It has not lasted less than no time then.
func TestStopBeforeAdoption(t *testing.T) {
	relay := New(Options{Loops: 1}).(*looped)
	defer relay.Shutdown()
	release := holdUp(relay.loops[0])
	time.Sleep(time.Millisecond) // the loop's clock is older then than the tunnel
	r := newRig(t, relay, rigOptions{fromBackend: "hello"})
	relay.mu.Lock()
	relay.down = true // as Shutdown begins
	relay.mu.Unlock()
	release()
	if res := r.end(); res.EndedBy != EndShutdown || res.Duration < 0 {
		t.Errorf("ended by %v, lasted %v", res.EndedBy, res.Duration)
	}
}

func TestDrainBeforeAdoption(t *testing.T) {
	relay := New(Options{Loops: 1}).(*looped)
	defer relay.Shutdown()
	release := holdUp(relay.loops[0])
	r := newRig(t, relay, rigOptions{policy: Policy{WebSocket: true}})
	relay.startDrain(time.Millisecond)
	release()
	if code := r.expectClose(r.client, false); code != 1001 {
		t.Errorf("Close %d", code)
	}
	r.hangUp()
}

// A side that is full before its tunnel is adopted, or from its first bytes on, is written to again when it has room.
func TestFullFromTheFirst(t *testing.T) {
	relay := New(Options{Loops: 1}).(*looped)
	defer relay.Shutdown()
	for _, tlsFront := range []bool{false, true} {
		o := rigOptions{}
		if tlsFront {
			o.front = secured(tls.VersionTLS13, true)
		}
		r := newRig(t, relay, o)
		big := make([]byte, 8<<20)
		for i := range big {
			big[i] = byte(i * 7 >> 3)
		}
		go r.backend.Write(big)
		time.Sleep(20 * time.Millisecond) // so that all buffers fill
		r.expect(r.client, big)
		go r.backend.Write(big)
		time.Sleep(20 * time.Millisecond)
		r.expect(r.client, big)
		r.hangUp()
	}
}

// A sleeping loop is left alone by tunnels that can wait, until there is a crowd of them.
func TestSleepsThroughArrivals(t *testing.T) {
	relay := New(Options{Loops: 1}).(*looped)
	defer relay.Shutdown()
	l := relay.loops[0]
	release := holdUp(l)
	l.asleep.Store(true) // as far as arrivals know
	wakes(l)
	var rigs []*rig
	for _, c := range []struct {
		arrivals int
		policy   Policy
		wakes    uint64
	}{
		{mostRoom, Policy{WebSocket: true, Ping: longSleep}, 0},
		{1, Policy{WebSocket: true}, 1},
		{1, Policy{WebSocket: true}, 0}, // as it has been woken
	} {
		for range c.arrivals {
			rigs = append(rigs, newRig(t, relay, rigOptions{policy: c.policy}))
		}
		if n := wakes(l); n != c.wakes {
			t.Errorf("%d arrivals of %+v wake it %d times", c.arrivals, c.policy, n)
		}
	}
	release()
	for _, r := range rigs {
		r.hangUp()
	}
}

// wakes is how often the loop has been woken since it was last asked.
func wakes(l *loop) uint64 {
	var n [8]byte
	if _, err := unix.Read(l.wakefd, n[:]); err != nil {
		return 0
	}
	return binary.NativeEndian.Uint64(n[:])
}
