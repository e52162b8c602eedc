// Package negotiation is mod_negotiation: MultiViews and type maps, the choice among variants of a file by what the client accepts.
package negotiation

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

// Module returns mod_negotiation.
func Module() *module.Module {
	return &module.Module{Name: "mod_negotiation", Identifier: "negotiation_module", Directives: directives,
		Hooks: []module.Hook{
			{Phase: module.TypeChecker, Position: module.First, Run: multiviews, Applies: hasMultiViews},
			{Phase: module.Fixups, Run: spellEncoding, Only: module.Files},
			{Phase: module.Handler, Run: serveMap}},
		Offers: module.Offers{Handlers: []module.NamedHandler{{Name: "type-map", Serve: serveMap}, {Name: mapType, Serve: serveMap}}}}
}

func hasMultiViews(_, sections *module.Settings) bool {
	return module.CoreDir.Of(sections).Options.Bits()&module.OptMultiViews != 0
}

var settings = &module.Slot[values]{Merge: merge}

type values struct {
	priority []string // LanguagePriority, in lower case
	force    force
}

// force is ForceLanguagePriority; zero is unset.
type force uint8

const (
	forceNone force = 1 << iota
	forcePrefer
	forceFallback
)

func merge(outer, inner *values) *values {
	m := &values{inner.priority, module.Inherit(outer.force, inner.force)}
	if m.priority == nil {
		m.priority = outer.priority
	}
	return m
}

var directives = []module.Directive{
	{Name: "LanguagePriority", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "LanguagePriority language-tag [language-tag] ...",
		Doc: "Which languages count more where the client does not say.", Set: func(c *module.Command) error {
			s := settings.Edit(c.Dir)
			for _, l := range c.Args {
				s.priority = append(s.priority, strings.ToLower(l))
			}
			return nil
		}},
	{Name: "ForceLanguagePriority", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "ForceLanguagePriority None|Prefer|Fallback [Prefer|Fallback]",
		Doc: "Whether LanguagePriority decides between equals, or where nothing is acceptable.", Set: setForce},
	{Name: "CacheNegotiatedDocs", Where: module.Servers, Args: module.OnOff, Syntax: "CacheNegotiatedDocs On|Off",
		Doc: "Whether HTTP/1.0 caches may keep what was negotiated.", Support: module.Accepted("responses name in Vary what they depend on")},
}

func setForce(c *module.Command) error {
	words := map[string]force{"none": forceNone, "prefer": forcePrefer, "fallback": forceFallback}
	var f force
	for _, arg := range c.Args {
		bit, ok := words[strings.ToLower(arg)]
		if !ok {
			return fmt.Errorf("ForceLanguagePriority knows None, Prefer and Fallback, not %q", arg)
		}
		f |= bit
	}
	if f&forceNone != 0 && len(c.Args) > 1 {
		return fmt.Errorf("Cannot combine ForceLanguagePriority options with None")
	}
	settings.Edit(c.Dir).force = f
	return nil
}
