//go:build system

// Package soak carries thousands of tunnels at once through the real binary, from other processes, while it is reloaded
// again and again: every byte arrives, and when all is over nothing is left behind.
package soak

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"transom/internal/run"
	"transom/test/e2e/harness"
	"transom/test/freeport"
)

var (
	tunnels = flag.Int("soak.tunnels", 2000, "tunnels at once; each takes two descriptors of Transom's")
	seconds = flag.Float64("soak.seconds", 6, "how long new tunnels are opened, in each of two rounds")
)

const (
	ports = 4 // of the backend: one has too few connections for long runs
	pause = 200 * time.Millisecond
)

func TestMain(m *testing.M) {
	switch role := os.Getenv("SOAK_ROLE"); role {
	case "":
		os.Exit(m.Run())
	case "backend":
		backendRole(ports, pause)
	default:
		var j job
		if err := json.Unmarshal([]byte(role), &j); err != nil {
			panic(err)
		}
		clientRole(j)
	}
}

// role is this program as another process.
type role struct {
	in  io.WriteCloser
	out *json.Decoder
}

func start(t *testing.T, name string) *role {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SOAK_ROLE="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	return &role{in, json.NewDecoder(bufio.NewReader(out))}
}

func (r *role) ask(t *testing.T, command string, answer any) {
	t.Helper()
	if _, err := fmt.Fprintln(r.in, command); err != nil {
		t.Fatal(err)
	}
	if err := r.out.Decode(answer); err != nil {
		t.Fatalf("%s: %v", command, err)
	}
}

// server is Transom.
type server struct {
	dir, plain, tls string
	cmd             *exec.Cmd
	stderr          bytes.Buffer
}

const configuration = `ServerName soak
Listen %[1]s
Listen %[2]s
PidFile t.pid
ErrorLog error.log
LogLevel warn
Timeout 300
CustomLog tunnels.log "%%U %%{bytes-in}^tu %%{bytes-out}^tu"
%[3]s
<VirtualHost %[2]s>
    SSLEngine On
    SSLCertificateFile cert.pem
    SSLCertificateKeyFile key.pem
    CustomLog tunnels.log "%%U %%{bytes-in}^tu %%{bytes-out}^tu"
    %[3]s
</VirtualHost>
`

