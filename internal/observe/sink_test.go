package observe

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
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
	begun := time.Now()
	s.Write([]byte("a\n"))
	if got := read(t, path); got != "" && time.Since(begun) < flushEvery {
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
		begun := time.Now()
		s.Write([]byte("a\n"))
		s.Write([]byte("b\n"))
		late := time.Since(begun) >= flushEvery
		got := <-w.c
		if late && got == "a\n" { // that was a batch of its own
			got += <-w.c
		}
		if got != "a\nb\n" {
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
	reopen(t, sinks, path)
	s.Write([]byte("before\n"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("between\n"))
	reopen(t, sinks, path)
	s.WriteNow([]byte("after\n"))
	if old, now := read(t, path+".1"), read(t, path); old != "before\nbetween\n" || now != "after\n" {
		t.Errorf("the old file holds %q, the new one %q", old, now)
	}
}

// reopen is a reload that names the same log.
func reopen(t *testing.T, sinks *Sinks, path string) {
	t.Helper()
	open(t, sinks, path)
	sinks.Commit(func(_ *Sink, err error) { t.Error(err) })
}

// closes tells when it was closed, of what was written.
type closes struct {
	strings.Builder
	c chan string
}

func (w *closes) Close() error { w.c <- w.String(); return nil }

func (w *closes) open() (io.WriteCloser, error) { return w, nil }

func TestRetiredSinkTakesWhatComesAndIsClosed(t *testing.T) {
	sinks, kept, gone := &Sinks{}, &closes{c: make(chan string, 1)}, &closes{c: make(chan string, 1)}
	sinks.Open("kept", kept.open)
	s, _ := sinks.Open("gone", gone.open)
	sinks.Commit(nil)
	s.Write([]byte("before\n"))
	sinks.Open("kept", nil)
	sinks.Commit(func(*Sink, error) {})
	<-kept.c // opened anew
	s.Write([]byte("the end of a tunnel\n"))
	runtime.GC()
	select {
	case <-gone.c:
		t.Fatal("it was closed under somebody's hands")
	default:
	}
	runtime.KeepAlive(s)
	for {
		runtime.GC()
		select {
		case got := <-gone.c:
			if got != "before\nthe end of a tunnel\n" {
				t.Errorf("it was closed with %q", got)
			}
			return
		case <-kept.c:
			t.Fatal("a log that is named was closed")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestCloseReachesTheRetired(t *testing.T) {
	sinks, w := &Sinks{}, &closes{c: make(chan string, 2)} // the cleanup closes once more
	s, _ := sinks.Open("x", w.open)
	sinks.Commit(nil)
	sinks.Commit(nil)
	s.Write([]byte("last\n"))
	sinks.Close()
	if got := <-w.c; got != "last\n" {
		t.Errorf("closed with %q", got)
	}
	runtime.KeepAlive(s)
}

func TestRollbackClosesWhatIsNew(t *testing.T) {
	sinks, old, fresh := &Sinks{}, &closes{c: make(chan string, 1)}, &closes{c: make(chan string, 1)}
	s, _ := sinks.Open("old", old.open)
	sinks.Commit(nil)
	sinks.Open("old", nil)
	sinks.Open("new", fresh.open)
	sinks.Rollback()
	<-fresh.c
	s.WriteNow([]byte("still here\n"))
	if old.String() != "still here\n" {
		t.Errorf("what is in force holds %q", old.String())
	}
	sinks.Open("old", nil)
	sinks.Commit(func(*Sink, error) {})
	<-old.c
}

// full is a disk without room.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	n := min(f.room, len(b))
	f.room -= n
	return n, syscall.ENOSPC
}
func (f *full) Close() error { return nil }

func TestLostLinesAreCountedAndTold(t *testing.T) {
	told := make(chan string, 10)
	sinks := NewSinks(func(log string, lines int64, why error) { told <- fmt.Sprint(log, " ", lines, " ", why) })
	s, _ := sinks.Open("log", func() (io.WriteCloser, error) { return &full{room: 5}, nil })
	s.Write([]byte("one\ntwo\n"))
	s.WriteNow([]byte("three\n"))
	if got := <-told; got != "log 2 no space left on device" {
		t.Errorf("told of %q", got)
	}
	for range 5 {
		s.WriteNow([]byte("x\n"))
	}
	if got := sinks.Lost(); got != 7 {
		t.Errorf("%d lines are counted, not 7", got)
	}
	s.complain() // as at the end of the period
	if got := <-told; got != "log 5 no space left on device" {
		t.Errorf("then of %q", got)
	}
	s.complain()
	s.WriteNow([]byte("x\n"))
	if got := <-told; got != "log 1 no space left on device" {
		t.Errorf("after a period without losses it is told of %q", got)
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
	sinks.Commit(nil)
	works = false
	failed := 0
	sinks.Open("x", nil)
	sinks.Commit(func(*Sink, error) { failed++ })
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
		reopen(t, sinks, path)
	}
	wg.Wait()
	s.Close()
	if got := read(t, path); got != strings.Repeat("line\n", 8000) {
		t.Errorf("of 40000 bytes %d arrived", len(got))
	}
}
