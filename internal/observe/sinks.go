package observe

import (
	"io"
	"runtime"
	"sync"
	"weak"
)

// Sinks are the destinations in use by name. One set lives as long as the server.
type Sinks struct {
	mu      sync.Mutex
	inForce map[string]*Sink     // named by the configuration that serves
	read    map[string]*Sink     // named by the one that is being read
	retired []weak.Pointer[Sink] // no longer named
	losses  losses
}

// NewSinks returns a set that tells of lines that no destination took, not too often.
func NewSinks(lost func(log string, lines int64, why error)) *Sinks {
	return &Sinks{losses: losses{tell: lost}}
}

// Lost is how many lines no destination took.
func (s *Sinks) Lost() int64 { return s.losses.total.Load() }

// Open returns the sink of that name for the configuration that is being read, and opens it if it is new.
func (s *Sinks) Open(name string, open Opener) (*Sink, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sink := s.read[name]
	if sink == nil {
		sink = s.inForce[name]
	}
	if sink == nil {
		out, err := open()
		if err != nil {
			return nil, err
		}
		sink = &Sink{Name: name, open: open, out: out, losses: &s.losses}
	}
	if s.read == nil {
		s.read = map[string]*Sink{}
	}
	s.read[name] = sink
	return sink, nil
}

// Commit puts what was opened since the last one in force. What was in force already is opened anew, since logs may have been
// rotated; failed is told of what could not be. What is no longer named retires.
func (s *Sinks) Commit(failed func(*Sink, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, sink := range s.inForce {
		if s.read[name] == nil {
			s.retire(sink)
		} else if err := sink.Reopen(); err != nil {
			failed(sink, err)
		}
	}
	s.inForce, s.read = s.read, nil
}

// Rollback closes what was opened for a configuration that is given up.
func (s *Sinks) Rollback() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, sink := range s.read {
		if s.inForce[name] == nil {
			sink.Close()
		}
	}
	s.read = nil
}

// retire leaves a sink to those who still have something to write to it: requests of the old configuration, and tunnels at
// their end. It is closed when nobody can reach it any more; lines that wait for their batch keep it reachable.
func (s *Sinks) retire(sink *Sink) {
	sink.mu.Lock()
	sink.flush()
	runtime.AddCleanup(sink, func(out io.Closer) { out.Close() }, io.Closer(sink.out))
	sink.mu.Unlock()
	alive := s.retired[:0]
	for _, old := range s.retired {
		if old.Value() != nil {
			alive = append(alive, old)
		}
	}
	s.retired = append(alive, weak.Make(sink))
}

// Close closes all, the retired ones too.
func (s *Sinks) Close() { s.Each((*Sink).Close) }

// Each calls f for every sink.
func (s *Sinks) Each(f func(*Sink)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sink := range s.inForce {
		f(sink)
	}
	for name, sink := range s.read {
		if s.inForce[name] == nil {
			f(sink)
		}
	}
	for _, old := range s.retired {
		if sink := old.Value(); sink != nil {
			f(sink)
		}
	}
}
