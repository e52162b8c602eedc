package tunnel

import (
	"bytes"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"transom/internal/wire/ws"
)

// relays are all engines; each runs the whole suite over each kind of connection.
var relays = map[string]func() Relay{
	"portable": NewPortable,
	"best":     func() Relay { return New(Options{}) },
}

// kinds are what may stand around the relay's ends: the client's, the backend's.
var kinds = map[string][2]wrap{
	"plain":   {plain, plain},
	"tls13":   {secured(tls.VersionTLS13, true), secured(tls.VersionTLS13, false)},
	"tls12":   {secured(tls.VersionTLS12, true), secured(tls.VersionTLS12, false)},
	"front":   {secured(tls.VersionTLS13, true), plain},
	"behind":  {plain, secured(tls.VersionTLS13, false)},
	"wrapped": {opaquely, plain},
	"foreign": {func(t testing.TB, near, far net.Conn) (net.Conn, net.Conn) { // TLS without a Transport
		near, far = secured(tls.VersionTLS13, true)(t, near, far)
		return foreign{near.(*tls.Conn)}, far
	}, plain},
}

// foreign is a TLS connection that is not crypto/tls's.
type foreign struct{ *tls.Conn }

var framed = Policy{WebSocket: true}

func TestRelay(t *testing.T) {
	for engine, relay := range relays {
		for kind, w := range kinds {
			for name, test := range suite {
				t.Run(engine+"/"+kind+"/"+name, func(t *testing.T) {
					t.Parallel()
					r := relay()
					test(t, func(o rigOptions) *rig {
						o.front, o.behind = w[0], w[1]
						return newRig(t, r, o)
					})
					r.Shutdown()
					if n := r.Count(); n != 0 {
						t.Errorf("%d tunnels after Shutdown", n)
					}
				})
			}
		}
	}
}

type maker func(rigOptions) *rig

var suite = map[string]func(t *testing.T, mk maker){
	"BytesBehindTheHandshake": testBuffered,
	"Messages":                testMessages,
	"HalfCloseByClient":       func(t *testing.T, mk maker) { testHalfClose(t, mk, client) },
	"HalfCloseByBackend":      func(t *testing.T, mk maker) { testHalfClose(t, mk, backend) },
	"BackPressure":            testBackPressure,
	"LargeBothWays":           testLarge,
	"ResetByClient":           func(t *testing.T, mk maker) { testReset(t, mk, client) },
	"ResetByBackend":          func(t *testing.T, mk maker) { testReset(t, mk, backend) },
	"Idle":                    testIdle,
	"Lifetime":                testLifetime,
	"HalfClosed":              testHalfClosed,
	"PingAnswered":            testPingAnswered,
	"PingUnanswered":          testPingUnanswered,
	"PingWaitsForBoundary":    testPingBoundary,
	"MaxMessage":              testMaxMessage,
	"MaxMessageSplit":         testMaxMessageSplit,
	"Strict":                  testStrict,
	"Opaque":                  testOpaque,
	"OpaqueHeld":              testOpaqueHeld,
	"OpaqueFromTheStart":      testConnect,
	"Drain":                   testDrain,
	"DrainAtBoundary":         testDrainBoundary,
	"DrainAfterClose":         testDrainAfterClose,
	"CloseByID":               testCloseByID,
	"List":                    testList,
	"Shutdown":                testShutdown,
}

func testBuffered(t *testing.T, mk maker) {
	up, down := frame(true, ws.OpText, []byte("early")), frame(false, ws.OpText, []byte("bird"))
	r := mk(rigOptions{policy: framed, fromClient: string(up[:4]), fromBackend: string(down)})
	r.send(r.client, up[4:])
	r.send(r.backend, down)
	r.expect(r.backend, up)
	r.expect(r.client, append(down, down...))
	res := r.hangUp()
	if res.FromClient != (Traffic{int64(len(up)), 1}) || res.FromBackend != (Traffic{2 * int64(len(down)), 2}) {
		t.Errorf("counted %+v, %+v", res.FromClient, res.FromBackend)
	}
}

