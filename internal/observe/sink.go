package observe

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"
)

// Opener opens a log's destination; it is called again when logs are reopened.
type Opener func() (io.WriteCloser, error)

// Sink is one destination of log lines, shared by everyone who names it. Lines written with Write may wait up to
// flushEvery; lines written with WriteNow and everything before them are in the file when it returns.
type Sink struct {
	Name string
	open Opener

	mu    sync.Mutex
	out   io.WriteCloser
	buf   []byte
	timer *time.Timer // armed while buf holds something

	losses *losses
	lost   int64 // lines since the last complaint
	why    error
	told   bool // a complaint was made, and the next one waits
}

const (
	flushEvery = 500 * time.Millisecond
	flushSize  = 64 << 10
)

// Write adds one line; it is written in a batch.
func (s *Sink) Write(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return
	}
	s.buf = append(s.buf, line...)
	if len(s.buf) >= flushSize {
		s.flush()
		return
	}
	if len(s.buf) == len(line) {
		if s.timer == nil {
			s.timer = time.AfterFunc(flushEvery, s.Flush)
		} else {
			s.timer.Reset(flushEvery)
		}
	}
}

// WriteNow writes one line, and all that waited, at once.
func (s *Sink) WriteNow(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return
	}
	s.buf = append(s.buf, line...)
	s.flush()
}

// Flush writes what waits.
func (s *Sink) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
}

func (s *Sink) flush() {
	if len(s.buf) == 0 || s.out == nil {
		return
	}
	if n, err := s.out.Write(s.buf); err != nil {
		s.lose(bytes.Count(s.buf[n:], []byte("\n")), err)
	}
	s.buf = s.buf[:0]
	if cap(s.buf) > 2*flushSize {
		s.buf = nil
	}
}

// Reopen opens the destination anew (after log rotation) and closes the old one. On an error the old one stays in use.
func (s *Sink) Reopen() error {
	out, err := s.open()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	if s.out != nil {
		s.out.Close()
	}
	s.out = out
	return nil
}

// Close writes what waits and closes the destination; later lines are dropped.
func (s *Sink) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.out != nil {
		s.out.Close()
		s.out = nil
	}
}

// File opens a log file for appending, as httpd creates it (mode 0644 before umask).
func File(path string) Opener {
	return func() (io.WriteCloser, error) {
		return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	}
}

type noClose struct{ io.Writer }

func (noClose) Close() error { return nil }

// Stderr is a destination that is never closed.
func Stderr() Opener {
	return func() (io.WriteCloser, error) { return noClose{os.Stderr}, nil }
}
