package tunnel

import (
	"bytes"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"transom/internal/wire/ws"
)

// modelSide is one end of a tunnel as the kernel would show it.
type modelSide struct {
	script  []byte // what the side will say
	arrived int    // of script, in the kernel
	taken   int    // of arrived, read by the relay
	dry     bool   // the relay knows that there is nothing to read before the next event
	end     error  // what a read gives behind arrived: io.EOF, a reset, or nil while more may come
	room    int    // what the kernel takes now
	blocked bool   // it has taken less than it was given, so an event is due when there is room again
	got     []byte
	shut    bool
	gone    bool // reset: takes nothing
}

// model drives a driver over two such ends, and looks at it after every step.
type model struct {
	t    *testing.T
	d    driver
	side [2]modelSide
	buf  *rest
	now  instant
	done bool
}

func (m *model) read(s side, p []byte) (int, error) {
	e := &m.side[s]
	if m.d.rest[s.peer()] != nil && !m.d.flow[s].mute {
		m.t.Fatal("a side is read although its peer has not taken what there is")
	}
	if e.dry {
		m.t.Fatal("a side is read without an event")
	}
	n := copy(p, e.script[e.taken:e.arrived])
	e.taken += n
	switch {
	case n == len(p):
		return n, nil
	case n > 0 && e.end != nil:
		return n, nil
	case e.end != nil:
		return 0, e.end
	}
	e.dry = true
	return n, errAgain
}

func (m *model) write(s side, p []byte) (int, error) {
	e := &m.side[s]
	if e.shut {
		m.t.Fatal("a write behind the end")
	}
	if e.gone {
		return 0, syscall.EPIPE
	}
	n := min(len(p), e.room)
	e.room -= n
	e.got = append(e.got, p[:n]...)
	if n < len(p) {
		e.blocked = true
		return n, errAgain
	}
	return n, nil
}

func (m *model) shut(s side) error {
	if m.side[s].shut {
		m.t.Fatal("a second end")
	}
	m.side[s].shut = true
	if m.side[s].gone {
		return syscall.ENOTCONN
	}
	return nil
}

// step lets the driver go on until it waits for events.
func (m *model) step() {
	for range 10_000 {
		more := m.d.run(m, &m.buf, m.now)
		if m.done = m.d.finished(); m.done {
			return
		}
		if !more {
			m.checkWaiting()
			return
		}
	}
	m.t.Fatal("the driver does not come to rest")
}

// checkWaiting: what could go on without an event has gone on.
func (m *model) checkWaiting() {
	for s := range m.side {
		e, f := &m.side[s], &m.d.flow[s]
		to := side(s).peer()
		if m.d.maySpeak(to) {
			m.t.Fatalf("side %d is not told", to)
		}
		if pending := e.taken < e.arrived || e.end != nil; pending && !f.ended && !m.d.over && !m.d.busy(side(s)) {
			m.t.Fatalf("side %d is forgotten", s)
		}
		if (m.d.rest[to] != nil || !m.d.writable[to]) && !m.side[to].blocked {
			m.t.Fatalf("side %d is thought blocked", to)
		}
		if r := m.d.rest[to]; r != nil && len(r.b)-r.off > readSize+256 {
			m.t.Fatalf("%d bytes are kept", len(r.b))
		}
	}
}

// The events of a schedule.
func (m *model) arrive(s side, n int) {
	e := &m.side[s]
	if e.end == nil && n > 0 {
		e.arrived = min(e.arrived+n, len(e.script))
		m.d.readable[s], e.dry = true, false
	}
}

func (m *model) ends(s side, err error) {
	e := &m.side[s]
	if e.end == nil {
		e.end, e.gone = err, err != io.EOF
		m.d.readable[s], e.dry = true, false
		if e.gone {
			m.d.writable[s], e.blocked = true, false
		}
	}
}

func (m *model) makeRoom(s side, n int) {
	e := &m.side[s]
	e.room += n
	if e.blocked && n > 0 {
		e.blocked = false
		m.d.writable[s] = true
	}
}

func (m *model) pass(d time.Duration) {
	m.now += d
	m.d.expire(m.now, [2]bool{m.d.busy(client), m.d.busy(backend)})
}

