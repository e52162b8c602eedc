package run

import (
	"runtime"
	"testing"
)

// TestReserve makes garbage of less than the reserve: nothing is collected for it.
func TestReserve(t *testing.T) {
	h := newHeap()
	defer h.stop()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range reserveHeap / 2 / 4096 {
		kept = make([]byte, 4096)
	}
	runtime.ReadMemStats(&after)
	if n := after.NumGC - before.NumGC; n != 0 {
		t.Errorf("%d collections for %d MB", n, reserveHeap>>21)
	}
	runtime.KeepAlive(h)
}

var kept []byte
