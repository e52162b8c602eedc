package tunnel

import "transom/internal/wire/ws"

// pingSize is the payload of the proxy's pings. The answers go no further.
const pingSize = 8

// answers reports whether this is the payload of a pong to the proxy's ping. An unmasked frame has the key 0.
func (t *terms) answers(payload []byte, key [4]byte) bool {
	for i, b := range payload {
		if b^key[i&3] != t.ping[i] {
			return false
		}
	}
	return true
}

// maySpeak reports whether the proxy has something to say to a side and may: only at a frame boundary of what that side
// gets, and not behind its end.
func (m *machine) maySpeak(to side) bool {
	f := &m.flow[to.peer()]
	return f.wants != 0 && !f.ended && !f.mute && (f.wants == wantHeld || f.follow.AtBoundary())
}

// speech returns what the proxy has to say to a side, nil while it may not. The caller sends it before anything that
// comes later.
func (m *machine) speech(to side) []byte {
	if !m.maySpeak(to) {
		return nil
	}
	return m.speak(to)
}

// speak is speech without the question whether it may. Behind a Close that was passed on, nothing is said.
func (m *machine) speak(to side) (out []byte) {
	f := &m.flow[to.peer()]
	switch {
	case f.wants == wantHeld:
		out = f.release()
	case f.wants&wantClose != 0:
		f.mute = true
		if !f.closed {
			out = ws.AppendClose(nil, int(m.code), to == backend)
		}
	case !f.closed:
		out = ws.AppendControl(nil, ws.OpPing, m.policy.ping[:], to == backend)
		m.flow[to].pinged = max(m.flow[to].pinged, m.active)
	}
	f.wants = 0
	m.settle()
	return out
}

// edit builds what is to be sent instead of p. Nothing is copied as long as nothing but an end of p is left out.
type edit struct {
	p    []byte
	out  []byte
	done int  // p[:done] is in out, or dropped
	own  bool // out is used
	drop bool // the rest of p is dropped
}

func (e *edit) insert(at int, b []byte) {
	if len(b) == 0 || e.drop {
		return
	}
	e.keep(at)
	e.out = append(e.out, b...)
}

// cut leaves out p[from:to].
func (e *edit) cut(from, to int) {
	if e.drop {
		return
	}
	if to == len(e.p) && !e.own {
		e.p = e.p[:from]
		return
	}
	e.keep(from)
	e.done = to
}

// mute drops all from at on.
func (e *edit) mute(at int, yes bool) {
	if yes && !e.drop {
		e.keep(at)
		e.drop = true
	}
}

func (e *edit) keep(to int) {
	if !e.own {
		e.out = make([]byte, 0, len(e.p)+64)
		e.own = true
	}
	e.out = append(e.out, e.p[e.done:to]...)
	e.done = to
}

func (e *edit) bytes() []byte {
	switch {
	case e.drop:
		return e.out
	case e.own:
		e.keep(len(e.p))
		return e.out
	}
	return e.p
}
