package rewrite

import (
	"maps"
	"strings"

	"transom/internal/module"
)

// servers is what RewriteRule and its kin say outside sections.
var servers = &module.Slot[serverSettings]{Merge: mergeServer}

type serverSettings struct {
	server     *module.Server // whose settings these are; a virtual host without any directive sees the main server's
	engine     module.Flag
	options    options
	optionsSet bool
	maps       map[string]*rewriteMap
	ruleset
}

// dirs is what they say in sections and .htaccess files; engine and options apply to servers too.
var dirs = &module.Slot[dirSettings]{Merge: mergeDir}

type dirSettings struct {
	directory  string // with a slash at its end; empty outside sections
	base       string // RewriteBase
	engine     module.Flag
	options    options
	optionsSet bool
	ruleset
}

// ruleset is the rules of one scope in order.
type ruleset struct {
	rules   []*rule
	pending []*condition // of the next RewriteRule
}

// options are those of RewriteOptions.
type options uint16

const (
	inherit options = 1 << iota
	inheritBefore
	inheritDown
	inheritDownBefore
	ignoreInherit
	allowNoSlash
	allowAnyURI
	mergeBase
	ignoreContextInfo
	legacyPrefixDocRoot
	unsafePrefixStat
)

func (o options) has(bit options) bool { return o&bit != 0 }

var optionNames = map[string]options{
	"inherit": inherit, "inheritbefore": inheritBefore, "inheritdown": inheritDown, "inheritdownbefore": inheritDownBefore,
	"ignoreinherit": ignoreInherit, "allownoslash": allowNoSlash, "allowanyuri": allowAnyURI, "mergebase": mergeBase,
	"ignorecontextinfo": ignoreContextInfo, "legacyprefixdocroot": legacyPrefixDocRoot, "unsafeprefixstat": unsafePrefixStat,
	"longurloptimization": 0, // of httpd's development branch: it saves memory only
}

func mergeServer(outer, inner *serverSettings) *serverSettings {
	m := &serverSettings{server: inner.server, engine: inner.engine.Inherit(outer.engine)}
	m.options, m.optionsSet = mergeOptions(outer.options, inner.options, outer.optionsSet, inner.optionsSet)
	m.rules = mergeRules(outer.rules, inner.rules, outer.options, m.options)
	m.maps = inner.maps
	if len(outer.maps) > 0 && inherits(outer.options, m.options) {
		m.maps = maps.Clone(outer.maps)
		maps.Copy(m.maps, inner.maps)
	}
	return m
}

func mergeDir(outer, inner *dirSettings) *dirSettings {
	m := &dirSettings{directory: inner.directory, base: inner.base, engine: inner.engine.Inherit(outer.engine)}
	m.options, m.optionsSet = mergeOptions(outer.options, inner.options, outer.optionsSet, inner.optionsSet)
	if m.options.has(mergeBase) && m.base == "" {
		m.base = outer.base
	}
	m.rules = mergeRules(outer.rules, inner.rules, outer.options, m.options)
	return m
}

func mergeOptions(outer, inner options, outerSet, innerSet bool) (options, bool) {
	if innerSet {
		return inner, true
	}
	return outer, outerSet
}

// behind and before say whether an outer scope's rules apply in the inner one, and where.
func behind(outer, merged options) bool {
	return merged.has(inherit) || outer.has(inheritDown) && !merged.has(ignoreInherit)
}

func before(outer, merged options) bool {
	return merged.has(inheritBefore) || outer.has(inheritDownBefore) && !merged.has(ignoreInherit)
}

func inherits(outer, merged options) bool { return behind(outer, merged) || before(outer, merged) }

func mergeRules(outer, inner []*rule, outerOptions, merged options) []*rule {
	switch {
	case behind(outerOptions, merged):
		return join(inner, outer)
	case before(outerOptions, merged):
		return join(outer, inner)
	}
	return inner
}

func join(a, b []*rule) []*rule { return append(a[:len(a):len(a)], b...) }

// serverOf and dirOf are the settings that a directive writes to.
func serverOf(c *module.Command) *serverSettings {
	s := servers.Edit(c.Server.Settings)
	s.server = c.Server
	return s
}

func dirOf(c *module.Command) *dirSettings {
	serverOf(c) // a virtual host with rules in sections alone doesn't see the main server's
	d := dirs.Edit(c.Dir)
	if c.Section != nil && d.directory == "" {
		d.directory = directoryOf(c.Section)
	}
	return d
}

// directoryOf is the prefix that patterns in a section don't see: the argument of the outermost section.
func directoryOf(s *module.Section) string {
	for s.Outer != nil {
		s = s.Outer
	}
	name := s.Path
	if s.Kind == module.IfSection {
		name = "*If" // as httpd calls it: no file's prefix
	}
	if strings.HasSuffix(name, "/") {
		return name
	}
	return name + "/"
}
