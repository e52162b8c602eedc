package module

import (
	"net/netip"
	"time"
)

// Live is the running process, for modules that show it. Its methods may be called from any goroutine.
type Live interface {
	Started() time.Time
	Reloaded() time.Time // when the configuration in force began to serve
	Generation() int     // how many configurations have served, this one included
	LostLogLines() int64 // that no log took
	Connections() []Connection
}

// Connection is one client connection that speaks HTTP; those that became tunnels are the relay's.
type Connection struct {
	ID       int64
	Client   netip.AddrPort
	State    byte // httpd's scoreboard letter: R, W, K, L or C
	Since    time.Time
	VHost    string // of the request under way, empty if there is none
	Line     string // its request line
	Protocol string
	Accesses int64 // requests so far
	Bytes    int64 // sent so far
}
