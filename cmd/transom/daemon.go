package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"transom/internal/run"
)

// readyEnv tells a detached process the descriptor on which it says that it serves.
const readyEnv = "TRANSOM_READY_FD"

// daemonize starts the server as a process of its own session, and returns when it has read its configuration and bound
// its ports, or has failed to.
func daemonize(o *options, stderr io.Writer) int {
	if os.Getenv(readyEnv) != "" {
		return serveDetached(o, stderr)
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		fmt.Fprintf(stderr, "transom: %v\n", err)
		return 1
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintf(stderr, "transom: can't find my own program file: %v\n", err)
		return 1
	}
	closeInherited()
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), readyEnv+"=3")
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{tell}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(stderr, "transom: can't start in the background: %v\n", err)
		return 1
	}
	tell.Close()
	word, _ := io.ReadAll(ready)
	if strings.HasPrefix(string(word), "ready") {
		cmd.Process.Release()
		return 0
	}
	cmd.Wait() // it has said why on stderr
	return cmd.ProcessState.ExitCode()
}

// serveDetached runs in the new process. It keeps the terminal for itself until it serves: log programs must not hold it.
func serveDetached(o *options, stderr io.Writer) int {
	tell := os.NewFile(3, "ready")
	os.Unsetenv(readyEnv)
	syscall.CloseOnExec(3)
	terminal, err := run.DetachOutput()
	if err != nil {
		fmt.Fprintf(stderr, "transom: letting go of the terminal: %v\n", err)
		return 1
	}
	if o.startupLog == "" {
		stderr = terminal
	}
	os.Chdir("/") // keeps no file system from being unmounted
	return serveAnd(o, stderr, func() {
		fmt.Fprintln(tell, "ready")
		tell.Close()
		terminal.Close()
	})
}

// closeInherited keeps descriptors that whoever started us left open from reaching the server.
func closeInherited() {
	list, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, e := range list {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
