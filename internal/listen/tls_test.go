package listen

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func certificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"x"}},
		&x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func tlsSettings(t *testing.T) *Settings {
	s := DefaultSettings()
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate(t)}, NextProtos: []string{"h2", "http/1.1"}}
	return s
}

func (r *rig) client(h2 bool) *http.Client {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "x"}, ForceAttemptHTTP2: h2}
	r.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestTLS(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789"), 100_000)
	r := start(t, tlsSettings(t), func(w http.ResponseWriter, r *http.Request) {
		info := told(r)
		if info.TLS == nil || r.TLS != info.TLS || info.TLS.ServerName != "x" {
			t.Error("no state of TLS")
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s|%v", r.Proto, info.Line, body, info.Bad)
		if r.URL.Path == "/big" {
			w.Write(big)
		}
	})
	for _, h2 := range []bool{false, true} {
		client := r.client(h2)
		proto := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[h2]
		for _, path := range []string{"/a", "/big"} {
			res, err := client.Post("https://"+r.addr+path, "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(res.Body)
			res.Body.Close()
			want := proto + " POST " + path + " " + proto + " hello|<nil>"
			if path == "/big" {
				want += string(big)
			}
			if string(got) != want || err != nil {
				t.Errorf("%.100q, %v", got, err)
			}
		}
	}
}

func TestHTTP2Info(t *testing.T) {
	var in, out atomic.Int64
	aborted := make(chan bool, 1)
	r := start(t, tlsSettings(t), func(w http.ResponseWriter, r *http.Request) {
		info := told(r)
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "hello")
		info.AfterResponse(func() { in.Store(info.BytesIn()); out.Store(info.BytesOut()) })
		if r.URL.Path == "/abort" {
			w.(http.Flusher).Flush()
			info.Abort()
			info.AfterResponse(func() { aborted <- true })
		}
	})
	client := r.client(true)
	res, err := client.Post("https://"+r.addr+"/", "", strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if in.Load() != 3 || out.Load() != 5 {
		t.Errorf("in %d, out %d", in.Load(), out.Load())
	}
	if st := r.Snapshot(); len(st) != 1 || st[0].Protocol != "h2" || st[0].Accesses != 1 {
		t.Errorf("%+v", st)
	}
	res, err = client.Get("https://" + r.addr + "/abort")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("an aborted response ended well")
	}
	res.Body.Close()
	<-aborted
}

// HTTP/1's connection fields have no place in HTTP/2 (RFC 9113 8.2.2).
func TestHTTP2RefusesConnectionFields(t *testing.T) {
	r := start(t, tlsSettings(t), func(w http.ResponseWriter, r *http.Request) { t.Errorf("served %v", r.Header) })
	for _, field := range [][2]string{{"connection", "upgrade"}, {"upgrade", "websocket"}, {"keep-alive", "1"}, {"proxy-connection", "x"}, {"te", "gzip"}, {"transfer-encoding", "chunked"}} {
		c := r.h2()
		c.ask(1, true, field[:]...)
		if status := c.answer(); status != "400" && status != "reset" {
			t.Errorf("%s: %s", field[0], status)
		}
	}
}

func TestPlainOnTLSPort(t *testing.T) {
	r := start(t, tlsSettings(t), answer)
	out := r.talk("GET / HTTP/1.1\nHost: x\n\n")
	if !strings.HasPrefix(out, "HTTP/1.1 400 ") || !strings.Contains(out, "Connection: close\n") || !strings.HasSuffix(out, "speaking plain HTTP to an SSL-enabled server port\n") {
		t.Error(out)
	}
}

func TestHandshakeThatStalls(t *testing.T) {
	t.Parallel()
	s := tlsSettings(t)
	s.HandshakeTimeout = Pace{First: 500 * time.Millisecond}
	r := listening(t)
	clients := map[string]net.Conn{}
	for _, in := range []string{"", "\x16", "\x16\x03\x01\x02\x00"} {
		clients[in] = r.dial()
		io.WriteString(clients[in], in)
	}
	r.serve(func(netip.AddrPort, string) *Settings { return s }, answer)
	for in, c := range clients {
		if out, err := io.ReadAll(c); err != nil || len(out) > 0 {
			t.Errorf("%q: %q, %v", in, out, err)
		}
	}
}

// The wrapper stands under TLS, and a taken-over connection is TLS's.
func TestTLSTakeover(t *testing.T) {
	type marked struct{ net.Conn }
	set := tlsSettings(t)
	set.TLS.NextProtos = nil
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		Settings: func(netip.AddrPort, string) *Settings { return set },
		WrapRaw:  func(c net.Conn) net.Conn { return marked{c} },
		Handler: telling(func(w http.ResponseWriter, r *http.Request) {
			c, buffered, err := w.(*response).Takeover()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, ok := c.(*tls.Conn).NetConn().(marked); !ok {
				t.Error("the wrapper is not there")
			}
			fmt.Fprintf(c, "got %s", buffered)
		}),
	}
	go s.Serve(l)
	defer s.Close()
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\nearly")
	if out, err := io.ReadAll(c); string(out) != "got early" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

func TestTLSKeepAliveTimeout(t *testing.T) {
	s := tlsSettings(t)
	s.KeepAliveTimeout, s.Timeout, s.HeaderTimeout = 50*time.Millisecond, time.Hour, Pace{}
	r := start(t, s, answer)
	c := tls.Client(r.dial(), &tls.Config{InsecureSkipVerify: true})
	io.WriteString(c, wire("GET /a HTTP/1.1\nHost: x\n\n"))
	if out, err := io.ReadAll(c); err != nil || !strings.HasSuffix(string(out), "GET /a ") {
		t.Errorf("%q, %v", out, err)
	}
}
