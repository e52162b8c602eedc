package tunnel

// slab keeps slots in arrays, so that thousands of idle tunnels are few objects.
type slab struct {
	pages []*[slabPage]slot
}

const slabPage = 64

// get returns the tunnel that r names, nil if it has ended.
func (s *slab) get(r ref) *slot {
	if int(r.slot/slabPage) >= len(s.pages) {
		return nil
	}
	if t := s.place(r.slot); t.ref == r {
		return t
	}
	return nil
}

func (s *slab) place(i uint32) *slot { return &s.pages[i/slabPage][i%slabPage] }

// at returns the slot for the tunnel that r will name; it is zero but for its ref.
func (s *slab) at(r ref) *slot {
	for int(r.slot/slabPage) >= len(s.pages) {
		s.pages = append(s.pages, new([slabPage]slot))
	}
	t := s.place(r.slot)
	t.ref = r
	return t
}

// clear ends what t names, and returns the ref that it had.
func (s *slab) clear(t *slot) ref {
	r := t.ref
	*t = slot{}
	return r
}

// all calls f for every tunnel; f may end it.
func (s *slab) all(f func(*slot)) {
	for _, page := range s.pages {
		for i := range page {
			if page[i].ref != (ref{}) {
				f(&page[i])
			}
		}
	}
}

// places gives out the slots of a slab.
type places struct {
	spare []ref // as their last tunnels were named
	next  uint32
}

// reserve returns a name that no tunnel had: gen is 1 in a slot's first life.
func (p *places) reserve() ref {
	n := len(p.spare)
	if n == 0 {
		p.next++
		return ref{slot: p.next - 1, gen: 1}
	}
	r := p.spare[n-1]
	p.spare = p.spare[:n-1]
	if r.gen++; r.gen == 0 {
		r.gen = 1
	}
	return r
}

func (p *places) free(r ref) { p.spare = append(p.spare, r) }
