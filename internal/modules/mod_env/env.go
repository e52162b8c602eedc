// Package env is mod_env: variables that every request has.
package env

import (
	"maps"
	"os"

	"transom/internal/module"
)

// Module returns mod_env.
func Module() *module.Module {
	return &module.Module{Name: "mod_env", Identifier: "env_module", Directives: directives,
		Hooks: []module.Hook{{Phase: module.Fixups, Run: fixup, Applies: settings.InSections}}}
}

var settings = &module.Slot[variables]{Merge: merge}

type variables struct {
	set   map[string]string
	unset map[string]bool
}

func merge(outer, inner *variables) *variables {
	m := &variables{set: maps.Clone(outer.set), unset: maps.Clone(outer.unset)}
	for name := range inner.unset {
		delete(m.set, name)
		m.markUnset(name)
	}
	for name, value := range inner.set {
		m.put(name, value)
	}
	return m
}

func (v *variables) put(name, value string) {
	if v.set == nil {
		v.set = map[string]string{}
	}
	v.set[name] = value
	delete(v.unset, name)
}

func (v *variables) markUnset(name string) {
	if v.unset == nil {
		v.unset = map[string]bool{}
	}
	v.unset[name] = true
	delete(v.set, name)
}

var directives = []module.Directive{
	{Name: "SetEnv", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OneOrTwo, Syntax: "SetEnv env-variable [value]",
		Doc: "A variable of the request's environment.", Set: func(c *module.Command) error {
			value := ""
			if len(c.Args) > 1 {
				value = c.Args[1]
			}
			settings.Edit(c.Dir).put(c.Args[0], value)
			return nil
		}},
	{Name: "PassEnv", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "PassEnv env-variable [env-variable] ...",
		Doc: "Variables of the server's own environment that requests get.", Set: passEnv},
	{Name: "UnsetEnv", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "UnsetEnv env-variable [env-variable] ...",
		Doc: "Variables that requests do not get.", Set: func(c *module.Command) error {
			for _, name := range c.Args {
				settings.Edit(c.Dir).markUnset(name)
			}
			return nil
		}},
}

func passEnv(c *module.Command) error {
	for _, name := range c.Args {
		value, ok := os.LookupEnv(name)
		if !ok {
			c.Warnf("PassEnv variable %s was undefined", name)
			continue
		}
		settings.Edit(c.Dir).put(name, value)
	}
	return nil
}

func fixup(r *module.Request) module.Result {
	v := settings.Of(r.Dir)
	for name, value := range v.set {
		r.SetEnv(name, value)
	}
	for name := range v.unset {
		r.UnsetEnv(name)
	}
	return module.Declined
}
