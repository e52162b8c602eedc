package run

import (
	"sync/atomic"
	"time"

	"transom/internal/module"
)

// live is the server as its status pages show it.
type live struct {
	*Server
	started    time.Time
	reloaded   atomic.Pointer[time.Time]
	generation atomic.Int64
}

// serveWith puts a configuration in force for all that show the process.
func (l *live) serveWith(b *module.Build) {
	now := time.Now()
	l.reloaded.Store(&now)
	l.generation.Add(1)
	b.Live = l
	b.Serve()
}

func (l *live) Started() time.Time  { return l.started }
func (l *live) Reloaded() time.Time { return *l.reloaded.Load() }
func (l *live) Generation() int     { return int(l.generation.Load()) }
func (l *live) LostLogLines() int64 { return l.sinks.Lost() }

func (l *live) Connections() []module.Connection {
	snapshot := l.http.Snapshot()
	list := make([]module.Connection, len(snapshot))
	for i, c := range snapshot {
		list[i] = module.Connection{ID: c.ID, Client: c.Client, State: byte(c.State), Since: c.Since, VHost: c.VHost, Line: c.Line,
			Protocol: c.Protocol, Accesses: c.Accesses, Bytes: c.Bytes}
	}
	return list
}
