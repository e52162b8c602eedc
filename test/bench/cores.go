package main

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// coreRound is how many nanoseconds a cache line takes from one core to another and back, 0 with a single core. A virtual machine's
// cores may come to share no cache: for as long, everything that moves between threads takes several times as long.
func coreRound() float64 {
	if runtime.NumCPU() < 2 {
		return 0
	}
	const rounds, bursts = 100, 300
	var line struct {
		_ [128]byte
		n atomic.Int32
		_ [128]byte
	}
	answer := make(chan time.Duration)
	onCore(1, func() {
		for n := int32(0); n >= 0; n = line.n.Load() {
			line.n.CompareAndSwap(n|1, n|1+1)
		}
	})
	onCore(0, func() {
		least := time.Second // of the bursts: most others are disturbed
		for begin := time.Now(); line.n.Load() < 2*rounds*bursts && time.Since(begin) < time.Second; {
			burst := time.Now()
			for range rounds {
				n := line.n.Load()
				line.n.Store(n + 1)
				for line.n.Load() != n+2 {
				}
			}
			least = min(least, time.Since(burst))
		}
		line.n.Store(-1)
		answer <- least
	})
	return float64((<-answer).Nanoseconds()) / rounds
}

// onCore runs f in a thread of its own, which ends with it.
func onCore(core int, f func()) {
	go func() {
		runtime.LockOSThread()
		set := [16]uint64{1 << core}
		syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
		f()
	}()
}
