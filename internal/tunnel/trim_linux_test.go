package tunnel

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"transom/internal/wire/ws"
)

// TestTrim: a large record leaves no large buffer behind, and the connection goes on.
func TestTrim(t *testing.T) {
	relay := New(Options{})
	defer relay.Shutdown()
	var near *tls.Conn
	r := newRig(t, relay, rigOptions{front: secured(tls.VersionTLS13, true), behind: plain})
	relay.(*looped).loops[0].ask(func() {
		relay.(*looped).loops[0].slab.all(func(t *slot) { near = t.port[client].secure.Conn })
	})
	for range 3 {
		big := frame(true, ws.OpBinary, bytes.Repeat([]byte("x"), 100_000))
		go r.send(r.client, big)
		r.expect(r.backend, big)
		r.send(r.backend, []byte("small"))
		r.expect(r.client, []byte("small"))
	}
	relay.(*looped).loops[0].ask(func() {
		for _, at := range tlsBuffers {
			if at == noField {
				t.Error("crypto/tls has other buffers now: see trim")
			} else if b := field[bytes.Buffer](near, at); b.Cap() > keptInput {
				t.Errorf("%d bytes are kept", b.Cap())
			}
		}
	})
	r.hangUp()
}

// TestHolds: what a TLS connection has read ahead is seen, be it decrypted or not.
func TestHolds(t *testing.T) {
	near, far := tcpPair(t)
	near, far = secured(tls.VersionTLS13, true)(t, near, far)
	defer near.Close()
	defer far.Close()
	c := near.(*tls.Conn)
	expect := func(what string, want bool) {
		t.Helper()
		if holds(c) != want {
			t.Errorf("%s: holds is %v", what, !want)
		}
	}
	read := func(n int) {
		t.Helper()
		if _, err := io.ReadFull(c, make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	if tlsInput == noField {
		t.Fatal("crypto/tls has another input now: see holds")
	}
	expect("after the handshake", false)
	far.Write([]byte("one"))
	read(2)
	expect("with a byte of a record left", true)
	read(1)
	expect("behind the record", false)
	raw := far.(*tls.Conn).NetConn()
	raw.Write([]byte{23, 3, 3, 0}) // the beginning of a record
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	for !holds(c) {
		if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
