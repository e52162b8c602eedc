package status

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/tunnel"
)

// snapshot is the server at one moment.
type snapshot struct {
	Now, Started, Reloaded time.Time
	Uptime                 time.Duration
	Generation             int
	Extended               bool
	Accesses, Bytes        int64
	Duration               time.Duration // of all requests together
	User, System           time.Duration // processor time
	Load                   [3]float64
	HasLoad                bool
	Connections            []module.Connection
	Tunnels                []tunnel.Status
	Reading, Writing       int
	KeptAlive, Closing     int
	Workers                int // as many as httpd would have
	Config                 string
	LostLogLines           int64
}

// defaultWorkers is MaxRequestWorkers where nothing is said (httpd's event MPM).
const defaultWorkers = 400

func look(r *module.Request) *snapshot {
	b := r.Site.Build
	t := totalsOf(b)
	s := &snapshot{
		Now: time.Now(), Extended: b.Process.ExtendedStatus.Or(true), Generation: 1,
		Accesses: t.accesses.Load(), Bytes: t.bytes.Load(), Duration: time.Duration(t.duration.Load()) * time.Microsecond,
		Workers: cmp.Or(b.Process.MPM["maxrequestworkers"], b.Process.MPM["maxclients"], defaultWorkers),
	}
	s.Started, s.Reloaded = s.Now, s.Now
	if b.Live != nil {
		s.LostLogLines = b.Live.LostLogLines()
		s.Started, s.Reloaded, s.Generation, s.Connections = b.Live.Started(), b.Live.Reloaded(), b.Live.Generation(), b.Live.Connections()
	}
	if b.Kept != nil {
		s.Tunnels = module.Tunnels(b.Kept).List()
	}
	s.Uptime = s.Now.Sub(s.Started)
	s.User, s.System = processorTime()
	s.Load, s.HasLoad = loadAverage()
	for _, c := range s.Connections {
		switch c.State {
		case 'R':
			s.Reading++
		case 'K':
			s.KeptAlive++
		case 'C', 'L':
			s.Closing++
		default:
			s.Writing++
		}
	}
	return s
}

// Busy is how many connections would have one of httpd's workers: those that wait for a next request have none, and neither
// has a tunnel here.
func (s *snapshot) Busy() int { return s.Reading + s.Writing + s.Closing }

// Idle is at least 1: nothing here runs out of workers.
func (s *snapshot) Idle() int { return max(s.Workers-s.Busy(), 1) }

// Scoreboard has a letter for each connection that is busy, and _ for each worker that httpd would have idle.
func (s *snapshot) Scoreboard() string {
	var b strings.Builder
	for _, c := range s.Connections {
		if c.State != 'K' {
			b.WriteByte(c.State)
		}
	}
	return b.String() + strings.Repeat("_", s.Idle())
}

// UptimeText is httpd's: "1 day 2 hours 5 seconds".
func (s *snapshot) UptimeText() string {
	left := int(s.Uptime / time.Second)
	var parts []string
	for _, u := range []struct {
		name    string
		seconds int
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		n := left / u.seconds
		left %= u.seconds
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	return cmp.Or(strings.Join(parts, " "), "0 seconds")
}

func address(a netip.AddrPort) string { return a.Addr().Unmap().String() }
