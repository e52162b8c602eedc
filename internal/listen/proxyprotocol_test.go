package listen

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/pires/go-proxyproto"
)

func everyPeer(netip.Addr) bool { return true }

func headerV2(t *testing.T, command proxyproto.ProtocolVersionAndCommand, tlv string) string {
	t.Helper()
	h := proxyproto.HeaderProxyFromAddrs(2, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.9:1234")), net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:80")))
	h.Command = command
	if tlv != "" {
		if err := h.SetTLVs([]proxyproto.TLV{{Type: proxyproto.PP2_TYPE_NOOP, Value: []byte(tlv)}}); err != nil {
			t.Fatal(err)
		}
	}
	text, err := h.Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestProxyHeader: the client is whom the header names, what follows is HTTP to the last byte, and a connection without a
// header gets no answer.
func TestProxyHeader(t *testing.T) {
	s := DefaultSettings()
	s.ProxyProtocol = everyPeer
	r := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		info := told(r)
		client := info.ProxiedFor.String()
		if info.ProxiedFor == info.Remote {
			client = "peer"
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", client, body)
	})
	const request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"
	for _, c := range []struct{ header, want string }{
		{"PROXY TCP4 192.0.2.9 192.0.2.1 1234 80\r\n", "192.0.2.9:1234 body"},
		{"PROXY TCP6 2001:db8::9 2001:db8::1 1234 80\r\n", "[2001:db8::9]:1234 body"},
		{"PROXY UNKNOWN\r\n", "peer body"},
		{"PROXY UNKNOWN and what not\r\n", "peer body"},
		{headerV2(t, proxyproto.PROXY, ""), "192.0.2.9:1234 body"},
		{headerV2(t, proxyproto.PROXY, strings.Repeat("x", 1000)), "192.0.2.9:1234 body"},
		{headerV2(t, proxyproto.LOCAL, ""), "peer body"},
		{"", ""},
		{"PROXY TCP4 192.0.2.9 192.0.2.1 1234 80\n", ""},
		{"PROXY TCP4 192.0.2.9 192.0.2.1 1234\r\n", ""},
		{"PROXY TCP4 192.0.2 192.0.2.1 1234 80\r\n", ""},
		{"PROXY TCP5 192.0.2.9 192.0.2.1 1234 80\r\n", ""},
		{"PROXY" + strings.Repeat(" ", 200) + "\r\n", ""},
		{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\xff\xff", ""},
		{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x01x", ""},
	} {
		sock := r.dial()
		io.WriteString(sock, c.header+request)
		text, _ := io.ReadAll(sock) // a reset is as good as an end
		got := string(text)
		if c.want == "" && got != "" || !strings.HasSuffix(got, "\r\n\r\n"+c.want) && c.want != "" {
			t.Errorf("%.60q: got %q, want %q at its end", c.header, got, c.want)
		}
	}
}

// TestProxyHeaderTLS: the header comes before the handshake.
func TestProxyHeaderTLS(t *testing.T) {
	s := tlsSettings(t)
	s.ProxyProtocol = everyPeer
	r := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, told(r).ProxiedFor)
	})
	sock := r.dial()
	io.WriteString(sock, "PROXY TCP4 192.0.2.9 192.0.2.1 1234 80\r\n")
	c := tls.Client(sock, &tls.Config{InsecureSkipVerify: true})
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	got, err := io.ReadAll(c)
	if err != nil || !bytes.HasSuffix(got, []byte("\r\n\r\n192.0.2.9:1234")) {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestProxyHeaderExcepted: a peer of whom none is expected begins with HTTP.
func TestProxyHeaderExcepted(t *testing.T) {
	s := DefaultSettings()
	s.ProxyProtocol = func(peer netip.Addr) bool { return !peer.IsLoopback() }
	r := start(t, s, answer)
	if got := r.talk("GET / HTTP/1.0\n\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("got %q", got)
	}
}

func FuzzProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.9 192.0.2.1 1234 80\r\nrest"))
	f.Add([]byte("PROXY UNKNOWN\r\nrest"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x09\xc0\x00\x02\x01\x04\xd2\x00\x50rest"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		text, err := proxyHeaderText(r)
		if err == nil && (!bytes.HasPrefix(in, text) || len(text)+r.Len() != len(in)) {
			t.Errorf("%q: took %q and left %d bytes", in, text, r.Len())
		}
	})
}
