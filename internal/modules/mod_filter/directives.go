// Package filter is mod_filter: output filters chosen by the response.
package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"transom/internal/module"
)

// Module returns mod_filter.
func Module() *module.Module {
	return &module.Module{Name: "mod_filter", Identifier: "filter_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.InsertFilter, Run: insert, Applies: settings.InSections, After: []string{"core", "mod_mime"}}}}
}

var settings = &module.Slot[values]{Merge: merge}

// values are one scope's directives.
type values struct {
	byType    []typeRule
	chain     []string
	clears    bool                   // the chain does not go on from the outer scope's: = or !
	removed   map[string]bool        // from the outer scope's chain
	providers map[string][]provider  // by filter, in lower case
	protocols map[[2]string]protocol // by filter and provider, in lower case; without provider for all of them
}

// protocol are the flags of FilterProtocol that have an effect here: filters change the fields that depend on content themselves.
type protocol struct{ noProxy, transform, noCache bool }

// typeRule is one AddOutputFilterByType.
type typeRule struct{ filters, types []string }

// provider is a filter that a declared one stands for when its test is true.
type provider struct {
	name string
	test func(*module.Request) (bool, error)
}

func merge(outer, inner *values) *values {
	m := &values{byType: append(append([]typeRule{}, outer.byType...), inner.byType...), clears: outer.clears || inner.clears, removed: maps.Clone(outer.removed),
		providers: map[string][]provider{}, protocols: map[[2]string]protocol{}}
	if !inner.clears {
		m.chain = slices.DeleteFunc(slices.Clone(outer.chain), func(name string) bool { return inner.removed[name] })
	}
	m.chain = append(m.chain, inner.chain...)
	if m.removed == nil {
		m.removed = inner.removed
	} else {
		maps.Copy(m.removed, inner.removed)
	}
	for _, from := range []*values{outer, inner} {
		for name, list := range from.providers {
			m.providers[name] = append(m.providers[name][:len(m.providers[name]):len(m.providers[name])], list...)
		}
		maps.Copy(m.protocols, from.protocols)
	}
	return m
}

var directives = []module.Directive{
	{Name: "AddOutputFilterByType", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.TwoPlus, Syntax: "AddOutputFilterByType filter[;filter...] media-type [media-type] ...",
		Doc: "Filters for successful responses of some media types.", Set: func(c *module.Command) error {
			r := typeRule{filters: strings.Split(c.Args[0], ";")}
			for _, t := range c.Args[1:] {
				r.types = append(r.types, strings.ToLower(t))
			}
			s := settings.Edit(c.Dir)
			s.byType = append(s.byType, r)
			if err := module.CheckFilters(c, r.filters); err != nil {
				return err
			}
			for _, name := range r.filters {
				if !c.Build.Site.HasFilter(name) && !strings.EqualFold(name, "INCLUDES") {
					return fmt.Errorf("AddOutputFilterByType: there is no filter %s", name)
				}
			}
			return nil
		}},
	{Name: "FilterDeclare", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.OneOrTwo, Syntax: "FilterDeclare filter-name [type]",
		Doc: "A filter whose providers are chosen by the response.", Set: func(c *module.Command) error {
			declare(c, c.Args[0])
			return nil
		}},
	{Name: "FilterProvider", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.Three, Syntax: "FilterProvider filter-name provider-name expression",
		Doc: "A filter that a declared one stands for where an expression is true.", Set: setProvider},
	{Name: "FilterChain", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.Some, Syntax: "FilterChain [+=-@!]filter-name ...",
		Doc: "The declared filters that responses pass.", Set: setChain},
	{Name: "FilterProtocol", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.TwoOr3, Syntax: "FilterProtocol filter-name [provider-name] proto-flags",
		Doc: "Where a filter must not run (proxy=no, proxy=transform), and whether responses may be kept then (cache=no).", Set: setProtocol},
	{Name: "FilterTrace", Where: module.Servers | module.Sections, Args: module.Two, Syntax: "FilterTrace filter-name level",
		Doc: "Debugging of filters.", Support: module.Ignored("it only logs what filters do in httpd"), Set: func(c *module.Command) error {
			return declared(c)
		}},
}

func declare(c *module.Command, name string) {
	site := c.Build.Site
	if c.Build.Htaccess {
		return // requests read the map
	}
	if site.DeclaredFilters == nil {
		site.DeclaredFilters = map[string]bool{}
	}
	site.DeclaredFilters[strings.ToLower(name)] = true
}

// declared says whether the filter that a directive names first is one.
func declared(c *module.Command) error {
	name := strings.ToLower(c.Args[0])
	if c.Build.Site.DeclaredFilters[name] || settings.Edit(c.Dir).providers[name] != nil || c.Build.Htaccess {
		return nil
	}
	return fmt.Errorf("%s: no such filter: %s is not declared above (FilterDeclare, FilterProvider)", c.Name, c.Args[0])
}

func setProtocol(c *module.Command) error {
	if err := declared(c); err != nil {
		return err
	}
	var p protocol
	for _, flag := range strings.FieldsFunc(c.Args[len(c.Args)-1], func(r rune) bool { return r == ';' || r == ' ' }) {
		switch strings.ToLower(flag) {
		case "change=yes", "change=no", "change=1:1", "byteranges=no":
		case "proxy=no":
			p.noProxy = true
		case "proxy=transform":
			p.transform = true
		case "cache=no":
			p.noCache = true
		default:
			return fmt.Errorf("FilterProtocol: %q is none of change=yes|no|1:1, byteranges=no, proxy=no, proxy=transform, cache=no", flag)
		}
	}
	key := [2]string{strings.ToLower(c.Args[0])}
	if len(c.Args) == 3 {
		key[1] = strings.ToLower(c.Args[1])
	}
	s := settings.Edit(c.Dir)
	if s.protocols == nil {
		s.protocols = map[[2]string]protocol{}
	}
	s.protocols[key] = p
	return nil
}

func setProvider(c *module.Command) error {
	declare(c, c.Args[0])
	test, err := c.Build.CompileBool(c.Args[2])
	if err != nil {
		return fmt.Errorf("FilterProvider: %w", err)
	}
	if !c.Build.Site.HasFilter(c.Args[1]) {
		return fmt.Errorf("FilterProvider: there is no filter %s", c.Args[1])
	}
	s := settings.Edit(c.Dir)
	if s.providers == nil {
		s.providers = map[string][]provider{}
	}
	name := strings.ToLower(c.Args[0])
	s.providers[name] = append(s.providers[name], provider{c.Args[1], test})
	return nil
}

// setChain adds names, or with a sign in front: = takes the place of all, ! empties the chain, - removes, @ puts first.
func setChain(c *module.Command) error {
	s := settings.Edit(c.Dir)
	for _, arg := range c.Args {
		name := strings.ToLower(strings.TrimLeft(arg, "+=-@!"))
		switch arg[0] {
		case '!':
			s.chain, s.clears = nil, true
			continue
		case '=':
			s.chain, s.clears = []string{name}, true
			continue
		case '-':
			s.chain = slices.DeleteFunc(s.chain, func(n string) bool { return n == name })
			if s.removed == nil {
				s.removed = map[string]bool{}
			}
			s.removed[name] = true
			continue
		case '@':
			s.chain = append([]string{name}, s.chain...)
			continue
		}
		s.chain = append(s.chain, name)
	}
	return nil
}
