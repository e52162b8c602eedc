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
			args := strings.Fields(line)
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
