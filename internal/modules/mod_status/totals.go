package status

import (
	"sync/atomic"
	"time"

	"transom/internal/module"
	"transom/internal/tunnel"
)

// totals count since the process began, over all reloads.
type totals struct {
	accesses, bytes atomic.Int64
	duration        atomic.Int64 // microseconds
}

func totalsOf(b *module.Build) *totals {
	if b.Kept == nil {
		return &totals{}
	}
	return module.Keep(b.Kept, "mod_status", func() *totals { return &totals{} })
}

func (t *totals) add(bytes int64, took time.Duration) {
	t.accesses.Add(1)
	t.bytes.Add(bytes)
	t.duration.Add(took.Microseconds())
}

// counter counts for one configuration.
type counter struct{ *totals }

func (c *counter) open(b *module.Build) error {
	c.totals = totalsOf(b)
	return nil
}

func (c *counter) count(r *module.Request) module.Result {
	c.add(r.Conn.BytesOut(), time.Since(r.Conn.Received))
	return module.Declined
}

// detach counts a tunnel when it ends: one access, and what the backend said.
func (c *counter) detach(*module.Request) module.TunnelEnd { return c.totals }

func (t *totals) TunnelEnded(result *tunnel.Result) {
	t.add(result.FromBackend.Bytes, result.Duration)
}
