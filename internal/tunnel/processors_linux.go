package tunnel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// extraProcessors are those that Go's scheduler has for loops that are busy, beside those for everything else. Where it has more
// than the machine, goroutines move to and fro between threads, and their memory between the machine's caches: so they are there
// only while they are needed.
type extraProcessors struct {
	wanted atomic.Int32

	mu          sync.Mutex
	got, others int
}

var processors extraProcessors

// add does not wait until they are there.
func (p *extraProcessors) add(n int32) {
	p.wanted.Add(n)
	go p.get()
}

// get waits for the end of a collection of garbage, if one is under way, and stops all goroutines for a moment.
func (p *extraProcessors) get() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.got == 0 {
		p.others = runtime.GOMAXPROCS(0)
	}
	p.got = int(p.wanted.Load())
	runtime.GOMAXPROCS(p.others + p.got)
}
