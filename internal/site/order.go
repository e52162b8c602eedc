package site

import (
	"fmt"
	"sort"
	"strings"

	"transom/internal/module"
)

// hook is a module's hook in its resolved place.
type hook struct {
	module.Hook
	owner string
}

// phases are the hooks of every phase in order.
type phases [module.Phases][]*hook

// under is what is left of the phases under the settings of a server and of the sections that apply: hooks that have nothing to
// do cost requests nothing.
func (all *phases) under(server, sections *module.Settings) *phases {
	left := &phases{}
	for p, hooks := range all {
		for _, h := range hooks {
			if h.Applies == nil || h.Applies(server, sections) {
				left[p] = append(left[p], h)
			}
		}
	}
	return left
}

// resolveHooks orders the hooks of every phase once: by Position, then by the modules' order, then moved so that every
// After and Before holds.
func resolveHooks(modules []*module.Module) (*phases, error) {
	all := &phases{}
	for _, m := range modules {
		for _, h := range m.Hooks {
			all[h.Phase] = append(all[h.Phase], &hook{h, m.Name})
		}
	}
	for p := range all {
		sorted, err := orderHooks(all[p])
		if err != nil {
			return nil, fmt.Errorf("hooks of %v: %w", module.Phase(p), err)
		}
		all[p] = sorted
	}
	return all, nil
}

func orderHooks(hooks []*hook) ([]*hook, error) {
	sort.SliceStable(hooks, func(i, j int) bool { return hooks[i].Position < hooks[j].Position })
	waits := func(h *hook, pending []*hook) bool {
		for _, p := range pending {
			for _, name := range h.After {
				if p.owner == name && p.owner != h.owner {
					return true
				}
			}
			for _, name := range p.Before {
				if h.owner == name && p.owner != h.owner {
					return true
				}
			}
		}
		return false
	}
	var sorted []*hook
	for pending := hooks; len(pending) > 0; {
		next := -1
		for i, h := range pending {
			if !waits(h, pending) {
				next = i
				break
			}
		}
		if next < 0 {
			names := make([]string, len(pending))
			for i, h := range pending {
				names[i] = h.owner
			}
			return nil, fmt.Errorf("Before and After form a circle among %s", strings.Join(names, ", "))
		}
		sorted = append(sorted, pending[next])
		pending = append(append([]*hook{}, pending[:next]...), pending[next+1:]...)
	}
	return sorted, nil
}
