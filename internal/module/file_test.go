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
	settle := func() { f.version.read = f.version.read.Add(time.Hour) } // as if it were read an hour later
	write(path, "one", old)
	expect("one", 1)
	settle()
	expect("one", 1)
	write(path, "two", old.Add(time.Second))
	expect("two", 2)
	settle()
	write(path+"2", "new", old.Add(time.Second))
	if err := os.Rename(path+"2", path); err != nil {
		t.Fatal(err)
	}
	expect("new", 3)
	write(path, "now", time.Now())
	expect("now", 4)
	expect("now", 5) // it may change again within its time's precision
	write(path, "old", old)
	expect("old", 6)
	expect("old", 7) // so may this one, which only says that it is old
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(); err == nil {
		t.Error("a file that is gone goes on speaking")
	}
}
