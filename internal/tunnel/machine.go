package tunnel

import (
	"time"

	"transom/internal/wire/ws"
)

// side names an end of a tunnel, and the flow of bytes that comes from it.
type side uint8

const (
	client side = iota
	backend
)

func (s side) peer() side { return s ^ 1 }

// instant is a time since the relay's start.
type instant = time.Duration

// flow is the state of one direction: what one side says to its peer.
type flow struct {
	follow ws.Follower
	bytes  int64
	heard  instant // when the side was last heard
	pinged instant // when the proxy's ping went to the side, 0 if it owes no answer
	held   *held   // the start of a frame that may not go on before more of it is seen
	closed bool    // the side has sent a Close frame
	ended  bool    // the side has sent its last byte
	passed bool    // the peer has been told so
	lost   bool    // the peer cannot be written to any more
	mute   bool    // what comes now is dropped: the proxy has sent its Close to the peer, or the peer is lost
	wants  wants   // what the proxy has to say to the peer at the next frame boundary
}

type wants uint8

const (
	wantPing wants = 1 << iota
	wantClose
	wantHeld // nothing of its own: what was held back of a stream that is opaque now
)

// headroom is how much received may hold back, and so what a reader leaves free before the bytes it reads.
const headroom = ws.MaxHead + pingSize

type held struct {
	n int
	b [headroom]byte
}

// machine is a tunnel without its input and output. Its owner serializes all calls.
type machine struct {
	flow    [2]flow
	policy  *terms
	err     error
	started instant
	active  instant // last byte read or written
	drain   instant // when to close for a drain, 0 for never
	grace   instant // when a closing tunnel is cut off
	code    uint16  // of the first Close frame, the proxy's own included
	framed  bool    // frames are followed
	closing bool    // the proxy is ending the tunnel
	over    bool    // nothing is left to do
	abrupt  bool    // what is not written yet does not matter any more
	reset   bool    // the end is to be passed on as a reset
	by      End
}

// terms is a Policy, shared by all its tunnels, and the payload of the relay's pings, which no other proxy knows.
type terms struct {
	Policy
	ping [pingSize]byte
}

// graceful is how long a side may take over its answer to the proxy's Close before it is cut off.
const graceful = 5 * time.Second

// begin makes a tunnel of a machine that is zero.
func (m *machine) begin(p *terms, now instant) {
	m.policy, m.framed, m.started, m.active = p, p.WebSocket, now, now
	for s := range m.flow {
		m.flow[s].follow = ws.NewFollower(side(s) == client, p.Extensions)
		m.flow[s].heard = now
	}
}

// judges: the current frame must be seen up to its payload before any byte of it is passed on.
func (m *machine) judges(f *flow) bool {
	return m.policy.Strict || m.policy.MaxMessage > 0 || m.policy.Ping > 0 && f.follow.Opcode() == ws.OpPong
}

// prepend puts the bytes that were held back before those at buf[headroom:] and returns where they start.
func (m *machine) prepend(from side, buf []byte) int {
	b := m.flow[from].release()
	return headroom - copy(buf[headroom-len(b):headroom], b)
}

// received takes p, the bytes that were held back and n more that were just read from a side, and returns what its
// peer is to get: p itself, in nearly every case.
func (m *machine) received(from side, p []byte, n int, now instant) []byte {
	f := &m.flow[from]
	f.bytes += int64(n)
	f.heard, m.active = now, now
	if !m.framed {
		if f.mute {
			return nil
		}
		return p
	}
	out := m.walk(from, p)
	f.pinged = 0
	m.settle()
	return out
}

// walk follows the frames of p.
func (m *machine) walk(from side, p []byte) []byte {
	f := &m.flow[from]
	e := edit{p: p, drop: f.mute}
	start, saved := -1, f.follow // where in p the current frame starts; -1 for before it
	for i := 0; ; {
		if f.follow.AtBoundary() {
			start, saved = i, f.follow
			e.insert(i, m.speech(from.peer()))
			e.mute(i, f.mute)
		}
		n, event := f.follow.Next(p[i:])
		i += n
		switch event {
		case ws.More:
			if start >= 0 && start < i && !f.follow.InPayload() && !f.mute && m.judges(f) {
				f.follow = saved
				m.hold(from, &e, start)
			}
			return e.bytes()
		case ws.Head:
			if !m.head(from, &e, start, i) {
				f.follow = saved
				m.hold(from, &e, start)
				return e.bytes()
			}
		case ws.End:
			f.closed = f.closed || f.follow.Opcode() == ws.OpClose
		case ws.Bad:
			m.invalid(from, &e, start)
			return e.bytes()
		}
	}
}