func testMessages(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: framed})
	for range 50 {
		up := frame(true, ws.OpBinary, make([]byte, rand.IntN(300)))
		r.send(r.client, up)
		r.expect(r.backend, up)
		down := frame(false, ws.OpText, make([]byte, rand.IntN(300)))
		r.send(r.backend, down)
		r.expect(r.client, down)
	}
	bye := ws.AppendClose(nil, 1000, true)
	r.send(r.client, bye)
	r.expect(r.backend, bye)
	bye = ws.AppendClose(nil, 1000, false)
	r.send(r.backend, bye)
	r.backend.Close()
	r.expect(r.client, bye)
	r.expectEOF(r.client)
	r.client.Close()
	res := r.end()
	if res.FromClient.Messages != 50 || res.FromBackend.Messages != 50 || res.CloseCode != 1000 || res.EndedBy != EndClient ||
		res.Err != nil || res.Opaque {
		t.Errorf("result %+v", res)
	}
}

func (r *rig) ends(s side) (from, to net.Conn) {
	if s == client {
		return r.client, r.backend
	}
	return r.backend, r.client
}

func testHalfClose(t *testing.T, mk maker, s side) {
	r := mk(rigOptions{})
	from, to := r.ends(s)
	r.send(from, []byte("last words"))
	from.(interface{ CloseWrite() error }).CloseWrite()
	r.expect(to, []byte("last words"))
	r.expectEOF(to)
	long := bytes.Repeat([]byte("goes on "), 50_000)
	go r.send(to, long)
	r.expect(from, long)
	to.Close()
	r.expectEOF(from)
	if res := r.end(); res.EndedBy != EndClient+End(s) || res.Err != nil {
		t.Errorf("result %+v", res)
	}
}

// testBackPressure: while nobody reads, the sender comes to a halt; and nothing is lost by that.
func testBackPressure(t *testing.T, mk maker) {
	const total = 64 << 20
	r := mk(rigOptions{})
	var sent atomic.Int64
	go func() {
		for chunk := make([]byte, 64<<10); sent.Load() < total; sent.Add(int64(len(chunk))) {
			r.send(r.client, chunk)
		}
		closeWrite(r.client)
	}()
	for before := int64(-1); sent.Load() != before; time.Sleep(300 * time.Millisecond) {
		before = sent.Load()
	}
	if sent.Load() == total {
		t.Error("the relay goes on reading although nobody takes it")
	}
	if n, err := io.Copy(io.Discard, r.backend); n != total || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	r.hangUp()
}

func testLarge(t *testing.T, mk maker) { testBothWays(t, mk, 4<<20) }

func testBothWays(t *testing.T, mk maker, size int) {
	r := mk(rigOptions{policy: framed})
	up, down := randomFrames(true, size), randomFrames(false, size)
	go r.send(r.client, up)
	go r.send(r.backend, down)
	got := make(chan error)
	go func() {
		b := make([]byte, len(down))
		_, err := io.ReadFull(r.client, b)
		if err == nil && !bytes.Equal(b, down) {
			err = io.ErrNoProgress
		}
		got <- err
	}()
	r.expect(r.backend, up)
	if err := <-got; err != nil {
		t.Error(err)
	}
	if res := r.hangUp(); res.Opaque || res.FromClient.Bytes != int64(len(up)) || res.FromBackend.Bytes != int64(len(down)) {
		t.Errorf("result %+v", res)
	}
}

func randomFrames(masked bool, size int) (out []byte) {
	for len(out) < size {
		payload := make([]byte, rand.IntN(1<<rand.IntN(19)))
		for i := range payload {
			payload[i] = byte(rand.Uint32())
		}
		out = append(out, frame(masked, ws.OpBinary, payload)...)
	}
	return out
}

func testReset(t *testing.T, mk maker, s side) {
	r := mk(rigOptions{})
	from, to := r.ends(s)
	r.send(from, []byte("x"))
	r.expect(to, []byte("x"))
	abort(from)
	r.expectReset(to)
	if res := r.end(); res.EndedBy != EndClient+End(s) || res.Err == nil {
		t.Errorf("result %+v", res)
	}
}

