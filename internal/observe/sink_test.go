package observe

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func open(t *testing.T, sinks *Sinks, path string) *Sink {
	t.Helper()
	s, err := sinks.Open(path, File(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestBatches(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	s := open(t, &Sinks{}, path)
	s.Write([]byte("a\n"))
	if got := read(t, path); got != "" {
		t.Errorf("%q did not wait for the batch", got)
	}
	s.WriteNow([]byte("b\n"))
	if got := read(t, path); got != "a\nb\n" {
		t.Errorf("behind WriteNow there is %q", got)
	}
	s.Write([]byte("c\n"))
	s.Flush()
	if got := read(t, path); got != "a\nb\nc\n" {
		t.Errorf("behind Flush there is %q", got)
	}
	line := strings.Repeat("x", flushSize-1) + "\n"
	s.Write([]byte(line))
	if got := read(t, path); !strings.HasSuffix(got, line) {
		t.Error("a full batch waits")
	}
	s.Write([]byte("last\n"))
	s.Close()
	s.Write([]byte("too late\n"))
	s.WriteNow([]byte("too late\n"))
	if got := read(t, path); !strings.HasSuffix(got, "\nlast\n") {
		t.Errorf("behind Close the file ends with %q", got[max(0, len(got)-20):])
	}
}

// wakes tells when something is written.
type wakes struct{ c chan string }

func (w wakes) Write(b []byte) (int, error) { w.c <- string(b); return len(b), nil }
func (w wakes) Close() error                { return nil }

func TestBatchIsWrittenInTheEnd(t *testing.T) {
	w := wakes{make(chan string, 1)}
	s, err := (&Sinks{}).Open("x", func() (io.WriteCloser, error) { return w, nil })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.Write([]byte("a\n"))
		s.Write([]byte("b\n"))
		if got := <-w.c; got != "a\nb\n" {
			t.Errorf("the batch is %q", got)
		}
	}
}

func TestSinksAreShared(t *testing.T) {
	sinks, path := &Sinks{}, filepath.Join(t.TempDir(), "log")
	if first, second := open(t, sinks, path), open(t, sinks, path); first != second {
		t.Error("one name, two sinks")
	}
	if _, err := sinks.Open("x", File(filepath.Join(path, "below a file"))); err == nil {
		t.Error("a file was opened below a file")
	}
}

func TestRotation(t *testing.T) {
	sinks, dir := &Sinks{}, t.TempDir()
	path := filepath.Join(dir, "log")
	s := open(t, sinks, path)
	s.Write([]byte("before\n"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("between\n"))
	sinks.Reopen(func(_ *Sink, err error) { t.Error(err) })
	s.WriteNow([]byte("after\n"))
	if old, now := read(t, path+".1"), read(t, path); old != "before\nbetween\n" || now != "after\n" {
		t.Errorf("the old file holds %q, the new one %q", old, now)
	}
}

func TestForgottenSinksStayAsTheyAre(t *testing.T) {
	sinks, dir := &Sinks{}, t.TempDir()
	kept, gone := filepath.Join(dir, "kept"), filepath.Join(dir, "gone")
	open(t, sinks, kept)
	s := open(t, sinks, gone)
	sinks.Forget()
	open(t, sinks, kept)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	sinks.Reopen(func(_ *Sink, err error) { t.Error(err) })
	s.WriteNow([]byte("the end of a tunnel\n"))
	if _, err := os.Stat(gone); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what no configuration names was opened again: %v", err)
	}
}

func TestReopenThatFails(t *testing.T) {
	works, path := true, filepath.Join(t.TempDir(), "log")
	sinks := &Sinks{}
	s, err := sinks.Open("x", func() (io.WriteCloser, error) {
		if !works {
			return nil, errors.New("no")
		}
		return File(path)()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	works = false
	failed := 0
	sinks.Reopen(func(*Sink, error) { failed++ })
	s.WriteNow([]byte("still here\n"))
	if got := read(t, path); failed != 1 || got != "still here\n" {
		t.Errorf("%d failures, and the file holds %q", failed, got)
	}
}

func TestSinkByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	sinks := &Sinks{}
	s := open(t, sinks, path)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				s.Write([]byte("line\n"))
			}
		})
	}
	for range 20 {
		sinks.Reopen(func(_ *Sink, err error) { t.Error(err) })
	}
	wg.Wait()
	s.Close()
	if got := read(t, path); got != strings.Repeat("line\n", 8000) {
		t.Errorf("of 40000 bytes %d arrived", len(got))
	}
}
