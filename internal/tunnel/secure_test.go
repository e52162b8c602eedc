package tunnel

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

// secured puts TLS of one version around the connection; either end may be the server.
func secured(version uint16, relayIsServer bool) wrap {
	return func(t testing.TB, near, far net.Conn) (net.Conn, net.Conn) {
		t.Helper()
		server := &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: version, MaxVersion: version}
		peer := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
		var n, f *tls.Conn
		if relayIsServer {
			n, f = tls.Server(NewTransport(near), server), tls.Client(far, peer)
		} else {
			n, f = tls.Client(NewTransport(near), peer), tls.Server(far, server)
		}
		failed := make(chan error)
		go func() { failed <- f.Handshake() }()
		if err := errors.Join(n.Handshake(), <-failed); err != nil {
			t.Fatal(err)
		}
		return n, f
	}
}

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// abort resets a connection, whatever is around it.
func abort(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	c.(interface{ SetLinger(int) error }).SetLinger(0)
	c.Close()
}

// chopper writes in pieces, so that records lie across segments.
type chopper struct{ *net.TCPConn }

func (c chopper) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var k int
		k, err = c.TCPConn.Write(p[n:min(len(p), n+1+mathrand.IntN(1+mathrand.IntN(3000)))])
		n += k
	}
	return n, err
}

// TestRecordsInPieces: records of all sizes, across segments, in both directions at once, into buffers that are too
// small for one of them, so that writes fall short.
func TestRecordsInPieces(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		chopped := func(server bool) wrap {
			return func(t testing.TB, near, far net.Conn) (net.Conn, net.Conn) {
				near.(*net.TCPConn).SetWriteBuffer(16 << 10)
				far.(*net.TCPConn).SetReadBuffer(16 << 10)
				return secured(version, server)(t, near, chopper{far.(*net.TCPConn)})
			}
		}
		t.Run(tls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			relay := New(Options{})
			defer relay.Shutdown()
			testBothWays(t, func(o rigOptions) *rig {
				o.front, o.behind = chopped(true), chopped(false)
				return newRig(t, relay, o)
			}, 300_000)
		})
	}
}

// TestTruncated: a TLS peer that ends its TCP stream without close_notify has ended its direction all the same.
func TestTruncated(t *testing.T) {
	for engine, make := range relays {
		t.Run(engine, func(t *testing.T) {
			relay := make()
			defer relay.Shutdown()
			r := newRig(t, relay, rigOptions{front: kinds["tls13"][0]})
			r.send(r.client, []byte("bye"))
			r.client.(*tls.Conn).NetConn().(*net.TCPConn).CloseWrite()
			r.expect(r.backend, []byte("bye"))
			r.expectEOF(r.backend)
			r.send(r.backend, []byte("good bye"))
			r.expect(r.client, []byte("good bye"))
			r.backend.Close()
			r.expectEOF(r.client)
			if res := r.end(); res.Err != nil {
				t.Errorf("result %+v", res)
			}
		})
	}
}

// TestPlaintextInside: what crypto/tls has already decrypted when the relay takes over is carried.
func TestPlaintextInside(t *testing.T) {
	relay := New(Options{})
	defer relay.Shutdown()
	early := func(t testing.TB, near, far net.Conn) (net.Conn, net.Conn) {
		near, far = kinds["tls13"][0](t, near, far)
		far.Write([]byte("request+more"))
		if _, err := io.ReadFull(near, make([]byte, 8)); err != nil {
			t.Fatal(err)
		}
		return near, far
	}
	r := newRig(t, relay, rigOptions{front: early})
	r.expect(r.backend, []byte("more"))
	r.hangUp()
}

// TestIdleOwnsNoGoroutine: tunnels over plain sockets and over TLS wait in the event loop.
func TestIdleOwnsNoGoroutine(t *testing.T) {
	relay := New(Options{})
	defer relay.Shutdown()
	if relay, ok := relay.(*portable); ok {
		t.Logf("no event loops on this system: %T", relay)
		return
	}
	before := runtime.NumGoroutine()
	for _, kind := range []string{"plain", "tls12", "tls13", "front", "behind"} {
		r := newRig(t, relay, rigOptions{front: kinds[kind][0], behind: kinds[kind][1]})
		r.send(r.client, []byte("ping"))
		r.expect(r.backend, []byte("ping"))
		r.send(r.backend, []byte("pong"))
		r.expect(r.client, []byte("pong"))
	}
	waitFor(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= before })
}
