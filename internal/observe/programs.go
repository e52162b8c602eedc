package observe

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Pipe starts a program that reads the log from its standard input: "|program args" and "||program args" run it
// directly, "|$command" by the shell. It is started anew when logs are reopened, and the old one sees the end of its
// input.
func Pipe(spec string) Opener {
	return func() (io.WriteCloser, error) {
		line := strings.TrimPrefix(strings.TrimPrefix(spec, "|"), "|")
		var cmd *exec.Cmd
		if shell, ok := strings.CutPrefix(line, "$"); ok {
			cmd = exec.Command("/bin/sh", "-c", shell)
		} else {
			args := arguments(line)
			if len(args) == 0 {
				return nil, fmt.Errorf("%q names no program", spec)
			}
			cmd = exec.Command(args[0], args[1:]...)
		}
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return &program{in, cmd}, nil
	}
}

type program struct {
	io.WriteCloser
	cmd *exec.Cmd
}

func (p *program) Close() error {
	err := p.WriteCloser.Close()
	go p.cmd.Wait()
	return err
}

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
