package listen

import (
	"net"
	"time"
)

// instant is a monotonic time in nanoseconds; 0 is never.
type instant int64

var epoch = time.Now()

func now() instant { return instant(time.Since(epoch)) + 1 }

func instantOf(t time.Time) instant { return instant(t.Sub(epoch)) + 1 }

func (t instant) add(d time.Duration) instant { return t + instant(d) }
func (t instant) time() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return epoch.Add(time.Duration(t - 1))
}

// soonest is the earliest end of the timeouts that are set, or never.
func soonest(from instant, timeouts ...time.Duration) (t instant) {
	for _, d := range timeouts {
		if d > 0 && (t == 0 || from.add(d) < t) {
			t = from.add(d)
		}
	}
	return t
}

// past is a deadline that ends a read under way.
var past = time.Unix(1, 0)

// pacer sets a connection's read deadlines: Timeout for each read, and the stage's Pace
// over all of them.
type pacer struct {
	idle     time.Duration
	rate     int     // MinRate
	deadline instant // of the stage
	last     instant // beyond which rate earns nothing
	inForce  instant // the deadline that is set
}

func (p *pacer) begin(pace Pace, idle time.Duration, at instant) {
	p.idle, p.rate = idle, pace.MinRate
	p.deadline, p.last = soonest(at, pace.First), soonest(at, pace.Max)
}

// arm sets the deadline for the next read. One that is early by a small part of the
// timeout stays: setting it costs more than it gives.
func (p *pacer) arm(c net.Conn) { p.set(c, p.next(), p.idle/16) }

// next is when a read that begins now must have brought something.
func (p *pacer) next() instant {
	want := soonest(now(), p.idle)
	if p.deadline != 0 && (want == 0 || p.deadline < want) {
		want = p.deadline
	}
	return want
}

// set sets the deadline t, or lets one stand that is early by no more than slack.
func (p *pacer) set(c net.Conn, t instant, slack time.Duration) {
	if early := t - p.inForce; early == 0 || p.inForce != 0 && early > 0 && early <= instant(slack) {
		return
	}
	p.inForce = t
	c.SetReadDeadline(t.time())
}

// got prolongs the stage by what n bytes are worth at MinRate.
func (p *pacer) got(n int) {
	if p.deadline == 0 || p.rate <= 0 {
		return
	}
	p.deadline = p.deadline.add(time.Duration(n) * time.Second / time.Duration(p.rate))
	if p.last != 0 && p.deadline > p.last {
		p.deadline = p.last
	}
}
