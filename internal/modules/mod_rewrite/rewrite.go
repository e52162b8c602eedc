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
			{Phase: module.Translate, Position: module.First, Before: []string{"mod_proxy", "mod_alias"}, Run: translate},
			{Phase: module.Fixups, Position: module.First, Before: []string{"mod_proxy"}, Run: fixup},
			{Phase: module.Fixups, Position: module.Last, Run: forceType},
			{Phase: module.Handler, Run: internalRedirect},
		},
	}
}

// compile hands the programs of prg: maps to what runs them once the Site serves.
func compile(b *module.Build) error {
	running := module.Keep(b.Kept, programsKey, func() *programs { return &programs{} })
	var list []*program
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
	b.OnServe = append(b.OnServe, func() { running.replace(list, b.Site.Servers[0].ErrorLog) })
	return nil
}

// programsKey is where the programs are kept across configurations.
const programsKey = "mod_rewrite programs"
