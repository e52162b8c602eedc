package proxy_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/site/sitetest"
	"transom/internal/tunnel"
	"transom/internal/upstream"
	"transom/internal/wire/ws"
)

const key = "dGhlIHNhbXBsZSBub25jZQ=="

var handshake = []string{"Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + key}

// listener is a writer whose connection can be taken over.
type listener struct {
	*httptest.ResponseRecorder
	conn     net.Conn
	buffered []byte
}

func (l *listener) Takeover() (net.Conn, []byte, error) { return l.conn, l.buffered, nil }

// ends is a module that records the ends of tunnels, as mod_log_config does.
type ends struct{ results chan *tunnel.Result }

func (e ends) TunnelEnded(r *tunnel.Result) { e.results <- r }

func (e ends) module() *module.Module {
	return &module.Module{Name: "mod_ends", Identifier: "ends_module", Hooks: []module.Hook{{Phase: module.LogTransaction,
		Run:    func(*module.Request) module.Result { return module.OK },
		Detach: func(*module.Request) module.TunnelEnd { return e },
	}}}
}

// freed is called when a worker's slot is.
type freed func()

func (f freed) Free() { f() }

// switched answers a handshake with a tunnel to conn.
func switched(conn net.Conn, buffered string, done func()) func(*upstream.Worker, *upstream.Request) (*upstream.Response, error) {
	return func(_ *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
		if !req.Upgrade {
			return text(200, "no handshake"), nil
		}
		return &upstream.Response{Status: 101, Major: 1, Minor: 1, Body: http.NoBody,
			Fields:   fields("Sec-WebSocket-Accept: "+ws.Accept(key), "X-App: 1", "Set-Cookie: s=1; path=/in"),
			Upgraded: &upstream.Upgraded{Conn: conn, Buffered: []byte(buffered), Slot: freed(done)}}, nil
	}
}

// TestTunnel: the 101 with the origin's fields, what both sides sent before the switch, the way both ways, and the end.
func TestTunnel(t *testing.T) {
	clientSide, client := pipe(t)
	backendSide, backend := pipe(t)
	var released sync.WaitGroup
	released.Add(1)
	e := ends{make(chan *tunnel.Result, 1)}
	s := sitetest.New(t, "Listen 80\nProxyPass /in ws://origin.test/in\nProxyPassReverseCookiePath /in /out\n",
		append(all(switched(backendSide, "from backend", released.Done)), e.module()))
	w := &listener{httptest.NewRecorder(), clientSide, []byte("\r\nfrom client")}
	serve(s, w, sitetest.Request("GET", "/in/x?q", handshake...))
	r := bufio.NewReader(client)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "websocket" || resp.Header.Get("Connection") != "Upgrade" ||
		resp.Header.Get("X-App") != "1" || resp.Header.Get("Set-Cookie") != "s=1; path=/out" {
		t.Fatalf("%v %v", resp, err)
	}
	expect(t, r, "from backend")
	expect(t, backend, "from client")
	io.WriteString(client, "ping")
	expect(t, backend, "ping")
	io.WriteString(backend, "pong")
	expect(t, r, "pong")
	client.Close()
	backend.Close()
	result := <-e.results
	released.Wait()
	if result.FromClient.Bytes != 15 || result.FromBackend.Bytes != 16 || result.URL != "/in/x?q" || result.Backend != "ws://origin.test/in/x?q" ||
		result.Host != "www.example.com" || result.Client != sitetest.Remote.String() {
		t.Errorf("%+v", result)
	}
	if w.Body.Len() != 0 {
		t.Errorf("the listener was given %q", w.Body)
	}
}

// TestWhoMayUpgrade: which workers and directives let a handshake become a tunnel.
func TestWhoMayUpgrade(t *testing.T) {
	for _, test := range []struct {
		config string
		want   bool
	}{
		{"ProxyPass / ws://origin.test/", true},
		{"ProxyPass / http://origin.test/", true},
		{"ProxyPass / http://origin.test/ upgrade=websocket", true},
		{"ProxyPass / http://origin.test/ upgrade=WebSocket", true},
		{"ProxyPass / http://origin.test/ upgrade=ANY", true},
		{"ProxyPass / http://origin.test/ upgrade=NONE", false},
		{"ProxyPass / ws://origin.test/ upgrade=NONE", false},
		{"ProxyPass / http://origin.test/ upgrade=other", false},
		{"ProxyPass / http://origin.test/\nTransomWebSocket Off", false},
		{"ProxyPass / http://origin.test/\n<Location /x>\nTransomWebSocket Off\n</Location>", true},
		{"ProxyPass / http://origin.test/\n<Location />\nTransomWebSocket Off\n</Location>", false},
		{"ProxyPass / http://origin.test/ upgrade=websocket\nTransomWebSocket Off", true},
		{"ProxyPass / ws://origin.test/\nTransomWebSocket Off", true},
	} {
		if got := asked(t, test.config, sitetest.Request("GET", "/", handshake...)); got != test.want {
			t.Errorf("%s: %v", test.config, got)
		}
	}
}

// TestNoHandshake: what lacks a part stays HTTP (security cases 1 to 4 and 32).
func TestNoHandshake(t *testing.T) {
	without := func(name string) (list []string) {
		for _, line := range handshake {
			if !strings.HasPrefix(line, name) {
				list = append(list, line)
			}
		}
		return list
	}
	for _, test := range []struct {
		method string
		header []string
	}{
		{"POST", handshake},
		{"GET", without("Upgrade")},
		{"GET", without("Connection")},
		{"GET", without("Sec-WebSocket-Version")},
		{"GET", without("Sec-WebSocket-Key")},
		{"GET", append(without("Sec-WebSocket-Version"), "Sec-WebSocket-Version: 777")},
		{"GET", append(without("Upgrade"), "Upgrade: h2c")},
		{"GET", append(without("Upgrade"), "Upgrade: websocket, h2c")},
		{"GET", append(without("Connection"), "Connection: x-upgrade-me")},
	} {
		if asked(t, "ProxyPass / ws://origin.test/", sitetest.Request(test.method, "/", test.header...)) {
			t.Errorf("%s %q was taken for a handshake", test.method, test.header)
		}
	}
	req := sitetest.Request("GET", "/", handshake...)
	req.Proto, req.ProtoMinor = "HTTP/1.0", 0
	if asked(t, "ProxyPass / ws://origin.test/", req) {
		t.Error("HTTP/1.0 was taken for a handshake")
	}
}

// TestHandshakeWithBody is refused (security case 13).
func TestHandshakeWithBody(t *testing.T) {
	s := sitetest.New(t, "Listen 80\nProxyPass / http://origin.test/", all(func(*upstream.Worker, *upstream.Request) (*upstream.Response, error) {
		t.Error("the origin was asked")
		return text(200, ""), nil
	}))
	req := sitetest.Request("GET", "/", handshake...)
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader("0123456789")), 10
	if w := s.Do(t, req); w.Code != 400 {
		t.Errorf("status %d", w.Code)
	}
}

// asked says whether the origin is asked to switch.
func asked(t *testing.T, config string, req *http.Request) (upgrade bool) {
	t.Helper()
	asked := false
	s := sitetest.New(t, "Listen 80\n"+config, all(func(_ *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
		asked, upgrade = true, req.Upgrade
		return text(200, ""), nil
	}))
	s.Do(t, req)
	if !asked {
		t.Error("the origin was not asked")
	}
	return upgrade
}

func serve(s *sitetest.Site, w http.ResponseWriter, r *http.Request) {
	r.RemoteAddr = sitetest.Remote.String()
	s.Serve(w, r, &module.Conn{ID: 1, Local: netip.MustParseAddrPort("192.0.2.1:80"), Remote: sitetest.Remote,
		Line: r.Method + " " + r.RequestURI + " " + r.Proto, Exchange: &over{}})
}

// over is an exchange that has ended for everybody but the tunnel.
type over struct{ module.NoListener }

func (*over) AfterResponse(f func()) { f() }

// pipe is a TCP connection on the loopback interface.
func pipe(t *testing.T) (near, far net.Conn) {
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
	far.SetDeadline(time.Now().Add(20 * time.Second))
	t.Cleanup(func() { far.Close() })
	return near, far
}

func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, []byte(want)) {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}
