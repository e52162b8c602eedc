package tunnel

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// secured puts TLS of one version around the connection; either end may be the server.
func secured(version uint16, relayIsServer bool) wrap {
	return func(t *testing.T, near, far net.Conn) (net.Conn, net.Conn) {
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
