//go:build system

// Package oracle plays the end-to-end files against Debian's apache2. What a
// file expects and httpd does not do must stand in differences.txt.
package oracle

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"transom/test/e2e/harness"
)

func TestHttpd(t *testing.T) {
	list, err := readDifferences("differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	h, err := harness.New(harness.Httpd(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../e2e/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in ../e2e/testdata (%v)", err)
	}
	known := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		known[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := harness.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			res, err := h.Play(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range compare(name, list[name], res.Failures) {
				t.Error(problem)
			}
			if t.Failed() {
				t.Logf("httpd wrote:\n%s", res.Output)
			}
		})
	}
	for name := range list {
		if !known[name] {
			t.Errorf("differences.txt lists %s, which does not exist", name)
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
