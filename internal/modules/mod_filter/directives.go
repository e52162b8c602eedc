// Package filter is mod_filter: output filters chosen by the response.
package filter

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

// Module returns mod_filter.
func Module() *module.Module {
	return &module.Module{Name: "mod_filter", Identifier: "filter_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.InsertFilter, Run: insert, After: []string{"core", "mod_mime"}}}}
}

var settings = &module.Slot[values]{Merge: merge}

// values are one scope's directives.
type values struct {
	byType    []typeRule
	chain     []string
	providers map[string][]provider // by filter, in lower case
}

// typeRule is one AddOutputFilterByType.
type typeRule struct{ filters, types []string }

// provider is a filter that a declared one stands for when its test is true.
type provider struct {
	name string
	test func(*module.Request) (bool, error)
}

func merge(outer, inner *values) *values {
	m := &values{byType: append(append([]typeRule{}, outer.byType...), inner.byType...), chain: append(append([]string{}, outer.chain...), inner.chain...),
		providers: map[string][]provider{}}
	for _, from := range []*values{outer, inner} {
		for name, list := range from.providers {
			m.providers[name] = append(m.providers[name][:len(m.providers[name]):len(m.providers[name])], list...)
		}
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
			return module.CheckFilters(c, r.filters)
		}},
	{Name: "FilterDeclare", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.OneOrTwo, Syntax: "FilterDeclare filter-name [type]",
		Doc: "A filter whose providers are chosen by the response.", Set: func(c *module.Command) error {
			declare(c, c.Args[0])
			return nil
		}},
	{Name: "FilterProvider", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.Three, Syntax: "FilterProvider filter-name provider-name expression",
		Doc: "A filter that a declared one stands for where an expression is true.", Set: setProvider},
	{Name: "FilterChain", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.AnyArgs, Syntax: "FilterChain [+=-@!]filter-name ...",
		Doc: "The declared filters that responses pass.", Set: setChain},
	{Name: "FilterProtocol", Where: module.Anywhere, Override: module.OverrideOptions, Args: module.TwoPlus, Syntax: "FilterProtocol filter-name [provider-name] proto-flags",
		Doc: "What a filter does to headers.", Support: module.Accepted("each filter here changes the headers that its work asks for")},
	{Name: "FilterTrace", Where: module.Servers | module.InDirectory, Args: module.Two, Syntax: "FilterTrace filter-name level",
		Doc: "Debugging of filters.", Support: module.Ignored("it only logs what filters do in httpd")},
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
			s.chain = nil
			continue
		case '=':
			s.chain = []string{name}
			continue
		case '-':
			kept := s.chain[:0:0]
			for _, n := range s.chain {
				if n != name {
					kept = append(kept, n)
				}
			}
			s.chain = kept
			continue
		case '@':
			s.chain = append([]string{name}, s.chain...)
			continue
		}
		s.chain = append(s.chain, name)
	}
	return nil
}