// finish lets everything arrive and be taken, ends both sides, and lets time pass.
func (m *model) finish() {
	for s := range m.side {
		m.arrive(side(s), len(m.side[s].script))
		m.makeRoom(side(s), 1<<30)
	}
	for s := range m.side {
		if !m.done {
			m.ends(side(s), io.EOF)
			m.step()
		}
	}
	if !m.done && m.d.closing {
		m.pass(graceful)
		m.step()
	}
	if !m.done {
		m.t.Fatal("the tunnel does not end")
	}
	m.d.release()
}

var modelTerms = [pingSize]byte{'p', 'i', 'n', 'g', 'p', 'i', 'n', 'g'}

// runModel plays a schedule, two bytes an event, to a tunnel whose sides say up and down.
func runModel(t *testing.T, p Policy, up, down, schedule []byte) {
	m := &model{t: t, buf: newBuffer(), now: 1}
	m.d = driver{writable: [2]bool{true, true}}
	m.d.begin(&terms{Policy: p, ping: modelTerms}, m.now)
	m.side[client].script, m.side[backend].script = up, down
	for i := 0; i+1 < len(schedule) && !m.done; i += 2 {
		s, n := side(schedule[i]>>7), 1<<(schedule[i+1]%10)+int(schedule[i+1]>>4)-1
		switch schedule[i] & 0x7f % 16 {
		case 0, 1, 2, 3, 4:
			m.arrive(s, n)
		case 5, 6, 7, 8, 9:
			m.makeRoom(s, n)
		case 10:
			if n%3 == 0 {
				m.ends(s, io.EOF)
			}
		case 11:
			if n%7 == 0 {
				m.ends(s, syscall.ECONNRESET)
			}
		case 12, 13, 14:
			m.pass(time.Duration(n) * 100 * time.Millisecond)
		case 15:
			if n%5 == 0 {
				m.d.end(1008, EndOperator, m.now)
			}
		}
		m.step()
	}
	if !m.done {
		m.finish()
	}
	whole := !m.d.closing && !m.d.reset
	for s := range m.side {
		checkStream(t, p, m, side(s), whole)
	}
}

// checkStream compares what the peer of a side has got with what the side has said. whole: the tunnel came to an end
// of its own, so all of it must be there.
func checkStream(t *testing.T, p Policy, m *model, from side, whole bool) {
	t.Helper()
	said, got := m.side[from].script[:m.side[from].arrived], m.side[from.peer()].got
	want := said
	if m.d.framed {
		want = expected(p, said, from == client)
		var tail []byte
		if got, tail = withoutSpeech(m, got, from == client); whole || bytes.HasPrefix(want, append(got, tail...)) {
			got = append(got, tail...)
		} else if first := tail[0]; first != 0x80|ws.OpPing && first != 0x80|ws.OpClose {
			t.Fatalf("flow %d: %x at the end", from, tail) // the tail may be speech that was cut off
		}
	} else if p.WebSocket && p.Ping > 0 {
		return // spoken into before it turned out to be no framing
	}
	if !bytes.HasPrefix(want, got) || whole && len(got) != len(want) {
		t.Fatalf("flow %d: said %x\nwant %x\ngot  %x", from, said, want, got)
	}
}

// naive is a reader of short frames that sees the whole stream: the length of the head at the start of p and of its
// payload, and the opcode. ok is false if the head is not whole.
func naive(p []byte, masked bool) (head, size int, op byte, ok bool) {
	if len(p) < 2 {
		return 0, 0, 0, false
	}
	head, size = 2, int(p[1]&0x7f)
	if size == 126 {
		if head = 4; len(p) < head {
			return 0, 0, 0, false
		}
		size = int(p[2])<<8 | int(p[3])
	}
	if masked {
		head += 4
	}
	return head, size, p[0] & 0x0f, len(p) >= head
}

func payloadOf(frame []byte, head int, masked bool) []byte {
	out := bytes.Clone(frame[head:])
	if masked {
		for i := range out {
			out[i] ^= frame[head-4+i&3]
		}
	}
	return out
}

// expected is what of a stream of valid frames goes through: all but answers to the proxy's pings, up to the first
// frame that makes a message too long.
func expected(p Policy, said []byte, masked bool) (want []byte) {
	for message := 0; ; {
		head, size, op, ok := naive(said, masked)
		if ok && op < 8 {
			if op != ws.OpContinuation {
				message = 0
			}
			if message += size; p.MaxMessage > 0 && int64(message) > p.MaxMessage {
				return want
			}
		}
		if !ok || len(said) < head+size {
			return append(want, said...)
		}
		if p.Ping == 0 || op != ws.OpPong || !bytes.Equal(payloadOf(said[:head+size], head, masked), modelTerms[:]) {
			want = append(want, said[:head+size]...)
		}
		said = said[head+size:]
	}
}

