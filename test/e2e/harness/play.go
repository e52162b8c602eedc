package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// PlayFiles plays each file of the folder, in parallel, as a test of its own. What
// judge says of a file's failures are the test's errors; nil takes each as it is.
func PlayFiles(t *testing.T, s Server, timeout time.Duration, dir string, judge func(file string, f []Failure) []string) {
	t.Helper()
	h, err := New(s, timeout)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s (%v)", dir, err)
	}
	if judge == nil {
		judge = asTheyAre
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			s, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			res, err := h.Play(s)
			if err != nil {
				t.Fatal(err)
			}
			if res.Remark != "" {
				fmt.Fprintf(os.Stderr, "%s was %s\n", s.Name, res.Remark)
			}
			for _, problem := range judge(s.Name, res.Failures) {
				t.Error(problem)
			}
			if t.Failed() {
				t.Logf("the server wrote:\n%s", res.Output)
			}
		})
	}
}

func asTheyAre(file string, failures []Failure) []string {
	var problems []string
	for _, f := range failures {
		problems = append(problems, file+": "+f.String())
	}
	return problems
}
