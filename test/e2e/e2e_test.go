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
	cmd := exec.Command("go", "build", "-o", binary, "transom/cmd/transom")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // the static binary that is shipped
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build transom/cmd/transom: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestFiles(t *testing.T) {
	harness.PlayFiles(t, harness.Transom(binary), 10*time.Second, "testdata", nil)
}
