package observe

import (
	"sync/atomic"
	"time"
)

// complainEvery is how often a log that loses lines is complained of.
const complainEvery = time.Minute

// losses are the lines that no destination took: a program did not read them, a disk was full.
type losses struct {
	tell  func(log string, lines int64, why error)
	total atomic.Int64
}

// lose counts lines; the caller holds s.mu. The first are complained of at once, more of them once per period: not from here,
// as the complaint may belong into this very log.
func (s *Sink) lose(lines int, why error) {
	if s.losses == nil {
		return
	}
	s.losses.total.Add(int64(lines))
	s.lost, s.why = s.lost+int64(lines), why
	if !s.told && s.losses.tell != nil {
		s.told = true
		go s.complain()
	}
}

func (s *Sink) complain() {
	s.mu.Lock()
	lines, why := s.lost, s.why
	s.lost = 0
	s.told = lines > 0
	s.mu.Unlock()
	if lines == 0 {
		return
	}
	time.AfterFunc(complainEvery, s.complain)
	s.losses.tell(s.Name, lines, why)
}
