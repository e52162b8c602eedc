package tunnel

import (
	"bytes"
	"flag"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"transom/internal/wire/ws"
)

// With the test's own process at both ends, each tunnel takes four descriptors and four goroutines.
var (
	soakTunnels = flag.Int("soak.tunnels", 60, "tunnels that TestSoak keeps going at once")
	soakFor     = flag.Duration("soak.for", 2*time.Second, "how long TestSoak starts new ones")
)

// TestSoak carries random traffic both ways, with stalls, half-closes and kills. Every receiver knows what it should get.
func TestSoak(t *testing.T) {
	relay := New(Options{Loops: 2})
	defer relay.Shutdown()
	var tunnels, carried atomic.Int64
	deadline := time.Now().Add(*soakFor)
	var all sync.WaitGroup
	for range *soakTunnels {
		all.Go(func() {
			for seed := rand.Uint64(); time.Now().Before(deadline) && !t.Failed(); seed++ {
				carried.Add(soakOne(t, relay, seed))
				tunnels.Add(1)
			}
		})
	}
	all.Wait()
	drained(t, relay)
	t.Logf("%d tunnels, %d bytes", tunnels.Load(), carried.Load())
}

func soakOne(t *testing.T, relay Relay, seed uint64) int64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	fronts := []wrap{plain, plain, opaquely, kinds["tls13"][0], kinds["tls12"][0]}
	backs := []wrap{plain, plain, plain, kinds["tls13"][1]}
	r := newRig(t, relay, rigOptions{
		front: fronts[rng.IntN(len(fronts))], behind: backs[rng.IntN(len(backs))],
		policy: Policy{WebSocket: rng.IntN(4) > 0, MaxMessage: int64(rng.IntN(2)) << 40, Idle: time.Minute, HalfClosed: time.Minute},
	})
	defer r.client.Close()
	defer r.backend.Close()
	up, down := randomFrames(true, 1<<rng.IntN(19)), randomFrames(false, 1<<rng.IntN(19))
	kill := rng.IntN(4) == 0
	var ends sync.WaitGroup
	ends.Go(func() { soakSend(r.client, up, seed, kill) })
	ends.Go(func() { soakSend(r.backend, down, seed+1, false) })
	ends.Go(func() { soakReceive(t, r.client, down, seed+2, kill) })
	ends.Go(func() { soakReceive(t, r.backend, up, seed+3, kill) })
	ends.Wait()
	r.client.Close()
	r.backend.Close()
	res := r.end()
	if !kill && (res.Err != nil || res.FromClient.Bytes != int64(len(up)) || res.FromBackend.Bytes != int64(len(down)) || res.CloseCode == ws.CodeTooBig) {
		t.Errorf("result %+v; sent %d and %d", res, len(up), len(down))
	}
	return res.FromClient.Bytes + res.FromBackend.Bytes
}

// soakSend writes b in pieces, with pauses, and then ends its direction, or resets the connection on the way.
func soakSend(c net.Conn, b []byte, seed uint64, kill bool) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for len(b) > 0 {
		n := min(len(b), 1+rng.IntN(1<<rng.IntN(18)))
		if kill && rng.IntN(4) == 0 {
			abort(c)
			return
		}
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
		if rng.IntN(8) == 0 {
			time.Sleep(time.Duration(rng.IntN(3)) * time.Millisecond)
		}
	}
	closeWrite(c)
}

// soakReceive expects want, or the start of it if somebody kills the tunnel.
func soakReceive(t *testing.T, c net.Conn, want []byte, seed uint64, kill bool) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var got []byte
	buf := make([]byte, 32<<10)
	for {
		if rng.IntN(8) == 0 {
			time.Sleep(time.Duration(rng.IntN(5)) * time.Millisecond)
		}
		n, err := c.Read(buf[:1+rng.IntN(len(buf))])
		got = append(got, buf[:n]...)
		if err == nil {
			continue
		}
		if whole := bytes.Equal(got, want) && err == io.EOF; !whole && !(kill && bytes.HasPrefix(want, got)) {
			t.Errorf("read %d of %d bytes, %v", len(got), len(want), err)
		}
		return
	}
}