// closedWith reads the Close frame at both ends, answers it, and returns the result.
func (r *rig) closedWith(code int) Result {
	r.t.Helper()
	for _, s := range []side{client, backend} {
		c, _ := r.ends(s)
		if got := r.expectClose(c, s == backend); got != code {
			r.t.Errorf("side %d was closed with %d, want %d", s, got, code)
		}
	}
	r.client.Write(ws.AppendClose(nil, code, true))
	r.backend.Write(ws.AppendClose(nil, code, false))
	r.expectEOF(r.client)
	r.expectEOF(r.backend)
	res := r.end()
	if res.CloseCode != code {
		r.t.Errorf("result %+v", res)
	}
	return res
}

func testIdle(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, Idle: 50 * time.Millisecond}})
	if res := r.closedWith(ws.CodeGoingAway); res.EndedBy != EndIdle {
		t.Errorf("ended by %v", res.EndedBy)
	}
	r = mk(rigOptions{policy: Policy{Idle: 50 * time.Millisecond}})
	r.expectEOF(r.client)
	r.expectEOF(r.backend)
	if res := r.end(); res.EndedBy != EndIdle || res.CloseCode != 0 {
		t.Errorf("result %+v", res)
	}
}

func testLifetime(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, Lifetime: 50 * time.Millisecond}})
	if res := r.closedWith(ws.CodeGoingAway); res.EndedBy != EndLifetime {
		t.Errorf("ended by %v", res.EndedBy)
	}
}

func testHalfClosed(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{HalfClosed: 50 * time.Millisecond}})
	r.client.(interface{ CloseWrite() error }).CloseWrite()
	r.expectEOF(r.backend)
	r.expectEOF(r.client)
	if res := r.end(); res.EndedBy != EndHalfClosed {
		t.Errorf("ended by %v", res.EndedBy)
	}
}

// readFrame reads one short frame and returns its opcode and payload.
func (r *rig) readFrame(c net.Conn, masked bool) (byte, []byte) {
	r.t.Helper()
	head := make([]byte, 2, 8)
	if masked {
		head = head[:6]
	}
	if _, err := io.ReadFull(c, head); err != nil {
		r.t.Fatal(err)
	}
	payload := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(c, payload); err != nil {
		r.t.Fatal(err)
	}
	if masked {
		for i := range payload {
			payload[i] ^= head[2+i&3]
		}
	}
	return head[0] & 0x0f, payload
}

func testPingAnswered(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, Ping: 3 * time.Second}})
	stop := make(chan bool)
	answer := func(s side) {
		c, _ := r.ends(s)
		for range 2 {
			op, payload := r.readFrame(c, s == backend)
			if op != ws.OpPing {
				t.Errorf("side %d got opcode %d", s, op)
			}
			pong := frame(s == client, ws.OpPong, payload)
			for i := range pong { // byte by byte
				r.send(c, pong[i:i+1])
			}
		}
		stop <- true
	}
	go answer(client)
	go answer(backend)
	<-stop
	<-stop
	// Foreign pongs pass; the answers have not.
	pong := frame(true, ws.OpPong, []byte("someones"))
	r.send(r.client, pong)
	for {
		op, payload := r.readFrame(r.backend, true)
		if op == ws.OpPong && string(payload) == "someones" {
			break
		}
		if op != ws.OpPing {
			t.Fatalf("got opcode %d %q", op, payload)
		}
	}
	if res := r.hangUp(); res.EndedBy == EndPing {
		t.Errorf("result %+v", res)
	}
}

func testPingUnanswered(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, Ping: 50 * time.Millisecond}})
	if res := r.closedWith(ws.CodeGoingAway); res.EndedBy != EndPing {
		t.Errorf("ended by %v", res.EndedBy)
	}
}

