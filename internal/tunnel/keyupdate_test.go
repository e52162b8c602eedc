package tunnel

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"testing"
)

// tlsHalf is one direction of a TLS 1.3 connection with TLS_AES_128_GCM_SHA256, in the hands of the test: crypto/tls
// has no way to send a KeyUpdate.
type tlsHalf struct {
	t      *testing.T
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func newTLSHalf(t *testing.T, secret []byte) *tlsHalf {
	t.Helper()
	block, err := aes.NewCipher(expandLabel(t, secret, "key", 16))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return &tlsHalf{t: t, secret: secret, aead: aead, iv: expandLabel(t, secret, "iv", 12)}
}

// expandLabel is HKDF-Expand-Label of RFC 8446 section 7.1, without a context.
func expandLabel(t *testing.T, secret []byte, label string, size int) []byte {
	t.Helper()
	info := append([]byte{0, byte(size), byte(6 + len(label))}, "tls13 "+label+"\x00"...)
	out, err := hkdf.Expand(sha256.New, secret, string(info), size)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (h *tlsHalf) next() *tlsHalf {
	h.t.Helper()
	return newTLSHalf(h.t, expandLabel(h.t, h.secret, "traffic upd", 32))
}

func (h *tlsHalf) nonce() []byte {
	n := bytes.Clone(h.iv)
	for i, b := range binary.BigEndian.AppendUint64(nil, h.seq) {
		n[4+i] ^= b
	}
	h.seq++
	return n
}

const (
	recordAlert       = 21
	recordHandshake   = 22
	recordApplication = 23
)

func (h *tlsHalf) seal(kind byte, payload []byte) []byte {
	plain := append(bytes.Clone(payload), kind)
	head := []byte{recordApplication, 3, 3, 0, 0}
	binary.BigEndian.PutUint16(head[3:], uint16(len(plain)+16))
	return h.aead.Seal(head, h.nonce(), plain, head)
}

func (h *tlsHalf) read(c net.Conn) (kind byte, payload []byte) {
	h.t.Helper()
	head := make([]byte, 5)
	if _, err := io.ReadFull(c, head); err != nil {
		h.t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(c, body); err != nil {
		h.t.Fatal(err)
	}
	plain, err := h.aead.Open(nil, h.nonce(), body, head)
	if err != nil {
		h.t.Fatal(err)
	}
	plain = bytes.TrimRight(plain, "\x00")
	return plain[len(plain)-1], plain[:len(plain)-1]
}

// ticketless keeps the server from sending records of its own accord, and the suite is one that tlsHalf knows.
func keyUpdateRig(t *testing.T, relay Relay) (r *rig, out, in *tlsHalf, c net.Conn) {
	var keys strings.Builder
	r = newRig(t, relay, rigOptions{front: func(t testing.TB, near, far net.Conn) (net.Conn, net.Conn) {
		server := &tls.Config{Certificates: []tls.Certificate{certificate()}, SessionTicketsDisabled: true, MinVersion: tls.VersionTLS13}
		n, f := tls.Server(NewTransport(near), server), tls.Client(far, &tls.Config{InsecureSkipVerify: true, KeyLogWriter: &keys})
		failed := make(chan error)
		go func() { failed <- f.Handshake() }()
		if err := n.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
		if s := f.ConnectionState().CipherSuite; s != tls.TLS_AES_128_GCM_SHA256 {
			t.Fatalf("cipher suite %s", tls.CipherSuiteName(s))
		}
		c = far
		return n, f
	}})
	secret := func(label string) []byte {
		for line := range strings.Lines(keys.String()) {
			if f := strings.Fields(line); f[0] == label {
				b, _ := hex.DecodeString(f[2])
				return b
			}
		}
		t.Fatalf("no %s in the key log", label)
		return nil
	}
	return r, newTLSHalf(t, secret("CLIENT_TRAFFIC_SECRET_0")), newTLSHalf(t, secret("SERVER_TRAFFIC_SECRET_0")), c
}

// TestKeyUpdate: the answer to a KeyUpdate is written while the connection is read, also when it came in pieces.
func TestKeyUpdate(t *testing.T) {
	for engine, make := range relays {
		t.Run(engine, func(t *testing.T) {
			relay := make()
			defer relay.Shutdown()
			r, out, in, c := keyUpdateRig(t, relay)
			for i := range 5 {
				update := out.seal(recordHandshake, []byte{24, 0, 0, 1, 1}) // update_requested
				out = out.next()
				update = append(update, out.seal(recordApplication, []byte("under new keys"))...)
				cut := i * 13
				r.send(c, update[:cut])
				r.send(c, update[cut:])
				r.expect(r.backend, []byte("under new keys"))
				if kind, p := in.read(c); kind != recordHandshake || !bytes.Equal(p, []byte{24, 0, 0, 1, 0}) {
					t.Fatalf("answer %d %x", kind, p)
				}
				in = in.next()
				r.send(r.backend, []byte("likewise"))
				if kind, p := in.read(c); kind != recordApplication || string(p) != "likewise" {
					t.Fatalf("got %d %q", kind, p)
				}
			}
			r.send(c, out.seal(recordAlert, []byte{1, 0})) // close_notify
			r.expectEOF(r.backend)
			r.send(r.backend, []byte("still heard"))
			if kind, p := in.read(c); kind != recordApplication || string(p) != "still heard" {
				t.Fatalf("got %d %q", kind, p)
			}
			r.backend.Close()
			if kind, p := in.read(c); kind != recordAlert || !bytes.Equal(p, []byte{1, 0}) {
				t.Fatalf("got %d %x, want close_notify", kind, p)
			}
			if res := r.end(); res.Err != nil || res.EndedBy != EndClient {
				t.Errorf("result %+v", res)
			}
		})
	}
}

// TestBadRecord: a connection whose records do not decrypt is broken, and its peer learns that.
func TestBadRecord(t *testing.T) {
	for engine, make := range relays {
		t.Run(engine, func(t *testing.T) {
			relay := make()
			defer relay.Shutdown()
			r, out, _, c := keyUpdateRig(t, relay)
			bad := out.seal(recordApplication, []byte("x"))
			bad[len(bad)-1] ^= 1
			r.send(c, append(out.next().seal(recordApplication, nil), bad...))
			r.expectReset(r.backend)
			if res := r.end(); res.Err == nil || res.EndedBy != EndClient {
				t.Errorf("result %+v", res)
			}
		})
	}
}

// TestRenegotiation: a handshake message inside a connection is refused.
func TestRenegotiation(t *testing.T) {
	relay := New(Options{})
	defer relay.Shutdown()
	r, out, _, c := keyUpdateRig(t, relay)
	r.send(c, out.seal(recordHandshake, []byte{1, 0, 0, 2, 3, 3})) // client_hello
	r.expectReset(r.backend)
	if res := r.end(); res.Err == nil {
		t.Errorf("result %+v", res)
	}
}
