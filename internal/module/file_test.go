package module

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCachedFile: an old file is read once; a changed one, another one in its place, or one that is gone is noticed.
func TestCachedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	reads := 0
	f := &CachedFile[string]{Path: path, Parse: func(text []byte) string { reads++; return string(text) }}
	old := time.Now().Add(-time.Hour)
	write := func(name, text string, at time.Time) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(text string, wantReads int) {
		t.Helper()
		if got, err := f.Get(); got != text || err != nil || reads != wantReads {
			t.Errorf("got %q, %v after %d reads; want %q after %d", got, err, reads, text, wantReads)
		}
	}
	write(path, "one", old)
	expect("one", 1)
	expect("one", 1)
	write(path, "two", old.Add(time.Second))
	expect("two", 2)
	write(path+"2", "new", old.Add(time.Second))
	if err := os.Rename(path+"2", path); err != nil {
		t.Fatal(err)
	}
	expect("new", 3)
	write(path, "now", time.Now())
	expect("now", 4)
	expect("now", 5) // it may change again within its time's precision
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(); err == nil {
		t.Error("a file that is gone goes on speaking")
	}
}
