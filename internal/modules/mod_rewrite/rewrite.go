// Package rewrite is mod_rewrite.
package rewrite

import (
	"slices"

	"transom/internal/module"
)

// Module returns mod_rewrite. Its rules for servers run before ProxyPass and Alias; those for directories see the URL that
// ProxyPass made, and mod_proxy encodes what they make of it.
func Module() *module.Module {
	return &module.Module{
		Name: "mod_rewrite", Identifier: "rewrite_module", Directives: directives, Compile: compile,
		Hooks: []module.Hook{
			{Phase: module.Translate, Position: module.First, Before: []string{"mod_proxy", "mod_alias"}, Run: translate, Applies: dirs.InSections},
			{Phase: module.Fixups, Position: module.First, Before: []string{"mod_proxy"}, Run: fixup, Applies: dirs.InSections},
			{Phase: module.Fixups, Position: module.Last, Run: forceType, Applies: hasRules},
			{Phase: module.Handler, Run: internalRedirect},
		},
	}
}

// hasRules: rules of a server may have forced a type before sections without any applied.
func hasRules(server, sections *module.Settings) bool {
	return servers.Has(server) || dirs.Has(sections)
}

// compile has the programs of prg: maps start when the Site serves.
func compile(b *module.Build) error {
	list := programsOf(b)
	b.OnServe = append(b.OnServe, func() {
		for _, p := range list {
			p.serve(b.Site.Servers[0].ErrorLog)
		}
	})
	return nil
}

func programsOf(b *module.Build) (list []*program) {
	for _, s := range b.Site.Servers {
		set := servers.Of(s.Settings)
		if set.server != s || !set.engine.Or(false) {
			continue
		}
		for _, m := range set.maps {
			if p, ok := m.source.(*program); ok && !slices.Contains(list, p) { // inherited maps are shared
				list = append(list, p)
			}
		}
	}
	return list
}
