//go:build unix

package tunnel

import (
	"io"
	"runtime"
	"syscall"
	"testing"
	"time"

	"transom/internal/wire/ws"
)

// BenchmarkEcho is one message there and back, on 100 tunnels at once. The processor time includes both ends, which are
// the same for every engine.
func BenchmarkEcho(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + DefaultLoops()))
	for name, relay := range relays {
		b.Run(name, func(b *testing.B) { benchEcho(b, relay()) })
	}
}

func benchEcho(b *testing.B, relay Relay) {
	defer relay.Shutdown()
	const tunnels = 100
	up, down := frame(true, ws.OpBinary, make([]byte, 64)), frame(false, ws.OpBinary, make([]byte, 64))
	var rigs []*rig
	for range tunnels {
		r := newRig(b, relay, rigOptions{policy: framed})
		r.client.SetDeadline(time.Time{})
		r.backend.SetDeadline(time.Time{})
		defer r.client.Close()
		defer r.backend.Close()
		go func() {
			for p := make([]byte, len(up)); ; {
				if _, err := io.ReadFull(r.backend, p); err != nil {
					return
				}
				r.backend.Write(down)
			}
		}()
		rigs = append(rigs, r)
	}
	turns := make(chan bool)
	b.ResetTimer()
	before := processorTime()
	for i, r := range rigs {
		go func() {
			for n := i; n < b.N; n += tunnels {
				r.client.Write(up)
				if _, err := io.ReadFull(r.client, make([]byte, len(down))); err != nil {
					b.Error(err)
				}
			}
			turns <- true
		}()
	}
	for range rigs {
		<-turns
	}
	b.ReportMetric(float64((processorTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
