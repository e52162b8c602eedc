package tunnel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"transom/internal/wire/ws"
)

// patience is how long a test waits for what must happen. Nothing is asserted about how long it took.
const patience = 4 * time.Minute

// rig is one tunnel, seen from its two ends.
type rig struct {
	t       testing.TB
	relay   Relay
	id      uint64
	client  net.Conn
	backend net.Conn
	result  chan Result
}

type rigOptions struct {
	policy        Policy
	fromClient    string // buffered behind the request
	fromBackend   string // buffered behind the 101
	front, behind wrap   // what stands around the relay's ends
}

// wrap makes the two ends of a connection, the relay's first, out of two ends of a TCP connection.
type wrap func(t testing.TB, near, far net.Conn) (net.Conn, net.Conn)

func plain(_ testing.TB, near, far net.Conn) (net.Conn, net.Conn) { return near, far }

// opaquely hides a socket behind a wrapper that no relay knows.
func opaquely(_ testing.TB, near, far net.Conn) (net.Conn, net.Conn) {
	return hidden{near.(*net.TCPConn)}, far
}

type hidden struct{ *net.TCPConn }

func tcpPair(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

func newRig(t testing.TB, relay Relay, o rigOptions) *rig {
	t.Helper()
	r := &rig{t: t, relay: relay, result: make(chan Result, 1)}
	ends := [2]net.Conn{}
	for i, w := range []wrap{o.front, o.behind} {
		if w == nil {
			w = plain
		}
		near, far := tcpPair(t)
		near, far = w(t, near, far)
		far.SetDeadline(time.Now().Add(patience))
		ends[i] = near
		if i == 0 {
			r.client = far
		} else {
			r.backend = far
		}
		t.Cleanup(func() { far.Close() })
	}
	id, err := relay.Carry(Side{ends[0], []byte(o.fromClient)}, Side{ends[1], []byte(o.fromBackend)}, o.policy,
		Label{"192.0.2.1:9", "shop.example", "/chat", "ws://app.example"}, results(r.result))
	if err != nil {
		t.Fatal(err)
	}
	r.id = id
	return r
}

// results is told of one tunnel.
type results chan Result

func (c results) TunnelEnded(res *Result) { c <- *res }

func (r *rig) send(c net.Conn, b []byte) {
	r.t.Helper()
	if _, err := c.Write(b); err != nil {
		r.t.Fatalf("write: %v", err)
	}
}

// expect reads exactly want.
func (r *rig) expect(c net.Conn, want []byte) {
	r.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c, got)
	if err != nil || !bytes.Equal(got, want) {
		r.t.Fatalf("read %q, %v; want %q", clip(got[:n]), err, clip(want))
	}
}

func (r *rig) expectEOF(c net.Conn) {
	r.t.Helper()
	var b [64]byte
	if n, err := c.Read(b[:]); n != 0 || err != io.EOF {
		r.t.Fatalf("read %q, %v; want the end", b[:n], err)
	}
}

func (r *rig) expectReset(c net.Conn) {
	r.t.Helper()
	if _, err := io.Copy(io.Discard, c); !errors.Is(err, syscall.ECONNRESET) {
		r.t.Fatalf("read: %v; want a reset", err)
	}
}

// expectClose reads up to a Close frame and returns its code; the frame must be masked if it comes from a client.
func (r *rig) expectClose(c net.Conn, masked bool) int {
	r.t.Helper()
	f := ws.NewFollower(masked, false)
	b := make([]byte, 1)
	for f.CloseCode() == 0 || !f.AtBoundary() {
		if _, err := c.Read(b); err != nil {
			r.t.Fatalf("read: %v; want a Close frame", err)
		}
		for p := b; ; {
			n, ev := f.Next(p)
			p = p[n:]
			if ev == ws.Bad {
				r.t.Fatalf("invalid framing: %v", f.Err())
			}
			if ev == ws.More {
				break
			}
		}
	}
	return f.CloseCode()
}

func (r *rig) end() Result {
	r.t.Helper()
	select {
	case res := <-r.result:
		return res
	case <-time.After(patience):
		r.t.Fatal("the tunnel has not ended")
		return Result{}
	}
}

func (r *rig) hangUp() Result {
	r.t.Helper()
	r.client.Close()
	r.backend.Close()
	return r.end()
}

func clip(b []byte) []byte { return b[:min(len(b), 64)] }

func frame(masked bool, op byte, payload []byte) []byte {
	return rawFrame(masked, 0x80|op, payload)
}

func rawFrame(masked bool, first byte, payload []byte) []byte {
	out := []byte{first}
	var bit byte
	if masked {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		out = append(out, bit|byte(n))
	case n < 1<<16:
		out = append(out, bit|126, byte(n>>8), byte(n))
	default:
		out = append(out, bit|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	if !masked {
		return append(out, payload...)
	}
	key := [4]byte{1, 2, 3, 4}
	out = append(out, key[:]...)
	for i, b := range payload {
		out = append(out, b^key[i&3])
	}
	return out
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func drained(t *testing.T, relay Relay) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := relay.Wait(ctx); err != nil {
		t.Fatalf("%d tunnels left: %v", relay.Count(), err)
	}
}
