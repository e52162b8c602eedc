package run

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Logs that reloads no longer name are closed, with the last Site that could write to them.
func TestReloadsLeaveNoLogsOpen(t *testing.T) {
	r := newRig(t, "")
	r.mustStart()
	defer r.Stop(false)
	config := func(i int, more string) {
		r.write(fmt.Sprintf("ErrorLog logs/error%d\nCustomLog logs/access%d %%U\nCustomLog \"|$cat >/dev/null; # %d\" %%U\n%s", i, i, i, more))
		r.Reload()
	}
	config(0, "")
	r.get("/x")
	before := descriptors()
	for i := range 100 {
		config(i, "")
		r.get("/x")
	}
	for i := range 10 {
		config(1000+i, "CustomLog none/access %U\n") // given up
	}
	for end := time.Now().Add(20 * time.Second); descriptors() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			open, _ := os.ReadDir("/dev/fd")
			for _, fd := range open {
				name, _ := os.Readlink(filepath.Join("/proc/self/fd", fd.Name()))
				t.Log(name)
			}
			t.Fatalf("%d descriptors are open that were %d", descriptors(), before)
		}
		runtime.GC()
	}
	if got := r.read("logs/access50"); got != "/x\n" {
		t.Errorf("a retired log holds %q", got)
	}
	if log := r.read("logs/error99"); strings.Count(log, "goes on serving") != 10 {
		t.Errorf("the log in force says\n%s", log)
	}
}

// A log program that ends without reading is complained of in the error log, and counted.
func TestLinesThatNoProgramReads(t *testing.T) {
	r := newRig(t, "CustomLog \"|/bin/false\" %U\n<Location /status>\nSetHandler server-status\n</Location>\n")
	r.mustStart()
	defer r.Stop(false)
	for end := time.Now().Add(20 * time.Second); !strings.Contains(r.read("logs/error_log"), "were lost"); time.Sleep(10 * time.Millisecond) {
		if r.get("/x"); time.Now().After(end) {
			t.Fatalf("the error log does not tell:\n%s", r.read("logs/error_log"))
		}
	}
	if got := r.get("/status?auto"); strings.Contains(got, "LostLogLines: 0\n") || !strings.Contains(got, "LostLogLines: ") {
		t.Errorf("server-status says\n%s", got)
	}
}
