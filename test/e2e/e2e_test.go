// Package e2e plays every file of testdata against the transom binary.
package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	cmd := exec.Command("go", append(append([]string{"build"}, raceFlag...), "-o", binary, "transom/cmd/transom")...)
	if len(raceFlag) == 0 {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // the static binary that is shipped
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build transom/cmd/transom: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestFiles(t *testing.T) {
	touchSources("../../cmd", "../../internal", "../../go.mod") // here, as what TestMain opens is not noted
	harness.PlayFiles(t, underTest(), 10*time.Second, "testdata", nil)
}

func underTest() harness.Server {
	s := harness.Transom(binary)
	s.KeepsRights = len(raceFlag) > 0
	return s
}

// touchSources opens what the binary is built from, so that go test doesn't answer from its cache when that has changed: it
// knows of the files a test opens, and not of those a compiler does.
func touchSources(roots ...string) {
	for _, root := range roots {
		filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.HasSuffix(path, "_test.go") {
				if f, err := os.Open(path); err == nil {
					f.Close()
				}
			}
			return nil
		})
	}
}
