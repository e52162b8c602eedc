package observe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Pipe starts a program that reads the log from its standard input: "|program args" and "||program args" run it
// directly, "|$command" by the shell. It is started anew when logs are reopened, and the old one sees the end of its
// input; and when it has ended by itself, as httpd does (logs.html of its manual).
func Pipe(spec string) Opener {
	return func() (io.WriteCloser, error) {
		line := strings.TrimPrefix(strings.TrimPrefix(spec, "|"), "|")
		p := &program{}
		if shell, ok := strings.CutPrefix(line, "$"); ok {
			p.args = []string{"/bin/sh", "-c", shell}
		} else if p.args = arguments(line); len(p.args) == 0 {
			return nil, fmt.Errorf("%q names no program", spec)
		}
		if err := p.start(); err != nil {
			return nil, err
		}
		return p, nil
	}
}

// A program that does not read may hold everyone up for patience, and for impatience once it has been given up; a program
// that ends at once is started once per respawn.
const (
	patience   = 10 * time.Second
	impatience = 10 * time.Millisecond
	respawn    = time.Second
)

// program is a running one. Its methods are called one at a time.
type program struct {
	args    []string
	in      io.WriteCloser
	started time.Time
	stuck   bool   // it did not read what was written last
	cut     []byte // the rest of a line whose beginning it has been given
}

func (p *program) start() error {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	p.started = time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // which closes in when the program has ended
	p.in, p.stuck, p.cut = in, false, nil
	return nil
}

// Write gives the program whole lines. What it does not take in time is lost, and what it had not read when it ended. The rest
// of a line that it has begun to take is not: that is kept for the next Write.
func (p *program) Write(lines []byte) (int, error) {
	all, cut := append(p.cut, lines...), len(p.cut)
	n, err := p.send(all)
	if ended(err) && time.Since(p.started) >= respawn {
		// The new one begins with a whole line.
		all = all[max(cut, bytes.LastIndexByte(all[:n], '\n')+1):]
		n, cut = 0, 0
		if err = p.start(); err == nil {
			n, err = p.send(all)
		}
	}
	p.stuck, p.cut = errors.Is(err, os.ErrDeadlineExceeded), nil
	if p.stuck && (n == 0 && cut > 0 || n > 0 && all[n-1] != '\n') {
		p.cut = bytes.Clone(all[n : n+bytes.IndexByte(all[n:], '\n')+1])
	}
	return max(0, len(lines)-len(all[n+len(p.cut):])), err
}

func (p *program) send(b []byte) (int, error) {
	wait := patience
	if p.stuck {
		wait = impatience
	}
	if d, ok := p.in.(interface{ SetWriteDeadline(time.Time) error }); ok {
		d.SetWriteDeadline(time.Now().Add(wait))
	}
	return p.in.Write(b)
}

func ended(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) }

func (p *program) Close() error { return p.in.Close() }

// CheckFile says whether a log file could be opened, without creating it.
func CheckFile(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil {
		return err
	} else if !info.IsDir() {
		return fmt.Errorf("%s is not a directory", dir)
	}
	return nil
}

// arguments splits a command line at blanks outside quotes, as httpd does before it starts a program (apr_tokenize_to_argv).
func arguments(line string) []string {
	var args []string
	var word strings.Builder
	quote, in := byte(0), false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			in = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, in = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			if in {
				args = append(args, word.String())
			}
			word.Reset()
			in = false
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if in {
		args = append(args, word.String())
	}
	return args
}
