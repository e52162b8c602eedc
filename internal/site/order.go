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

// program is what is left of the phases under some settings, in one piece: hooks that have nothing to do cost requests nothing.
type program struct {
	calls  []call
	begin  [module.Phases + 1]uint16 // of each phase in calls
	hooks  []*hook                   // of calls
	grants bool                      // everybody may come
}

type call struct {
	run  func(*module.Request) module.Result
	only module.Only
}

// program is what runs with hooks that apply.
func (all *phases) program(applies func(*hook) bool) *program {
	left := &program{}
	for p, hooks := range all {
		left.begin[p] = uint16(len(left.calls))
		for _, h := range hooks {
			if applies(h) {
				left.calls, left.hooks = append(left.calls, call{h.Run, h.Only}), append(left.hooks, h)
			}
		}
	}
	left.begin[module.Phases] = uint16(len(left.calls))
	return left
}

// under is the program under the settings of a server and of the sections that apply.
func (all *phases) under(server, sections *module.Settings) *program {
	left := all.program(func(h *hook) bool { return h.Applies == nil || h.Applies(server, sections) })
	if users := left.hooksOf(module.AccessCheckerX); len(left.of(module.AccessChecker)) == 0 && len(users) > 0 && users[0].Grants != nil {
		left.grants = users[0].Grants(server, sections)
	}
	return left
}

func (g *program) of(p module.Phase) []call       { return g.calls[g.begin[p]:g.begin[p+1]] }
func (g *program) hooksOf(p module.Phase) []*hook { return g.hooks[g.begin[p]:g.begin[p+1]] }

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
