package run

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"transom/internal/module"
)

// DefaultPidFile is where the process ID goes without PidFile, relative to ServerRoot.
const DefaultPidFile = "logs/httpd.pid"

// PidFile is the file that holds the process ID.
func PidFile(b *module.Build) string {
	if b.Process.PidFile != "" {
		return b.Path(b.Process.PidFile)
	}
	return b.Path(DefaultPidFile)
}

// WritePid writes the own process ID; the file is replaced whole, so that nobody reads half of it, and under a name that
// nobody could have prepared a link for.
func WritePid(path string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".")
	if err != nil {
		return fmt.Errorf("could not create the PidFile %s: %w", path, err)
	}
	_, err = fmt.Fprintln(tmp, os.Getpid())
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("could not write the PidFile %s: %w", path, err)
	}
	return nil
}

// Running is the process that the PidFile names, or 0 if it is not alive. A file that names something else is an error.
func Running(path string) (int, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0, fmt.Errorf("%s holds %q, which is no process ID; remove it if nothing runs", filepath.Clean(path), strings.TrimSpace(string(text)))
	}
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) || isZombie(pid) {
		return 0, nil
	}
	return pid, nil
}

// alreadyRuns is the process that the PidFile names, or 0. In a container its number may have become our own, or that of who starts us.
func alreadyRuns(path string) int {
	pid, _ := Running(path)
	if pid == os.Getpid() || pid == os.Getppid() {
		return 0
	}
	return pid
}

// isZombie says that a process has ended and nobody has asked how; where there is no /proc nobody knows.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" ")) // a name may hold anything
	return bytes.HasPrefix(state, []byte("Z"))
}
