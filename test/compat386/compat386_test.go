//go:build system

// Package compat386 plays the end-to-end files with the 386 binary on the surface
// of CentOS 6's kernel: i386 system calls that Linux 2.6.32 lacks answer ENOSYS.
package compat386

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"transom/test/e2e/harness"
)

// build compiles a package for an architecture and returns the binary's path.
func build(t *testing.T, arch, pkg string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-o", bin, pkg)
	cmd.Env = append(os.Environ(), "GOARCH="+arch, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("GOARCH=%s go build %s: %v\n%s", arch, pkg, err, out)
	}
	return bin
}

// The filter is worth nothing unless it is seen to work.
func TestSurface(t *testing.T) {
	oldkernel := build(t, "amd64", "./oldkernel")
	probe := build(t, "386", "./testdata/probe")
	for _, c := range []struct {
		name      string
		command   []string
		getrandom string
		old       bool
	}{
		{"here", []string{probe}, "getrandom: 0", false},
		{"old kernel", []string{oldkernel, probe}, "getrandom: 38", true}, // ENOSYS
	} {
		out, err := exec.Command(c.command[0], c.command[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, out)
		}
		lines := strings.Split(string(out), "\n")
		if lines[0] != c.getrandom || lines[1] != "getpid: 0" || strings.HasPrefix(lines[2], "release: 2.6.") != c.old {
			t.Errorf("%s:\n%s", c.name, out)
		}
	}
	if syscall.ENOSYS != 38 {
		t.Error("ENOSYS is not 38 here")
	}
}

func TestFiles(t *testing.T) {
	server := harness.Server{Command: []string{build(t, "amd64", "./oldkernel"), build(t, "386", "transom/cmd/transom")}}
	harness.PlayFiles(t, server, 20*time.Second, "../e2e/testdata", nil)
}