// head judges the frame whose header is p[start:i]; false if it has to wait for the rest of the frame.
func (m *machine) head(from side, e *edit, start, i int) bool {
	f := &m.flow[from]
	switch op := f.follow.Opcode(); {
	case op == ws.OpClose:
		m.noteClose(from)
	case op == ws.OpPong && m.policy.Ping > 0 && start >= 0 && f.follow.Left() == pingSize && !f.mute:
		if i+pingSize > len(e.p) {
			return false
		}
		if m.policy.answers(e.p[i:i+pingSize], f.follow.Key()) {
			e.cut(start, i+pingSize)
		}
	case op < ws.OpClose && m.policy.MaxMessage > 0 && f.follow.MessageSize() > uint64(m.policy.MaxMessage):
		m.refuse(from, e, start, ws.CodeTooBig, EndMaxMessage)
	}
	return true
}

// hold keeps the bytes from start on until more of the frame is there.
func (m *machine) hold(from side, e *edit, start int) {
	h := &held{}
	h.n = copy(h.b[:], e.p[start:])
	m.flow[from].held = h
	e.cut(start, len(e.p))
}

// invalid: what starts at start is not a frame.
func (m *machine) invalid(from side, e *edit, start int) {
	if m.policy.Strict || m.closing {
		m.refuse(from, e, start, ws.CodeProtocolError, EndStrict)
		return
	}
	m.framed = false
	for s := range m.flow {
		f := &m.flow[s]
		if f.wants = 0; f.held != nil {
			f.wants = wantHeld
		}
	}
}

// refuse closes the tunnel because of the frame at start, which its peer does not get.
func (m *machine) refuse(from side, e *edit, start int, code uint16, by End) {
	f := &m.flow[from]
	m.end(code, by, m.active)
	if start < 0 || f.mute {
		return // the peer has the first part of the frame: nothing can be said to it any more
	}
	e.insert(start, m.speak(from.peer()))
	e.mute(start, f.mute)
}

func (m *machine) noteClose(from side) {
	if m.code == 0 {
		m.code = uint16(m.flow[from].follow.CloseCode())
	}
	m.endedBy(from)
}

func (m *machine) endedBy(from side) {
	if m.by == EndUnknown {
		m.by = EndClient + End(from)
	}
}

// eof: the side has ended its stream. What is returned goes to its peer before the end does.
func (m *machine) eof(from side, now instant) []byte {
	f := &m.flow[from]
	f.ended, m.active = true, now
	m.endedBy(from)
	if m.flow[from.peer()].lost {
		m.broke(from, m.err)
		return nil
	}
	m.settle()
	if f.mute {
		return nil
	}
	return f.release()
}

// release returns what was held back.
func (f *flow) release() []byte {
	h := f.held
	if f.held = nil; h == nil {
		return nil
	}
	return h.b[:h.n]
}

// fin: the peer of a side that has ended has been told so.
func (m *machine) fin(from side) {
	m.flow[from].passed = true
	if m.flow[from.peer()].passed {
		m.over = true
	}
}

// deaf: the side takes nothing any more. What it said before that is still read, and ends in an error or an end.
func (m *machine) deaf(s side, err error) {
	f := &m.flow[s.peer()]
	f.lost, f.mute, f.wants, f.passed = true, true, 0, true
	if m.err == nil {
		m.err = err
	}
	if m.flow[s].ended {
		m.broke(s, err)
	}
}

// broke: a side cannot be read any more. Nothing that was read before is lost by then.
func (m *machine) broke(s side, err error) {
	m.endedBy(s)
	if m.err == nil {
		m.err = err
	}
	m.over, m.abrupt, m.reset = true, true, true
}

// settle looks whether a tunnel that the proxy is closing has nothing left to wait for.
func (m *machine) settle() {
	if !m.closing || m.over {
		return
	}
	for s := range m.flow {
		f := &m.flow[s]
		if !f.closed && !f.ended || f.wants&wantClose != 0 && !f.ended {
			return
		}
	}
	m.over = true
}

// end starts the proxy's own end of the tunnel: a Close to each side at the next frame boundary, and a while for their
// answers. An opaque tunnel is cut off.
func (m *machine) end(code uint16, by End, now instant) {
	if m.over {
		m.abrupt = true // whoever has not taken the last bytes by now has had his time
	}
	if m.closing || m.over {
		return
	}
	m.closing, m.grace = true, now+graceful
	if m.by == EndUnknown || by == EndHalfClosed {
		m.by = by
	}
	if !m.framed {
		m.over, m.abrupt = true, true
		return
	}
	if m.code == 0 {
		m.code = code
	}
	for s := range m.flow {
		m.flow[s].wants |= wantClose
	}
}

// cut ends the tunnel without a word.
func (m *machine) cut(by End) {
	if m.over {
		return
	}
	m.over, m.abrupt = true, true
	if m.by == EndUnknown {
		m.by = by
	}
}
