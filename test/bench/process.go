package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// tick is the unit of times in /proc/PID/stat (USER_HZ, which Linux keeps at 100 towards programs).
const tick = 10 * time.Millisecond

// tree lists a process and its descendants.
func tree(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if f, err := statFields(path); err == nil {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			parent, _ := strconv.Atoi(f[1])
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// statFields are the fields of a stat file from the third (state) on.
func statFields(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(f) < 15 {
		return nil, fmt.Errorf("%s has %d fields", path, len(f))
	}
	return f, nil
}

// cpu is the user and system time of a tree of processes, by the clock of each: /proc tells it in steps of 10 ms. The times
// of children that ended count through the parent that waited for them, as far as /proc tells.
func cpu(root int) time.Duration {
	var sum time.Duration
	for _, pid := range tree(root) {
		sum += clock(pid)
		f, err := statFields(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		for _, field := range f[13:15] { // cutime, cstime
			n, _ := strconv.ParseInt(field, 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// clock is the processor time that a process has used, with all its threads, those that ended too (clock_getcpuclockid(3)).
func clock(pid int) time.Duration {
	const scheduled = 2
	var t syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(^pid<<3|scheduled), uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return 0
	}
	return time.Duration(t.Nano())
}

// pss is the memory of a tree of processes in bytes, shared pages divided among those that share them.
func pss(root int) (float64, error) {
	var sum float64
	for _, pid := range tree(root) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		if err != nil {
			return 0, err
		}
		_, after, ok := strings.Cut(string(text), "\nPss:")
		if !ok {
			return 0, fmt.Errorf("no Pss for process %d", pid)
		}
		kb, err := strconv.ParseFloat(strings.Fields(after)[0], 64)
		if err != nil {
			return 0, err
		}
		sum += kb * 1024
	}
	return sum, nil
}

// role is this program in another role, spoken to through its standard input and output. It ends when its input does.
type role struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startRole(args ...string) (*role, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &role{cmd, in, bufio.NewReader(out)}, cmd.Start()
}

func (r *role) ask(command string) (Result, error) {
	var result Result
	if _, err := fmt.Fprintln(r.in, command); err != nil {
		return result, err
	}
	line, err := r.out.ReadBytes('\n')
	if err != nil {
		return result, fmt.Errorf("load process: %w", err)
	}
	return result, json.Unmarshal(line, &result)
}

func (r *role) stop() {
	r.in.Close()
	r.cmd.Wait()
}
