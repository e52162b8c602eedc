package tunnel

import "transom/internal/wire/ws"

const never instant = 1<<63 - 1

// due is when expire has to be called next, never if nothing can expire. It may be too early, as nothing updates it
// when bytes pass, but not too late.
func (m *machine) due() instant {
	t := never
	for _, timer := range m.timers() {
		t = min(t, timer.at)
	}
	for s := range m.flow {
		t = min(t, m.pingDue(side(s)))
	}
	return t
}

type timer struct {
	at instant
	by End
}

// timers are all but the pings.
func (m *machine) timers() [4]timer {
	p := m.policy
	t := [...]timer{{never, EndDrain}, {never, EndLifetime}, {never, EndHalfClosed}, {never, EndIdle}}
	if m.closing {
		t[0].at = m.grace
		return t
	}
	if m.drain > 0 {
		t[0].at = m.drain
	}
	if p.Lifetime > 0 {
		t[1].at = m.started + p.Lifetime
	}
	if p.HalfClosed > 0 && m.halfClosed() {
		t[2].at = m.active + p.HalfClosed
	}
	if p.Idle > 0 {
		t[3].at = m.active + p.Idle
	}
	return t
}

func (m *machine) halfClosed() bool {
	for s := range m.flow {
		if f := &m.flow[s]; f.ended || f.lost {
			return true
		}
	}
	return false
}

// expire does what has become due. busy tells of each side whether the proxy is not reading it now, because its peer
// takes nothing; such a side is not asked for signs of life. Speech may be due afterwards, or the tunnel be over.
func (m *machine) expire(now instant, busy [2]bool) {
	for _, t := range m.timers() {
		if now < t.at {
			continue
		}
		if m.closing {
			m.over, m.abrupt = true, true
			return
		}
		m.end(ws.CodeGoingAway, t.by, now)
		return
	}
	for s := range m.flow {
		if m.pingDue(side(s)) <= now {
			m.ping(side(s), now, busy[s])
		}
	}
}

// pingDue is when a side has been silent for too long.
func (m *machine) pingDue(s side) instant {
	f := &m.flow[s]
	if m.policy.Ping == 0 || !m.framed || m.closing || f.ended || m.flow[s.peer()].ended {
		return never
	}
	return max(f.heard, f.pinged) + m.policy.Ping
}

func (m *machine) ping(s side, now instant, busy bool) {
	f := &m.flow[s]
	switch {
	case busy:
		f.heard = now
	case f.pinged > 0 && m.flow[s.peer()].wants&wantPing == 0:
		m.end(ws.CodeGoingAway, EndPing, now)
	default:
		f.pinged = now
		m.flow[s.peer()].wants |= wantPing
	}
}
