package harness

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Httpd is Debian's apache2.
func Httpd() Server {
	return Server{
		Command: []string{"/usr/sbin/apache2"},
		Modules: "/usr/lib/apache2/modules",
		Without: "Transom",
		Settle:  oldChildren,

		DiesOfErrors: true,
	}
}

// oldChildren waits until none of the server's present children accepts
// connections: httpd says that it has reloaded before they have noticed.
func oldChildren(pid int) (func() error, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	return func() error {
		for _, child := range strings.Fields(string(data)) {
			for end := time.Now().Add(10 * time.Second); listens(child); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					return fmt.Errorf("child %s still accepts connections after the reload", child)
				}
			}
		}
		return nil
	}, nil
}

// listens reports whether the process holds a listening TCP socket.
func listens(pid string) bool {
	listening := map[string]bool{}
	for _, table := range []string{"tcp", "tcp6"} {
		f, err := os.Open("/proc/" + pid + "/net/" + table)
		if err != nil {
			continue
		}
		for sc := bufio.NewScanner(f); sc.Scan(); {
			if w := strings.Fields(sc.Text()); len(w) > 9 && w[3] == "0A" {
				listening["socket:["+w[9]+"]"] = true
			}
		}
		f.Close()
	}
	fds, _ := filepath.Glob("/proc/" + pid + "/fd/*")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && listening[target] {
			return true
		}
	}
	return false
}
