package site

import (
	"sync"
	"testing"

	"transom/internal/module"
)

func rootStep(room int64) *step {
	s := &Site{hooks: &phases{}, whole: &program{}}
	s.room.Store(room)
	return s.root(&module.Server{Settings: &module.Settings{}, Defaults: &module.Settings{}})
}

func newSection() *module.Section { return &module.Section{Settings: &module.Settings{}} }

func (s *step) count() int {
	n := 0
	s.next.Range(func(_, next any) bool {
		n += 1 + next.(*step).count()
		return true
	})
	return n
}

func TestStepsAreKept(t *testing.T) {
	root, a, b := rootStep(100), newSection(), newSection()
	ab := root.into(a).into(b)
	if root.into(a).into(b) != ab || root.into(b).into(a) == ab {
		t.Error("a combination has one step, and another order another")
	}
	if n := root.count(); n != 4 {
		t.Errorf("%d steps", n)
	}
}

// Clients choose the combinations. They must not fill the memory by it.
func TestStepsHaveAnEnd(t *testing.T) {
	const room = 50
	root := rootStep(room)
	var sections []*module.Section
	for range 16 {
		sections = append(sections, newSection())
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for set := range 1 << len(sections) {
				at := root
				for i, sec := range sections {
					if (set^worker)>>i&1 != 0 {
						at = at.into(sec)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := root.count(); n > room {
		t.Errorf("%d steps are kept", n)
	}
}
