package site_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"transom/internal/module"
	"transom/internal/modules/core"
	"transom/internal/site/sitetest"
)

// reads counts how often a directive is read.
func counting(reads *int, mu *sync.Mutex) *module.Module {
	return &module.Module{Name: "mod_count",
		Directives: []module.Directive{{Name: "Count", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.NoArgs, Set: func(*module.Command) error {
			mu.Lock()
			defer mu.Unlock()
			*reads++
			return nil
		}}},
		Hooks: []module.Hook{{Phase: module.AccessCheckerX, Run: func(*module.Request) module.Result { return module.OK }}}}
}

func TestHtaccessIsReadOncePerVersion(t *testing.T) {
	var reads int
	var mu sync.Mutex
	s := sitetest.NewWith(t, "<Directory @ROOT@/htdocs>\nAllowOverride FileInfo\n</Directory>\n", []*module.Module{core.Module(), counting(&reads, &mu)},
		map[string]string{"htdocs/.htaccess": "Count\n"})
	get := func(want int) {
		t.Helper()
		if got := s.Get(t, "/index.html").Code; got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	get(200)
	get(200)
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
	s.Write(t, "htdocs/.htaccess", "Count\nCount\n")
	get(200)
	if reads != 3 {
		t.Errorf("a change was read %d times, want 2", reads-1)
	}
	// Another file of the same size and time in its place.
	old, err := os.Stat(filepath.Join(s.Root, "htdocs/.htaccess"))
	if err != nil {
		t.Fatal(err)
	}
	s.Write(t, "htdocs/new", "Wrong\nWrong\n")
	if err := os.Chtimes(filepath.Join(s.Root, "htdocs/new"), old.ModTime(), old.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.Root, "htdocs/new"), filepath.Join(s.Root, "htdocs/.htaccess")); err != nil {
		t.Fatal(err)
	}
	get(500)
	if log := s.Read(t, "logs/error_log"); !strings.Contains(log, ".htaccess:1: Invalid command 'Wrong'") {
		t.Errorf("the log says %s", log)
	}
	if err := os.Remove(filepath.Join(s.Root, "htdocs/.htaccess")); err != nil {
		t.Fatal(err)
	}
	get(200)
}

// What can't be read must not count as absent: it may restrict.
func TestHtaccessThatIsNoFile(t *testing.T) {
	var reads int
	var mu sync.Mutex
	s := sitetest.NewWith(t, "<Directory @ROOT@/htdocs>\nAllowOverride All\n</Directory>\n", []*module.Module{core.Module(), counting(&reads, &mu)},
		map[string]string{"htdocs/.htaccess/x": ""})
	if got := s.Get(t, "/index.html").Code; got != 403 {
		t.Errorf("status %d, want 403", got)
	}
}

func TestHtaccessConcurrently(t *testing.T) {
	var reads int
	var mu sync.Mutex
	s := sitetest.NewWith(t, "<Directory @ROOT@/htdocs>\nAllowOverride FileInfo\n</Directory>\n", []*module.Module{core.Module(), counting(&reads, &mu)},
		map[string]string{"htdocs/.htaccess": "Count\n"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got := s.Get(t, "/index.html").Code; got != 200 {
					t.Errorf("status %d", got)
				}
			}
		})
	}
	wg.Wait()
}
