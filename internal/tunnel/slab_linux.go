package tunnel

// slab keeps slots in arrays, so that thousands of idle tunnels are few objects.
type slab struct {
	pages []*[slabPage]slot
	spare []uint32 // free slots
	used  int
}

const slabPage = 64

// get returns the tunnel that r names, nil if it has ended.
func (s *slab) get(r ref) *slot {
	if int(r.slot/slabPage) >= len(s.pages) {
		return nil
	}
	if t := s.at(r.slot); t.ref == r {
		return t
	}
	return nil
}

func (s *slab) at(i uint32) *slot { return &s.pages[i/slabPage][i%slabPage] }

// new returns a slot that is zero but for its ref.
func (s *slab) new() *slot {
	if len(s.spare) == 0 {
		first := uint32(len(s.pages) * slabPage)
		page := new([slabPage]slot)
		s.pages = append(s.pages, page)
		for i := range uint32(slabPage) {
			page[i].ref.slot = first + i
			s.spare = append(s.spare, first+slabPage-1-i)
		}
	}
	i := s.spare[len(s.spare)-1]
	s.spare = s.spare[:len(s.spare)-1]
	s.used++
	t := s.at(i)
	t.ref.gen++ // odd while in use
	return t
}

func (s *slab) free(t *slot) {
	*t = slot{ref: ref{t.ref.slot, t.ref.gen + 1}}
	s.spare = append(s.spare, t.ref.slot)
	s.used--
}

// all calls f for every tunnel; f may end it.
func (s *slab) all(f func(*slot)) {
	for _, page := range s.pages {
		for i := range page {
			if page[i].ref.gen&1 == 1 {
				f(&page[i])
			}
		}
	}
}