func startServer(t *testing.T, binary string, backends []string) *server {
	t.Helper()
	s := &server{dir: t.TempDir(), plain: freeport.Address(t), tls: freeport.Address(t)}
	cert, key, err := harness.Certificate("soak")
	if err != nil {
		t.Fatal(err)
	}
	var routes strings.Builder
	for i, b := range backends {
		fmt.Fprintf(&routes, "ProxyPass /%d/ ws://%s/\n", i, b)
	}
	for name, text := range map[string]string{"cert.pem": string(cert), "key.pem": string(key),
		"t.conf": fmt.Sprintf(configuration, s.plain, s.tls, routes.String())} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.cmd = exec.Command(binary, "-d", s.dir, "-f", "t.conf", "-DFOREGROUND")
	s.cmd.Stderr = &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	waitFor(t, "the server listens", func() bool {
		c, err := net.Dial("tcp", s.tls)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return s
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func (s *server) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, name) }

func (s *server) descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir(s.proc("fd"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// memory is what the process has of its own, in bytes.
func (s *server) memory(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile(s.proc("smaps_rollup"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "\nAnonymous:")
	kb, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

func (s *server) live(t *testing.T) int {
	t.Helper()
	r, err := run.Control(filepath.Join(s.dir, "t.sock"), run.ControlRequest{Command: "tunnels"})
	if err != nil {
		t.Fatal(err)
	}
	return len(r.Tunnels)
}

// goroutines ends the process by a dump of them.
func (s *server) goroutines(t *testing.T) int {
	t.Helper()
	s.cmd.Process.Signal(syscall.SIGQUIT)
	s.cmd.Wait()
	n := len(regexp.MustCompile(`(?m)^goroutine \d+ `).FindAll(s.stderr.Bytes(), -1))
	if n == 0 {
		t.Fatalf("no dump of goroutines:\n%s", s.stderr.Bytes())
	}
	return n
}

// reloads sends graceful reloads until stop is closed.
func (s *server) reloads(stop, stopped chan struct{}) {
	defer close(stopped)
	for {
		select {
		case <-stop:
			return
		case <-time.After(700 * time.Millisecond):
			s.cmd.Process.Signal(syscall.SIGUSR1)
		}
	}
}

// round opens tunnels, has traffic on them while the server is reloaded, and waits until it has let go of the last.
func (s *server) round(t *testing.T, client *role, n, descriptors int) (total tally) {
	t.Helper()
	var opened int
	client.ask(t, "open", &opened)
	waitFor(t, fmt.Sprintf("%d tunnels are open", n), func() bool { return s.live(t) == n }) // the 101 comes a moment before
	stop, stopped := make(chan struct{}), make(chan struct{})
	go s.reloads(stop, stopped)
	client.ask(t, fmt.Sprintf("run %g", *seconds), &total)
	close(stop)
	<-stopped
	waitFor(t, "all tunnels are gone", func() bool { return s.live(t) == 0 })
	waitFor(t, fmt.Sprintf("as few descriptors as before, %d", descriptors), func() bool { return s.descriptors(t) <= descriptors })
	return total
}

// checkLog compares the access log's bytes with what each tunnel was to carry.
func (s *server) checkLog(t *testing.T, ended int64) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "tunnels.log"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if int64(len(lines)) != ended {
		t.Errorf("the access log has %d tunnels of %d", len(lines), ended)
	}
	for _, line := range lines {
		var port int
		var p plan
		var in, out int64
		if _, err := fmt.Sscanf(strings.ReplaceAll(line, "/", " "), "%d %s %d %d %d", &port, &p.breaker, &p.seed, &in, &out); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if up, down := p.stream(true).size(), p.stream(false).size(); p.breaker == "none" && (in != up || out != down) {
			t.Errorf("%q: sent %d and %d", line, up, down)
		}
	}
}

// room raises the limit of descriptors for the processes to come and returns how many tunnels it allows.
func room(t *testing.T, wanted int) int {
	t.Helper()
	need := uint64(2*wanted + 500)
	limit := syscall.Rlimit{Cur: need, Max: need}
	if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		return wanted
	}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(need, limit.Max)
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	return min(wanted, (int(limit.Cur)-500)/2)
}

func TestSoak(t *testing.T) {
	n := room(t, *tunnels)
	binary := filepath.Join(t.TempDir(), "transom")
	build := exec.Command("go", "build", "-o", binary, "transom/cmd/transom")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	backend := start(t, "backend")
	var backends []string
	if err := backend.out.Decode(&backends); err != nil {
		t.Fatal(err)
	}
	s, fresh := startServer(t, binary, backends), startServer(t, binary, backends)
	newClient := func(s *server, n int, seed uint64) *role {
		text, _ := json.Marshal(job{Plain: s.plain, TLS: s.tls, Ports: ports, Tunnels: n, Seed: seed, Pause: pause})
		return start(t, string(text))
	}
	before := s.descriptors(t)
	before += 8 // what a first tunnel or reload may open for good: logs, the relay's

	first := s.round(t, newClient(s, n, 0), n, before)
	settled := s.settledMemory(t)
	second := s.round(t, newClient(s, n, 1<<40), n, before)
	var memory int64
	limit := settled + settled/4 + 4<<20 + second.Tunnels<<10 // what the runtime has not given back yet differs from round to round
	waitFor(t, fmt.Sprintf("no more than %d bytes of memory after the second round, %d after the first", limit, settled), func() bool {
		memory = s.memory(t)
		return memory <= limit
	})
	few := fresh.round(t, newClient(fresh, 10, 1<<50), 10, before)
	report := func(who string, r tally) {
		for _, f := range r.Failed {
			t.Errorf("%s: %s", who, f)
		}
	}
	report("clients, first round", first) // now: the backend may never hear of what failed here
	report("clients, second round", second)
	report("clients of the fresh server", few)

	var seen tally
	waitFor(t, "the backend has seen all tunnels end", func() bool {
		backend.ask(t, "tally", &seen)
		return seen.Tunnels >= first.Tunnels+second.Tunnels+few.Tunnels
	})
	report("backend", seen)
	s.checkLog(t, first.Tunnels+second.Tunnels)
	if few, many := fresh.goroutines(t), s.goroutines(t); many > few+10 {
		t.Errorf("%d goroutines are left, %d in a fresh server", many, few)
	}
	t.Logf("%d tunnels at once, %d in all, %d broken on purpose; %d MB to clients, %d MB to the backend; memory %d and %d KB after a round",
		n, first.Tunnels+second.Tunnels, first.Broken+second.Broken, (first.Bytes+second.Bytes)>>20, seen.Bytes>>20, settled>>10, memory>>10)
}

// settledMemory waits until it grows less: the runtime returns memory late.
func (s *server) settledMemory(t *testing.T) int64 {
	t.Helper()
	least := s.memory(t)
	for range 6 {
		time.Sleep(time.Second)
		least = min(least, s.memory(t))
	}
	return least
}
