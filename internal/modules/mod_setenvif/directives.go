// Package setenvif is mod_setenvif: variables that depend on the request.
package setenvif

import (
	"fmt"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/regex"
)

// Module returns mod_setenvif.
func Module() *module.Module {
	return &module.Module{Name: "mod_setenvif", Identifier: "setenvif_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.PostRead, Run: matchServer, Applies: serverRules.InServer},
		{Phase: module.HeaderParser, Run: matchSections, Applies: sectionRules.InSections},
	}}
}

// Both slots hold rules: the server's run before the URL is mapped, a section's once it is known to apply.
var (
	serverRules  = &module.Slot[rules]{Merge: merge}
	sectionRules = &module.Slot[rules]{Merge: merge}
)

type rules struct{ list []*rule }

func merge(outer, inner *rules) *rules {
	return &rules{append(append([]*rule{}, outer.list...), inner.list...)}
}

// rule is one directive: what is looked at, what it must be like, what is set then.
type rule struct {
	conf.Pos
	directive string // for who asks what happened
	attribute attribute
	pattern   *regex.Regex
	test      func(*module.Request) (bool, error) // SetEnvIfExpr, instead of attribute and pattern
	set       []assignment
}

type assignment struct {
	name, value string
	unset       bool
}

const setSyntax = " [!]env-variable[=value] [[!]env-variable[=value]] ..."

var directives = []module.Directive{
	{Name: "SetEnvIf", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "SetEnvIf attribute regex" + setSyntax,
		Doc: "Sets variables if an attribute of the request matches.", Set: setEnvIf(false)},
	{Name: "SetEnvIfNoCase", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "SetEnvIfNoCase attribute regex" + setSyntax,
		Doc: "SetEnvIf without regard to case.", Set: setEnvIf(true)},
	{Name: "BrowserMatch", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "BrowserMatch regex" + setSyntax,
		Doc: "Sets variables if the User-Agent matches.", Set: browserMatch(false)},
	{Name: "BrowserMatchNoCase", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "BrowserMatchNoCase regex" + setSyntax,
		Doc: "BrowserMatch without regard to case.", Set: browserMatch(true)},
	{Name: "SetEnvIfExpr", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "SetEnvIfExpr expr" + setSyntax,
		Doc: "Sets variables if an expression is true.", Set: setEnvIfExpr},
}

func setEnvIf(noCase bool) func(*module.Command) error {
	return func(c *module.Command) error {
		name, rest := conf.Word(c.Raw)
		if name == "" {
			return fmt.Errorf("Missing attribute name for %s: %s", c.Name, c.Directive.Syntax)
		}
		a, err := attributeOf(name)
		if err != nil {
			return err
		}
		return add(c, &rule{attribute: a}, rest, noCase)
	}
}

func browserMatch(noCase bool) func(*module.Command) error {
	return func(c *module.Command) error {
		return add(c, &rule{attribute: headerAttribute("User-Agent")}, c.Raw, noCase)
	}
}

func add(c *module.Command, r *rule, rest string, noCase bool) error {
	pattern, rest := conf.Word(rest)
	if pattern == "" {
		return fmt.Errorf("Missing regular expression for %s: %s", c.Name, c.Directive.Syntax)
	}
	re, err := regex.Compile(pattern, regex.Flags{IgnoreCase: noCase})
	if err != nil {
		return fmt.Errorf("%s regex could not be compiled: %w", c.Name, err)
	}
	r.pattern = re
	return finish(c, r, rest)
}

func setEnvIfExpr(c *module.Command) error {
	text, rest := conf.Word(c.Raw)
	test, err := c.Build.CompileBool(text)
	if err != nil {
		return fmt.Errorf("SetEnvIfExpr: %w", err)
	}
	return finish(c, &rule{test: test}, rest)
}

func finish(c *module.Command, r *rule, rest string) error {
	r.Pos, r.directive = c.Pos, c.Name+" "+c.Raw
	words := conf.Words(rest)
	if len(words) == 0 {
		return fmt.Errorf("Missing envariable expression for %s: %s", c.Name, c.Directive.Syntax)
	}
	for _, w := range words {
		a := assignment{}
		w, a.unset = strings.CutPrefix(w, "!")
		var given bool
		a.name, a.value, given = strings.Cut(w, "=")
		if !given && !a.unset {
			a.value = "1"
		}
		r.set = append(r.set, a)
	}
	to := serverRules.Edit(c.Server.Settings)
	if c.Section != nil || c.Where == module.InHtaccess {
		to = sectionRules.Edit(c.Dir)
	}
	to.list = append(to.list, r)
	return nil
}
