package rewrite

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

// answerTimeout is how long a program may think about one key; one that takes longer is started anew.
const answerTimeout = 30 * time.Second

// program is a map of type prg. After a reload requests of the Site before may still ask it, so its process ends when nobody can
// reach the map any more.
type program struct{ *process }

// process answers each line with a line. Keys are asked one at a time.
type process struct {
	args        []string
	credentials *syscall.Credential
	timeout     time.Duration // for one answer

	mu     sync.Mutex
	closed bool // its configuration does not serve yet, or no longer
	cmd    *exec.Cmd
	in     *os.File
	out    *os.File
	lines  *bufio.Reader
}

func newProgram(c *module.Command, arg string) (source, error) {
	args := conf.Words(arg)
	if len(args) == 0 {
		return nil, errors.New("prg: names no program")
	}
	args[0] = c.Build.Path(args[0])
	if _, err := os.Stat(args[0]); err != nil {
		return nil, fmt.Errorf("file not found: %w", err)
	}
	p := &process{args: args, timeout: answerTimeout, closed: true}
	if len(c.Args) > 2 {
		var err error
		if p.credentials, err = credentials(c.Args[2]); err != nil {
			return nil, err
		}
	}
	return &program{p}, nil
}

// credentials reads MapTypeOptions, user:group by name.
func credentials(spec string) (*syscall.Credential, error) {
	name, group, _ := strings.Cut(spec, ":")
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	gid := u.Gid
	if group != "" {
		g, err := user.LookupGroup(group)
		if err != nil {
			return nil, err
		}
		gid = g.Gid
	}
	uidNumber, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gidNumber, err2 := strconv.ParseUint(gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uidNumber), Gid: uint32(gidNumber)}, errors.Join(err1, err2)
}

// start starts the process; p.mu is held.
func (p *process) start() error {
	stdin, in, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	out, stdout, err := os.Pipe()
	if err != nil {
		in.Close()
		return err
	}
	defer stdout.Close()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Dir = filepath.Dir(p.args[0])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, os.Stderr
	if p.credentials != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.credentials}
	}
	if err := cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return err
	}
	p.cmd, p.in, p.out, p.lines = cmd, in, out, bufio.NewReader(out)
	return nil
}

// stop ends the process; p.mu is held.
func (p *process) stop() {
	if p.cmd == nil {
		return
	}
	p.in.Close()
	p.out.Close()
	cmd := p.cmd
	p.cmd = nil
	killer := time.AfterFunc(time.Second, func() { cmd.Process.Kill() })
	go func() {
		cmd.Wait()
		killer.Stop()
	}()
}

func (p *process) find(ctx *context, key string) (string, bool) {
	if strings.Contains(key, "\n") {
		// The program would see two keys. As in httpd there is no value then, and the client has chosen the default.
		ctx.r.Logf("rewrite", observe.Warn, "", "a key with a newline is not given to RewriteMap program %q: %q", p.args, key)
		return "", false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	value, err := p.ask(key)
	if err != nil {
		ctx.r.Logf("rewrite", observe.Error, "", "RewriteMap program %s: %v", p.args[0], err)
		p.stop()
		return "", false
	}
	return value, !strings.EqualFold(value, "NULL")
}

func (p *process) ask(key string) (string, error) {
	if p.closed {
		return "", errors.New("it does not run")
	}
	if p.cmd == nil {
		if err := p.start(); err != nil {
			return "", err
		}
	}
	deadline := time.Now().Add(p.timeout)
	p.in.SetWriteDeadline(deadline)
	p.out.SetReadDeadline(deadline)
	if _, err := p.in.WriteString(key + "\n"); err != nil {
		return "", err
	}
	line, err := p.lines.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

// serve starts the process; its configuration is about to serve.
func (p *program) serve(log *observe.ErrorLog) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = false
	if err := p.start(); err != nil {
		log.Printf("rewrite", observe.Error, "AH00654", "mod_rewrite: could not start RewriteMap program %s: %v", p.args[0], err)
	}
	runtime.AddCleanup(p, (*process).end, p.process)
}

// end ends the process for good.
func (p *process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.stop()
}
