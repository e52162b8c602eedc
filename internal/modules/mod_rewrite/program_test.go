package rewrite

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestStuckProgram holds that a program which neither answers nor ends with its input costs one answer, and is gone
// afterwards.
func TestStuckProgram(t *testing.T) {
	stuck := &program{&process{args: []string{"/bin/sh", "-c", "exec sleep 1000"}, timeout: 50 * time.Millisecond, closed: true}}
	stuck.serve(nil)
	first := processOf(stuck)
	if _, err := stuck.ask("key"); !os.IsTimeout(err) {
		t.Errorf("asking a program that is silent: %v, want a timeout", err)
	}
	stuck.mu.Lock()
	stuck.stop()
	stuck.mu.Unlock()
	gone(t, first)
	if _, err := stuck.ask("key"); !os.IsTimeout(err) {
		t.Errorf("asking the second process: %v, want a timeout", err)
	}
	second := processOf(stuck)
	stuck.end()
	gone(t, second)
	if _, err := stuck.ask("key"); err == nil {
		t.Error("a program answers that belongs to no configuration")
	}
}

// A program whose configuration no longer serves answers whoever can still ask it, and ends behind the last of them.
func TestRetiredProgram(t *testing.T) {
	old := &program{&process{args: []string{"/bin/cat"}, timeout: answerTimeout, closed: true}}
	old.serve(nil)
	ran := processOf(old)
	runtime.GC()
	if got, err := old.ask("key"); err != nil || got != "key" {
		t.Errorf("%q, %v", got, err)
	}
	runtime.KeepAlive(old)
	gone(t, ran)
}

func processOf(p *program) *os.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process
}

// gone waits until a process has ended and was waited for.
func gone(t *testing.T, p *os.Process) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		runtime.GC()
		if p.Signal(syscall.Signal(0)) == os.ErrProcessDone {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d still runs", p.Pid)
		}
	}
}
