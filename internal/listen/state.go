package listen

import (
	"net/netip"
	"sort"
	"sync"
	"time"
)

// State is what a connection does, by the letters of httpd's scoreboard.
type State byte

const (
	Reading   State = 'R'
	Writing   State = 'W'
	KeptAlive State = 'K'
	Logging   State = 'L'
	Closing   State = 'C'
)

// ConnStatus is one connection as a status page shows it.
type ConnStatus struct {
	ID       int64
	Client   netip.AddrPort
	Local    netip.AddrPort
	State    State
	Since    time.Time // when it entered State
	VHost    string    // of the current request, as Scoreboard.SetVHost named it
	Line     string    // request line of the current request
	Protocol string    // "http/1.1" or "h2"
	Accesses int64     // requests so far
	Bytes    int64     // sent so far
}

// Snapshot lists the connections in the order they came. Taken-over ones are not among them.
func (s *Server) Snapshot() []ConnStatus {
	s.mu.Lock()
	list := make([]ConnStatus, 0, s.conns.n)
	for c := s.conns.first; c != nil; c = c.next {
		list = append(list, c.status())
	}
	s.mu.Unlock()
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}

func (c *conn) status() ConnStatus {
	state := c.state.Load()
	st := ConnStatus{
		ID: c.id, Client: c.remote, Local: c.local, Protocol: "http/1.1",
		State: State(state), Since: instant(state &^ 0xff).time(),
		Accesses: c.accesses.Load(), Bytes: c.sent.Load(),
	}
	if c.h2.Load() != nil {
		st.Protocol = "h2"
	}
	st.Line, st.VHost = c.current.get()
	return st
}

// current is what others may know of the request under way.
type current struct {
	mu    sync.Mutex
	line  string
	vhost *string
}

func (c *current) set(line string, vhost *string) {
	c.mu.Lock()
	c.line, c.vhost = line, vhost
	c.mu.Unlock()
}

func (c *current) get() (line, vhost string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.vhost != nil {
		vhost = *c.vhost
	}
	return c.line, vhost
}

// enter keeps the state with the time it was entered, but for the last quarter of a microsecond.
func (c *conn) enter(s State, at instant) { c.state.Store(int64(at)&^0xff | int64(s)) }
