// Package e2e plays every file of testdata against the transom binary.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"transom/test/e2e/harness"
)

// binary is the server under test, built once by TestMain.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "transom")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "transom")
	if out, err := exec.Command("go", "build", "-o", binary, "transom/cmd/transom").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build transom/cmd/transom: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestFiles(t *testing.T) {
	h, err := harness.New(harness.Transom(binary), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			s, err := harness.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			res, err := h.Play(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range res.Failures {
				t.Errorf("%s:%v", file, f)
			}
			if t.Failed() {
				t.Logf("the server wrote:\n%s", res.Output)
			}
		})
	}
}
