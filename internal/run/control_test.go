package run

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/tunnel"
)

// newControl binds a socket below a folder with a short name, as the names of sockets are limited.
func newControl(t *testing.T, relay tunnel.Relay) *control {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c, err := openControl(filepath.Join(dir, "httpd.sock"), func() tunnel.Relay { return relay })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// carry starts a tunnel and returns its outer ends.
func carry(t *testing.T, relay tunnel.Relay, l tunnel.Label) (client, backend net.Conn, id uint64) {
	t.Helper()
	client, in := connected(t)
	out, backend := connected(t)
	id, err := relay.Carry(tunnel.Side{Conn: in}, tunnel.Side{Conn: out}, tunnel.Policy{WebSocket: true}, l, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client, backend, id
}

func connected(t *testing.T) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, b
}

func TestControlListsAndCloses(t *testing.T) {
	relay := tunnel.NewPortable()
	defer relay.Shutdown()
	c := newControl(t, relay)
	label := tunnel.Label{Client: "192.0.2.1:5000", Host: "www.example.com", URL: "/ws?a=b", Backend: "ws://127.0.0.1:3838/ws"}
	client, backend, id := carry(t, relay, label)
	defer backend.Close()
	frame := "\x81\x85\x00\x00\x00\x00hello" // masked with zeroes
	io.WriteString(client, frame)
	if _, err := io.ReadFull(backend, make([]byte, len(frame))); err != nil {
		t.Fatal(err)
	}

	r, err := Control(c.path, ControlRequest{Command: "tunnels"})
	if err != nil || len(r.Tunnels) != 1 {
		t.Fatalf("%v, %v", r, err)
	}
	got := r.Tunnels[0]
	if got.ID != id || got.Client != label.Client || got.Host != label.Host || got.URL != label.URL || got.Backend != label.Backend {
		t.Errorf("the row is %+v", got)
	}
	if want := (Traffic{int64(len(frame)), 1}); got.FromClient != want || got.FromBackend != (Traffic{}) {
		t.Errorf("traffic %v and %v, want %v and none", got.FromClient, got.FromBackend, want)
	}

	if _, err := Control(c.path, ControlRequest{Command: "close", ID: id}); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(client, head); err != nil || string(head) != "\x88\x02\x03\xe9" {
		t.Errorf("the client got %x, %v; want a Close frame with 1001", head, err)
	}
}

func TestControlRefuses(t *testing.T) {
	relay := tunnel.NewPortable()
	defer relay.Shutdown()
	c := newControl(t, relay)
	for _, q := range []ControlRequest{{Command: "close", ID: 77}, {Command: "restart"}, {}} {
		if r, err := Control(c.path, q); err == nil {
			t.Errorf("%+v was answered with %+v", q, r)
		}
	}
	conn, err := net.Dial("unix", c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "nonsense\n{\"command\":\"tunnels\"}\n")
	in := bufio.NewReader(conn)
	for _, want := range []string{`"error":"a request is a line of JSON`, `"tunnels":[]`} {
		if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Errorf("got %q, %v; want %s", line, err, want)
		}
	}
	io.WriteString(conn, strings.Repeat("x", controlLine+1))
	if _, err := in.ReadByte(); err == nil {
		t.Error("a request without end was answered")
	}
}

func TestControlSocketFile(t *testing.T) {
	relay := tunnel.NewPortable()
	defer relay.Shutdown()
	c := newControl(t, relay)
	if info, err := os.Stat(c.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v; want mode 0600", info, err)
	}
	if _, err := openControl(c.path, c.relay); err == nil {
		t.Error("the socket of a living server was taken")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(c.path), ".control*")); len(left) > 0 {
		t.Errorf("%v are left behind", left)
	}
	c.l.Close() // as a killed process leaves it
	again, err := openControl(c.path, c.relay)
	if err != nil {
		t.Fatalf("a dead server's socket was not replaced: %v", err)
	}
	again.close()
	if _, err := os.Stat(c.path); err == nil {
		t.Error("the socket's file is still there")
	}
	if _, err := Control(c.path, ControlRequest{Command: "tunnels"}); err == nil {
		t.Error("nobody listens, and someone answered")
	}
}

func TestControlSocketName(t *testing.T) {
	for _, c := range []struct{ pid, directive, want string }{
		{"", "", "/srv/logs/httpd.sock"},
		{"/var/run/httpd/httpd.pid", "", "/var/run/httpd/httpd.sock"},
		{"run/a", "", "/srv/run/a.sock"},
		{"", "run/control", "/srv/run/control"},
		{"", "Off", ""},
	} {
		b := &module.Build{ServerRoot: "/srv", Process: module.Process{PidFile: c.pid, ControlSocket: c.directive}}
		if got := ControlSocket(b); got != c.want {
			t.Errorf("PidFile %q, TransomControlSocket %q: %q, want %q", c.pid, c.directive, got, c.want)
		}
	}
}
