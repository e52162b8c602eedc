package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Server is a program that serves httpd's configuration.
type Server struct {
	// Command is the program and the arguments that come before httpd's own.
	Command []string
	// Modules is the folder that LoadModule lines find as modules/.
	Modules string
	// Without is the prefix of directives that the program doesn't know; their
	// lines are emptied.
	Without string
	// Settle is called before a reload; what it returns is called behind it and
	// waits until nothing is served by the old configuration any more.
	Settle func(pid int) (wait func() error, err error)
	// KeepsRights leaves User and Group out when root runs the program: a build with cgo can't
	// reopen root's logs after it gave them up.
	KeepsRights bool
	// DiesOfErrors says that SIGUSR1 ends the program if the new configuration
	// has an error; its own -k graceful looks before it sends the signal.
	DiesOfErrors bool
}

// Transom is the server of this repository.
func Transom(binary string) Server { return Server{Command: []string{binary}} }

// everyday modules are loaded before a file's httpd.conf is read, unless the file brings
// its own ROOT/modules.load.
var everyday = strings.Fields(`mpm_event authn_core authz_core authz_host authz_user authn_file auth_basic
	access_compat alias dir mime env setenvif headers rewrite proxy proxy_http proxy_wstunnel ssl socache_shmcb
	filter deflate expires substitute remoteip negotiation autoindex`)

func loadModules() string {
	var b strings.Builder
	for _, m := range everyday {
		fmt.Fprintf(&b, "LoadModule %s_module modules/mod_%s.so\n", m, m)
	}
	b.WriteString("LogLevel ssl:error\n")
	return b.String()
}

// mimeTypes stands in ROOT/mime.types unless the file brings its own.
const mimeTypes = "text/html html\ntext/plain txt\ntext/css css\nimage/png png\napplication/json json\n"

// prelude is what stands before a file's httpd.conf.
func (s Server) prelude(root, port string) string {
	var b strings.Builder
	b.WriteString("LogLevel warn\n")
	fmt.Fprintf(&b, "ServerRoot %q\nPidFile logs/httpd.pid\nErrorLog logs/error_log\n", root)
	b.WriteString("Include modules.load\n")
	if os.Getuid() == 0 && !s.KeepsRights {
		b.WriteString("User nobody\nGroup \"#65534\"\n")
	}
	b.WriteString("<IfModule mod_mime.c>\nTypesConfig mime.types\n</IfModule>\n")
	b.WriteString(`LogFormat "%h %l %u %t \"%r\" %>s %b" common` + "\n")
	b.WriteString(`LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined` + "\n")
	fmt.Fprintf(&b, "ServerName localhost\nListen 127.0.0.1:%s\nInclude httpd.conf\n", port)
	return b.String()
}

// readable empties the lines of directives that the program doesn't know.
func (s Server) readable(conf string) string {
	if s.Without == "" {
		return conf
	}
	lines := strings.Split(conf, "\n")
	for i, l := range lines {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(l)), strings.ToLower(s.Without)) {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func (s Server) command(root string, args ...string) *exec.Cmd {
	all := append(append([]string{}, s.Command[1:]...), "-d", root, "-f", "start.conf")
	cmd := exec.Command(s.Command[0], append(all, args...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "TZ=UTC") // files say times as servers show them
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// A Process is a running server. Whoever started it calls Stop.
type Process struct {
	server Server
	root   string
	cmd    *exec.Cmd
	out    output
	told   bool // to end, by the script
	exited chan struct{}
	err    error // of Wait, once exited is closed
}

// output collects what the server writes to its standard streams.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Start runs the server in the foreground on root/start.conf until it says that it serves. That
// its port accepts would prove less: httpd binds before it has read everything.
func (s Server) Start(root string, timeout time.Duration) (*Process, error) {
	p := &Process{server: s, root: root, cmd: s.command(root, "-DFOREGROUND"), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	err := p.await(timeout, "log \""+resumed+"\"", func() bool {
		return strings.Contains(p.errorLog(), resumed)
	})
	if err != nil {
		if p.server.Settle == nil { // Transom: a Go program tells where it hangs
			p.cmd.Process.Signal(syscall.SIGQUIT)
			select {
			case <-p.exited:
			case <-time.After(time.Second):
			}
		}
		err = errors.Join(err, p.Stop())
	}
	return p, err
}

// await polls until the condition holds or the server is gone.
func (p *Process) await(timeout time.Duration, what string, done func() bool) error {
	for end := time.Now().Add(timeout); !done(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.exited:
			return fmt.Errorf("the server exited (%v) and did not %s:\n%s", p.err, what, p.out.String())
		default:
		}
		if time.Now().After(end) {
			return fmt.Errorf("the server did not %s:\n%s", what, p.out.String())
		}
	}
	return nil
}

const resumed = "resuming normal operations"

// reload is what -k graceful does, and returns when the new configuration serves.
func (p *Process) reload(timeout time.Duration) error {
	var wait func() error
	if p.server.Settle != nil {
		var err error
		if wait, err = p.server.Settle(p.cmd.Process.Pid); err != nil {
			return err
		}
	}
	before := strings.Count(p.errorLog(), resumed)
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	err := p.await(timeout, "log \""+resumed+"\" after SIGUSR1", func() bool {
		return strings.Count(p.errorLog(), resumed) > before
	})
	if err != nil || wait == nil {
		return err
	}
	return wait()
}

func (p *Process) errorLog() string {
	data, _ := os.ReadFile(filepath.Join(p.root, "logs/error_log"))
	return string(data)
}

// end tells the server to end, and leaves it to Stop to see that it did.
func (p *Process) end(s syscall.Signal) error {
	p.told = true
	return p.cmd.Process.Signal(s)
}

const startTimeout = 30 * time.Second

// httpd gives its children ten seconds before it kills them.
const stopTimeout = 15 * time.Second

// Stop ends the server as -k stop does and kills what is left of it.
func (p *Process) Stop() error {
	if !p.told {
		p.cmd.Process.Signal(syscall.SIGTERM)
	}
	defer syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	select {
	case <-p.exited:
		if p.err != nil { // a panic, or what the race detector found
			return fmt.Errorf("the server exited: %w\n%s", p.err, p.out.String())
		}
		return nil
	case <-time.After(stopTimeout):
		return errors.New("the server did not end after SIGTERM")
	}
}

// Refuse runs the server on a root/start.conf that it must refuse, and returns
// what it printed. Its error says that it did not.
func (s Server) Refuse(root string) (string, error) {
	out, err := s.command(root, "-t").CombinedOutput()
	var exit *exec.ExitError
	if err == nil {
		return string(out), mismatch("accepted")
	}
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		return string(out), mismatch(err.Error())
	}
	return string(out), nil
}
