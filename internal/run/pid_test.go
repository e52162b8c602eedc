package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"transom/internal/module"
)

func TestPidFile(t *testing.T) {
	for name, want := range map[string]string{"": "/root/logs/httpd.pid", "run/x.pid": "/root/run/x.pid", "/run/x.pid": "/run/x.pid"} {
		b := &module.Build{ServerRoot: "/root", Process: module.Process{PidFile: name}}
		if got := PidFile(b); got != want {
			t.Errorf("PidFile %q is %s", name, got)
		}
	}
}

func TestRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "httpd.pid")
	if pid, err := Running(path); pid != 0 || err != nil {
		t.Errorf("without a file there is %d, %v", pid, err)
	}
	if err := WritePid(path); err != nil {
		t.Fatal(err)
	}
	if pid, err := Running(path); pid != os.Getpid() || err != nil {
		t.Errorf("I am %d, not %d, %v", os.Getpid(), pid, err)
	}
	for _, text := range []string{"", "x", "0", "1", "-1", "99999999999999999999"} {
		os.WriteFile(path, []byte(text), 0o644)
		if pid, err := Running(path); pid != 0 || err == nil {
			t.Errorf("%q names process %d, %v", text, pid, err)
		}
	}
}

func TestEndedProcessesDoNotRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "httpd.pid")
	cmd := exec.Command("/bin/sh", "-c", "exit 0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Read(make([]byte, 1)) // until it has ended
	os.WriteFile(path, []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		for pid := 1; pid != 0; { // a zombie soon
			pid, _ = Running(path)
		}
	}
	cmd.Wait()
	if pid, err := Running(path); pid != 0 || err != nil {
		t.Errorf("process %d runs, %v", pid, err)
	}
}

// Where others may write, a link must not lead the PidFile elsewhere.
func TestWritePidFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	victim, path := filepath.Join(dir, "victim"), filepath.Join(dir, "httpd.pid")
	os.WriteFile(victim, []byte("precious"), 0o644)
	for _, name := range []string{path, path + ".new"} {
		os.Symlink(victim, name)
	}
	if err := WritePid(path); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(victim); string(text) != "precious" {
		t.Errorf("the victim holds %q", text)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("the PidFile is %v, %v", info.Mode(), err)
	}
	if WritePid(filepath.Join(dir, "none", "httpd.pid")) == nil {
		t.Error("a PidFile in no directory")
	}
}