func testPingBoundary(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, Ping: time.Second}})
	message := frame(true, ws.OpText, []byte("half a message"))
	r.send(r.client, message[:9])
	r.expect(r.backend, message[:9])
	op, payload := r.readFrame(r.client, false) // the client's direction is at a boundary, so it is pinged
	if op != ws.OpPing {
		t.Fatalf("opcode %d", op)
	}
	next := frame(true, ws.OpText, []byte("another"))
	r.send(r.client, append(message[9:], next...))
	r.expect(r.backend, message[9:])
	if op, _ := r.readFrame(r.backend, true); op != ws.OpPing {
		t.Fatalf("the backend got opcode %d at its first boundary", op)
	}
	r.expect(r.backend, next)
	r.send(r.client, frame(true, ws.OpPong, payload))
	r.hangUp()
}

func testMaxMessage(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, MaxMessage: 1000}})
	fine := frame(true, ws.OpBinary, make([]byte, 1000))
	first := rawFrame(true, ws.OpBinary, make([]byte, 900))
	r.send(r.client, append(append(fine, first...), frame(true, ws.OpContinuation, make([]byte, 101))...))
	r.expect(r.backend, append(fine, first...))
	if res := r.closedWith(ws.CodeTooBig); res.EndedBy != EndMaxMessage {
		t.Errorf("ended by %v", res.EndedBy)
	}
}

func testMaxMessageSplit(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, MaxMessage: 1000}})
	big := frame(false, ws.OpBinary, make([]byte, 70_000))
	for i := range 20 {
		r.send(r.backend, big[i:i+1])
	}
	r.send(r.backend, big[20:])
	if res := r.closedWith(ws.CodeTooBig); res.EndedBy != EndMaxMessage {
		t.Errorf("ended by %v", res.EndedBy)
	}
}

func testStrict(t *testing.T, mk maker) {
	fine := frame(true, ws.OpText, []byte("fine"))
	for name, bad := range map[string][]byte{
		"unmasked": frame(false, ws.OpText, []byte("x")),
		"reserved": rawFrame(true, 0xC1, []byte("x")),
		"opcode":   frame(true, 3, nil),
		"fragment": rawFrame(true, ws.OpPing, nil),
		"code":     frame(true, ws.OpClose, []byte{1005 >> 8, 1005 & 0xff}),
	} {
		r := mk(rigOptions{policy: Policy{WebSocket: true, Strict: true}})
		r.send(r.client, append(fine[:len(fine):len(fine)], bad...))
		r.expect(r.backend, fine)
		for _, s := range []side{client, backend} {
			c, _ := r.ends(s)
			if got := r.expectClose(c, s == backend); got != ws.CodeProtocolError {
				t.Errorf("%s: side %d was closed with %d", name, s, got)
			}
		}
		if res := r.hangUp(); res.EndedBy != EndStrict {
			t.Errorf("%s: result %+v", name, res)
		}
	}
}

func testOpaque(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: framed})
	up, down := []byte("GET / HTTP/1.1\r\n\r\n"), []byte("no frames either\n")
	r.send(r.client, up)
	r.expect(r.backend, up)
	r.send(r.backend, down)
	r.expect(r.client, down)
	if res := r.hangUp(); !res.Opaque || res.CloseCode != 0 {
		t.Errorf("result %+v", res)
	}
}

// testOpaqueHeld: what was held back as the start of a frame goes on when the stream turns out to have no frames.
func testOpaqueHeld(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{WebSocket: true, MaxMessage: 10}})
	r.send(r.backend, []byte{1})
	waitFor(t, "the byte is there", func() bool { return r.relay.List()[0].FromBackend.Bytes == 1 })
	r.send(r.client, []byte("GET"))
	r.expect(r.backend, []byte("GET"))
	r.expect(r.client, []byte{1})
	r.hangUp()
}

func testConnect(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: Policy{Ping: 10 * time.Millisecond, MaxMessage: 1, Strict: true}, fromClient: "a"})
	r.send(r.client, []byte("bc"))
	r.expect(r.backend, []byte("abc"))
	if res := r.hangUp(); !res.Opaque || res.FromClient.Bytes != 3 {
		t.Errorf("result %+v", res)
	}
}

