//go:build system

// Package oracle plays the end-to-end files against Debian's apache2. What a
// file expects and httpd does not do must stand in differences.txt.
package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"transom/test/e2e/harness"
)

const files = "../e2e/testdata"

func TestHttpd(t *testing.T) {
	list, err := readDifferences("differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	harness.PlayFiles(t, harness.Httpd(), 10*time.Second, files, func(name string, failures []harness.Failure) []string {
		return compare(name, list[name], failures)
	})
	for name := range list {
		if _, err := os.Stat(filepath.Join(files, name)); err != nil {
			t.Errorf("differences.txt: %v", err)
		}
	}
}

// compare says which failures are not listed and which listed ones did not occur.
func compare(name string, listed []difference, failures []harness.Failure) []string {
	var problems []string
	left := append([]difference{}, listed...)
	for _, f := range failures {
		got := oneLine(f.Got)
		found := false
		for i, d := range left {
			if d.step == f.Step && d.httpd == got {
				left = append(left[:i], left[i+1:]...)
				found = true
				break
			}
		}
		if !found {
			problems = append(problems, fmt.Sprintf("%s:%d: a difference that is not listed:\n%s: %s\n\thttpd: %s\n\tbecause: ",
				name, f.Line, name, f.Step, got))
		}
	}
	for _, d := range left {
		problems = append(problems, fmt.Sprintf("differences.txt:%d: httpd now does what the file expects: %s: %s", d.line, name, d.step))
	}
	return problems
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
