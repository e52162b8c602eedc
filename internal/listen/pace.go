package listen

import (
	"net"
	"time"
)

// pacer sets a connection's read deadlines: Timeout for each read, and the stage's Pace
// over all of them.
type pacer struct {
	pace     Pace
	idle     time.Duration
	deadline time.Time // of the stage; zero: none
	last     time.Time // beyond which MinRate earns nothing
	set      time.Time // the deadline in force
}

func (p *pacer) begin(pace Pace, idle time.Duration, now time.Time) {
	p.pace, p.idle = pace, idle
	p.deadline, p.last = time.Time{}, time.Time{}
	if pace.First > 0 {
		p.deadline = now.Add(pace.First)
	}
	if pace.Max > 0 {
		p.last = now.Add(pace.Max)
	}
}

// arm sets the deadline for the next read. One that is early by a small part of the
// timeout stays: setting it costs more than it gives.
func (p *pacer) arm(c net.Conn) {
	var want time.Time
	now := time.Now()
	if p.idle > 0 {
		want = now.Add(p.idle)
	}
	if !p.deadline.IsZero() && (want.IsZero() || p.deadline.Before(want)) {
		want = p.deadline
	}
	if !p.set.IsZero() && !p.set.After(want) && want.Sub(p.set) < p.idle/16 {
		return
	}
	p.force(c, want)
}

func (p *pacer) force(c net.Conn, t time.Time) {
	if p.set.IsZero() && t.IsZero() {
		return
	}
	p.set = t
	c.SetReadDeadline(t)
}

// got prolongs the stage by what n bytes are worth at MinRate.
func (p *pacer) got(n int) {
	if p.deadline.IsZero() || p.pace.MinRate <= 0 {
		return
	}
	p.deadline = p.deadline.Add(time.Duration(n) * time.Second / time.Duration(p.pace.MinRate))
	if !p.last.IsZero() && p.deadline.After(p.last) {
		p.deadline = p.last
	}
}