// withoutSpeech takes the proxy's own frames out of what a side got; they stand at frame boundaries, and a Close last.
// tail is the frame that is not whole.
func withoutSpeech(m *model, got []byte, masked bool) (rest, tail []byte) {
	for {
		head, size, op, ok := naive(got, masked)
		if !ok || len(got) < head+size {
			return rest, got
		}
		payload := payloadOf(got[:head+size], head, masked)
		switch {
		case op == ws.OpPing && bytes.Equal(payload, modelTerms[:]):
		case op == ws.OpClose && m.d.closing && len(got) == head+size:
			return rest, nil
		default:
			rest = append(rest, got[:head+size]...)
		}
		got = got[head+size:]
	}
}

// conversation makes valid frames, among them answers to the proxy's pings, out of a seed.
func conversation(rng *rand.Rand, masked bool) (out []byte) {
	inside := false
	for range rng.IntN(20) {
		payload := make([]byte, rng.IntN(1<<rng.IntN(11)))
		for i := range payload {
			payload[i] = byte(rng.Uint32())
		}
		switch rng.IntN(6) {
		case 0:
			out = append(out, frame(masked, ws.OpPong, modelTerms[:])...)
		case 1:
			out = append(out, frame(masked, ws.OpPing, payload[:min(len(payload), 125)])...)
		default:
			first := byte(ws.OpBinary)
			if inside {
				first = ws.OpContinuation
			}
			if inside = rng.IntN(3) == 0; !inside {
				first |= 0x80
			}
			out = append(out, rawFrame(masked, first, payload)...)
		}
	}
	if rng.IntN(3) == 0 {
		out = append(out, ws.AppendClose(nil, 1000, masked)...)
	}
	return out
}

func modelPolicy(rng *rand.Rand) Policy {
	p := Policy{WebSocket: rng.IntN(8) > 0, Strict: rng.IntN(4) == 0}
	for _, d := range []*time.Duration{&p.Idle, &p.Lifetime, &p.HalfClosed} {
		if rng.IntN(4) == 0 {
			*d = time.Duration(1+rng.IntN(1000)) * time.Second
		}
	}
	if rng.IntN(2) == 0 {
		p.Ping = time.Duration(1+rng.IntN(60)) * time.Second
	}
	if rng.IntN(3) == 0 {
		p.MaxMessage = int64(1 + rng.IntN(1500))
	}
	return p
}

func playSeed(t *testing.T, seed uint64, schedule []byte) {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 1))
	up, down := conversation(rng, true), conversation(rng, false)
	if seed%5 == 0 { // no frames at all
		for i := range up {
			up[i] = byte(rng.Uint32())
		}
	}
	runModel(t, modelPolicy(rng), up, down, schedule)
}

func TestModel(t *testing.T) {
	for seed := range uint64(20_000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		schedule := make([]byte, 2*rng.IntN(200))
		for i := range schedule {
			schedule[i] = byte(rng.Uint32())
		}
		playSeed(t, seed, schedule)
	}
}

func FuzzModel(f *testing.F) {
	f.Add(uint64(1), []byte{0, 9, 0x80, 9, 5, 200, 0x85, 200, 10, 0, 0x8a, 3})
	f.Fuzz(playSeed)
}

// TestAnswersEndClosing: when both sides have answered the proxy's Close, nothing is waited for.
func TestAnswersEndClosing(t *testing.T) {
	for _, cut := range []int{0, 1, 2, 7} {
		var m machine
		m.begin(&terms{Policy: Policy{WebSocket: true, Strict: true}}, 0)
		part := frame(true, ws.OpClose, []byte{3, 233})
		if out := m.received(client, part[:cut], cut, 0); len(out) != 0 && cut < len(part)-1 {
			t.Fatalf("%x went through", out)
		}
		m.end(ws.CodeGoingAway, EndDrain, 0)
		m.speech(client)
		m.speech(backend)
		buf := make([]byte, headroom, 100)
		at := m.prepend(client, buf)
		m.received(client, append(buf, part[cut:]...)[at:], len(part)-cut, 0)
		if m.over {
			t.Errorf("cut at %d: over before the backend has answered", cut)
		}
		m.received(backend, frame(false, ws.OpClose, nil), 2, 0)
		if !m.over {
			t.Errorf("cut at %d: not over", cut)
		}
	}
}
