package run

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// reserveHeap is memory that is never touched, and so never becomes resident, but counts as live: a server with little on
// its heap collects garbage each time it has made some 8 MB of it, and not each time it has made 4 MB. Three times the reserve
// cost tunnels a tenth more memory: what lives long came to lie among more garbage.
const reserveHeap = 4 << 20

// Memory goes back to the system once this little was allocated between two looks, if more than enough was before.
const (
	lookEvery = time.Second
	quiet     = 1 << 20
	enough    = 4 << 20
)

type heap struct {
	reserve []byte
	stopped chan struct{}
}

func newHeap() *heap {
	h := &heap{reserve: make([]byte, reserveHeap), stopped: make(chan struct{})}
	go h.tend()
	return h
}

func (h *heap) stop() { close(h.stopped) }

// tend returns what a burst of requests or handshakes left behind to the system when it is over.
func (h *heap) tend() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	freed := allocated()
	for last := freed; ; {
		select {
		case <-h.stopped:
			runtime.KeepAlive(h.reserve)
			return
		case <-tick.C:
		}
		now := allocated()
		if now-last < quiet && now-freed > enough {
			debug.FreeOSMemory()
			freed = now
		}
		last = now
	}
}

// allocated is how many bytes were allocated on the heap since the start.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