func testDrain(t *testing.T, mk maker) {
	var rigs []*rig
	for range 5 {
		rigs = append(rigs, mk(rigOptions{policy: framed}))
	}
	relay := rigs[0].relay
	relay.Drain(50 * time.Millisecond)
	for _, r := range rigs {
		if res := r.closedWith(ws.CodeGoingAway); res.EndedBy != EndDrain {
			t.Errorf("ended by %v", res.EndedBy)
		}
	}
	drained(t, relay)
	late := mk(rigOptions{policy: framed})
	late.closedWith(ws.CodeGoingAway)
}

func testDrainBoundary(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: framed})
	message := frame(false, ws.OpText, []byte("half a message"))
	r.send(r.backend, message[:9])
	r.expect(r.client, message[:9])
	r.relay.Drain(0)
	if got := r.expectClose(r.backend, true); got != ws.CodeGoingAway {
		t.Errorf("the backend was closed with %d", got)
	}
	r.send(r.backend, append(message[9:], ws.AppendClose(nil, 1001, false)...))
	r.expect(r.client, message[9:])
	if got := r.expectClose(r.client, false); got != ws.CodeGoingAway {
		t.Errorf("the client was closed with %d", got)
	}
	r.send(r.client, ws.AppendClose(nil, 1001, true))
	r.expectEOF(r.client)
	r.end()
}

// testDrainAfterClose: nothing is sent behind a Close frame that was passed on.
func testDrainAfterClose(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: framed})
	bye := ws.AppendClose(nil, 1000, true)
	r.send(r.client, bye)
	r.expect(r.backend, bye)
	r.relay.Drain(0)
	if got := r.expectClose(r.client, false); got != 1000 {
		t.Errorf("the client was closed with %d", got)
	}
	r.send(r.backend, ws.AppendClose(nil, 1000, false))
	r.expectEOF(r.backend)
	r.expectEOF(r.client)
	if res := r.end(); res.EndedBy != EndClient || res.CloseCode != 1000 {
		t.Errorf("result %+v", res)
	}
}

func testCloseByID(t *testing.T, mk maker) {
	r, other := mk(rigOptions{policy: framed}), mk(rigOptions{policy: framed})
	if !r.relay.Close(r.id, 1008) || r.relay.Close(r.id+other.id+1, 1008) {
		t.Error("Close knows the wrong ids")
	}
	if res := r.closedWith(1008); res.EndedBy != EndOperator || res.ID != r.id {
		t.Errorf("result %+v", res)
	}
	other.send(other.client, []byte{0x81, 0x80, 0, 0, 0, 0})
	other.expect(other.backend, []byte{0x81, 0x80, 0, 0, 0, 0})
}

func testList(t *testing.T, mk maker) {
	a := mk(rigOptions{policy: framed})
	b := mk(rigOptions{})
	up := frame(true, ws.OpText, []byte("hello"))
	a.send(a.client, up)
	a.expect(a.backend, up)
	list := a.relay.List()
	if len(list) != 2 || list[0].ID != a.id || list[1].ID != b.id || a.relay.Count() != 2 {
		t.Fatalf("list %+v", list)
	}
	s := list[0]
	if s.Label != (Label{"192.0.2.1:9", "shop.example", "/chat", "ws://app.example"}) || s.FromClient != (Traffic{11, 1}) ||
		s.Opaque || !list[1].Opaque || s.Started.IsZero() || s.Last.Before(s.Started) {
		t.Errorf("status %+v", s)
	}
}

func testShutdown(t *testing.T, mk maker) {
	r := mk(rigOptions{policy: framed})
	r.relay.Shutdown()
	r.expectEOF(r.client)
	r.expectEOF(r.backend)
	if res := r.end(); res.EndedBy != EndShutdown || res.CloseCode != ws.CodeAbnormal {
		t.Errorf("result %+v", res)
	}
	near, far := tcpPair(t)
	defer far.Close()
	if _, err := r.relay.Carry(Side{Conn: near}, Side{Conn: near}, Policy{}, Label{}, nil); err != ErrShutdown {
		t.Errorf("Carry after Shutdown: %v", err)
	}
}
