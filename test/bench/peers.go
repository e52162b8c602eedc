package main

import (
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"
)

//go:embed peers
var configs embed.FS

// Peer is a proxy that is measured.
type Peer struct {
	Name    string
	config  string                    // file below peers/
	command func(s *Setting) []string // in the foreground
	version []string
	reload  syscall.Signal // 0: cannot reload
	onlyTCP bool           // no TLS, no logs
}

// Setting is what a peer's configuration is made of.
type Setting struct {
	Dir                 string
	File                string // the configuration
	Plain, Logged, TLS  int    // ports
	Backend             int
	Certificate         string // PEM, certificate and key
	Descriptors         int
	Connections         int
	User                string   // whose rights httpd and Transom take; "": they keep those they have
	Modules             []string // LoadModule lines
	transom, splice, me string   // binaries
}

func peers(o Options) []*Peer {
	httpd := func(binary string) func(s *Setting) []string {
		return func(s *Setting) []string { return []string{binary, "-f", s.File, "-DFOREGROUND"} }
	}
	return []*Peer{
		{Name: "splice", onlyTCP: true, command: func(s *Setting) []string {
			return []string{s.splice, strconv.Itoa(s.Plain), strconv.Itoa(s.Backend)}
		}},
		{Name: "transom", config: "httpd.conf", reload: syscall.SIGUSR1, command: httpd(o.Transom), version: []string{o.Transom, "-v"}},
		{Name: "nginx", config: "nginx.conf", reload: syscall.SIGHUP, version: []string{"nginx", "-v"}, command: func(s *Setting) []string {
			return []string{"nginx", "-p", s.Dir, "-c", s.File, "-e", filepath.Join(s.Dir, "error.log")}
		}},
		{Name: "haproxy", config: "haproxy.cfg", reload: syscall.SIGUSR2, version: []string{"haproxy", "-v"}, command: func(s *Setting) []string {
			return []string{"haproxy", "-W", "-db", "-f", s.File}
		}},
		{Name: "httpd", config: "httpd.conf", reload: syscall.SIGUSR1, version: []string{"apache2", "-v"}, command: httpd("apache2")},
		{Name: "reverseproxy", version: []string{"go", "version"}, command: func(s *Setting) []string {
			return []string{s.me, "reverseproxy", fmt.Sprintf("-ports=%d,%d,%d", s.Plain, s.Logged, s.TLS), fmt.Sprintf("-backend=%d", s.Backend),
				"-certificate", s.Certificate, "-log", filepath.Join(s.Dir, "access.log")}
		}},
	}
}

// running is a peer that serves.
type running struct {
	*Peer
	*Setting
	cmd    *exec.Cmd
	exited chan struct{}
}

// start runs a peer with a folder and ports of its own, and returns when it accepts connections.
func (p *Peer) start(s Setting) (*running, error) {
	dir, err := os.MkdirTemp(s.Dir, p.Name+"-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		return nil, err
	}
	s.Dir, s.File = dir, filepath.Join(dir, "conf")
	if err := freePorts(&s.Plain, &s.Logged, &s.TLS); err != nil {
		return nil, err
	}
	if p.config != "" {
		if err := s.configure(p); err != nil {
			return nil, err
		}
	}
	r := &running{Peer: p, Setting: &s, exited: make(chan struct{})}
	args := p.command(&s)
	r.cmd = exec.Command(args[0], args[1:]...)
	out, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	r.cmd.Stdout, r.cmd.Stderr = out, out
	// A group of its own, so that an interrupt at the terminal reaches only this program, which stops its peers itself.
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { r.cmd.Wait(); close(r.exited) }()
	if err := r.await(); err != nil {
		r.stop()
		text, _ := os.ReadFile(filepath.Join(dir, "output"))
		more, _ := os.ReadFile(filepath.Join(dir, "error.log"))
		return nil, fmt.Errorf("%s: %w\n%s%s", p.Name, err, text, more)
	}
	return r, nil
}

func (s *Setting) configure(p *Peer) error {
	t, err := template.ParseFS(configs, "peers/"+p.config)
	if err != nil {
		return err
	}
	if p.config == "httpd.conf" {
		s.Modules = httpdModules()
	}
	f, err := os.Create(s.File)
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(f, s), f.Close())
}

// httpdModules loads what the configuration uses, from where Debian keeps it. Transom reads the same lines.
func httpdModules() []string {
	var lines []string
	for _, name := range strings.Fields("mpm_event authz_core proxy proxy_http proxy_wstunnel ssl") {
		lines = append(lines, fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so", name, name))
	}
	return lines
}

// freePorts finds ports that differ.
func freePorts(ports ...*int) error {
	for _, port := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return nil
}

func (r *running) await() error {
	for range 200 {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.Plain))
		if err == nil {
			return c.Close()
		}
		select {
		case <-r.exited:
			return fmt.Errorf("ended at once")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return fmt.Errorf("does not listen after ten seconds")
}

// stop ends a peer with all its processes, those of earlier generations too.
func (r *running) stop() {
	all := tree(r.cmd.Process.Pid)
	r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.exited:
	case <-time.After(time.Second):
	}
	for _, pid := range all {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	<-r.exited
}
