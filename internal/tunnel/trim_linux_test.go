package tunnel

import (
	"bytes"
	"crypto/tls"
	"testing"
	"unsafe"

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
			if at == noBuffer {
				t.Error("crypto/tls has other buffers now: see trim")
			} else if b := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(near), at)); b.Cap() > keptInput {
				t.Errorf("%d bytes are kept", b.Cap())
			}
		}
	})
	r.hangUp()
}
