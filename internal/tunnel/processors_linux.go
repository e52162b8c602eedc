package tunnel

import (
	"runtime"
	"sync"
)

// extraProcessors are those that Go's scheduler has for loops that are busy, beside those for everything else. Where it has more
// than the machine, goroutines move to and fro between threads, and their memory between the machine's caches: so they are there
// only while they are needed.
type extraProcessors struct {
	mu        sync.Mutex
	n, others int
}

var processors extraProcessors

// add stops all goroutines for a moment.
func (p *extraProcessors) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n == 0 {
		p.others = runtime.GOMAXPROCS(0)
	}
	p.n += n
	runtime.GOMAXPROCS(p.others + p.n)
}
