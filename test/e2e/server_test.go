package e2e

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"transom/test/freeport"
)

// patience bounds every wait of a test that is not about time.
const patience = 20 * time.Second

// server is the binary on a configuration, for tests that scripts can't express.
type server struct{ root, address string }

func start(t *testing.T, config string) *server {
	t.Helper()
	s := &server{root: t.TempDir(), address: freeport.Address(t)}
	if err := os.Mkdir(filepath.Join(s.root, "logs"), 0o777); err != nil {
		t.Fatal(err)
	}
	config = "ServerName localhost\nListen " + s.address + "\nPidFile logs/pid\nErrorLog logs/error_log\n" + config
	if err := os.WriteFile(filepath.Join(s.root, "start.conf"), []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	p, err := underTest().Start(s.root, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *server) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// proc is what /proc says of the server.
func (s *server) proc(t *testing.T, name string) string {
	pid, err := os.ReadFile(filepath.Join(s.root, "logs/pid"))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join("/proc", strings.TrimSpace(string(pid)), name)
}

// descriptors says what the server's are, but for those of epoll, which the first connection that rests leaves behind; nothing
// where there is no /proc.
func (s *server) descriptors(t *testing.T) (names []string) {
	if runtime.GOOS != "linux" {
		return nil
	}
	files, err := os.ReadDir(s.proc(t, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name, err := os.Readlink(filepath.Join(s.proc(t, "fd"), f.Name())); err == nil && name != "anon_inode:[eventpoll]" {
			names = append(names, name)
		}
	}
	return names
}

// settle waits until the server has no more descriptors open than before.
func (s *server) settle(t *testing.T, before []string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		now := s.descriptors(t)
		if len(now) <= len(before) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("descriptors before: %q, and now: %q", before, now)
		}
	}
}
