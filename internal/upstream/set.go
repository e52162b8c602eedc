package upstream

import (
	"slices"
	"sync"
)

// Set knows the workers that serve, so that a new configuration goes on with the connections, states and counters of those that
// it names again with the same parameters.
type Set struct {
	mu      sync.Mutex
	workers map[string]*Worker
}

// Replace puts a new configuration's workers, members included, in force, started and not yet used. Those of the old one that are
// not among them are closed: their idle connections at once, the others after their exchange.
func (s *Set) Replace(next []*Worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make(map[string]*Worker, len(next))
	for _, w := range next {
		key := w.key()
		if old := s.workers[key]; old != nil && old.same(w) && kept[key] == nil {
			w.state = old.state
		}
		kept[key] = w
	}
	for key, old := range s.workers {
		if now := kept[key]; now == nil || now.state != old.state {
			old.Close()
		}
	}
	s.workers = kept
}

// Workers lists what serves, in the order of scope and name.
func (s *Set) Workers() []*Worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]string, 0, len(s.workers))
	for key := range s.workers {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	list := make([]*Worker, len(keys))
	for i, key := range keys {
		list[i] = s.workers[key]
	}
	return list
}

func (w *Worker) key() string { return w.Scope + "\x00" + w.name }

// same says that nothing about the worker has changed but the TLS settings' address.
func (w *Worker) same(other *Worker) bool {
	return w.URL == other.URL && w.Params == other.Params && w.Member == other.Member && w.Children == other.Children &&
		w.Generic == other.Generic && w.TLSKey == other.TLSKey && (w.TLS == nil) == (other.TLS == nil)
}
