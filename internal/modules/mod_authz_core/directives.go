// Package authzcore is mod_authz_core: Require and what combines it.
package authzcore

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

// Module returns mod_authz_core.
func Module() *module.Module {
	return &module.Module{
		Name: "mod_authz_core", Identifier: "authz_core_module", Directives: directives, Hooks: hooks,
		Offers: module.Offers{AuthzProviders: providers},
	}
}

const where = module.Sections | module.InHtaccess

var directives = []module.Directive{
	{Name: "Require", Where: where, Override: module.OverrideAuthConfig, Args: module.RawArgs, Syntax: "Require [not] entity-name [entity-name] ...",
		Doc: "Who may come.", Set: require},
	{Name: "RequireAll", Where: where, Override: module.OverrideAuthConfig, Args: module.RawArgs, Syntax: "<RequireAll> ... </RequireAll>",
		Doc: "None of the directives inside may fail and one must succeed.", Open: openContainer(and, false)},
	{Name: "RequireAny", Where: where, Override: module.OverrideAuthConfig, Args: module.RawArgs, Syntax: "<RequireAny> ... </RequireAny>",
		Doc: "One of the directives inside must succeed.", Open: openContainer(or, false)},
	{Name: "RequireNone", Where: where, Override: module.OverrideAuthConfig, Args: module.RawArgs, Syntax: "<RequireNone> ... </RequireNone>",
		Doc: "None of the directives inside may succeed.", Open: openContainer(or, true)},
	{Name: "AuthMerging", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthMerging Off|And|Or",
		Doc: "How a section's rules join those of the sections around it.", Set: setMerging},
	{Name: "AuthzSendForbiddenOnFailure", Where: where, Override: module.OverrideAuthConfig, Args: module.OnOff, Syntax: "AuthzSendForbiddenOnFailure On|Off",
		Doc: "Answers 403 instead of 401 to a user who is known and not allowed.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).forbidden = c.Flag()
			return nil
		}},
	{Name: "AuthzProviderAlias", Where: module.InServer, Args: module.RawArgs, Syntax: "<AuthzProviderAlias baseProvider Alias Require-Parameters> ... </AuthzProviderAlias>",
		Doc: "Gives a name to a Require with its arguments and settings.", Open: openAlias},
}

func setMerging(c *module.Command) error {
	s := settings.Edit(c.Dir)
	switch strings.ToLower(c.Args[0]) {
	case "off":
		s.merging = off
	case "and":
		s.merging = and
	case "or":
		s.merging = or
	default:
		return fmt.Errorf("%s must be one of: Off | And | Or", c.Name)
	}
	return nil
}

func require(c *module.Command) error {
	name, rest := module.Word(c.Raw)
	r := &rule{Pos: c.Pos, methods: c.Methods}
	if strings.EqualFold(name, "not") {
		r.negate = true
		name, rest = module.Word(rest)
	}
	if name == "" {
		return fmt.Errorf("Require needs to know what: %s", c.Directive.Syntax)
	}
	r.title = strings.TrimSpace("Require " + c.Raw)
	p, ok := provider(c.Build, name)
	if !ok {
		return fmt.Errorf("Unknown Authz provider: %s", name)
	}
	check, err := p.Parse(c, rest)
	if err != nil {
		return err
	}
	r.check = check
	in := current(c)
	if r.negate && in.op == or {
		return fmt.Errorf("negative Require directive has no effect in %s directive", in.title)
	}
	in.rules = append(in.rules, r)
	return nil
}

// provider finds who understands a word behind Require. Aliases stand behind what modules offer.
func provider(b *module.Build, name string) (module.AuthzProvider, bool) {
	for _, p := range b.Site.Offered.AuthzProviders {
		if p.Name == name {
			return p, true
		}
	}
	return module.AuthzProvider{}, false
}

// current is the container that is being filled in this scope.
func current(c *module.Command) *rule {
	s := settings.Edit(c.Dir)
	if s.open == nil {
		s.rules = &rule{title: "<RequireAny>", op: or}
		s.open = s.rules
	}
	return s.open
}

func openContainer(op logic, negate bool) func(*module.Command) error {
	return func(c *module.Command) error {
		if strings.TrimSpace(c.Raw) != "" {
			return fmt.Errorf("<%s> directive doesn't take additional arguments", c.Name)
		}
		s := settings.Edit(c.Dir)
		outer := s.open
		inner := &rule{Pos: c.Pos, title: c.Directive.Title(), op: op, negate: negate}
		s.open = inner
		c.Apply(*c, c.Children)
		s.open = outer
		if len(inner.rules) == 0 {
			return fmt.Errorf("%s directive contains no authorization directives", inner.title)
		}
		outer = current(c)
		if negate && outer.op == or {
			return fmt.Errorf("%s directive has no effect in %s directive", inner.title, outer.title)
		}
		if !negate && op == outer.op {
			outer.rules = append(outer.rules, inner.rules...)
			return nil
		}
		if inner.onlyNegative() {
			return fmt.Errorf("%s directive contains only negative authorization directives: nothing in it can succeed", inner.title)
		}
		outer.rules = append(outer.rules, inner)
		return nil
	}
}

// openAlias offers a provider under a new name, with its arguments and the settings inside the section.
func openAlias(c *module.Command) error {
	base, rest := module.Word(c.Raw)
	name, rest := module.Word(rest)
	args, rest := module.Word(rest)
	if base == "" || name == "" {
		return fmt.Errorf("<AuthzProviderAlias> directive requires additional arguments: %s", c.Directive.Syntax)
	}
	if strings.TrimSpace(rest) != "" {
		c.Warnf("only the first of several arguments counts: enclose %q in quotation marks", args+rest)
	}
	if _, ok := provider(c.Build, name); ok {
		c.Warnf("%s is the name of another provider, which stays: this section has no effect", name)
		return nil
	}
	p, ok := provider(c.Build, base)
	if !ok {
		return fmt.Errorf("Unknown Authz provider: %s", base)
	}
	if _, err := p.Parse(c, args); err != nil {
		return fmt.Errorf("Can't parse 'Require %s %s': %w", base, args, err)
	}
	in := *c
	in.Dir, in.Where = &module.Settings{}, module.InDirectory
	c.Apply(in, c.Children)
	parse := func(use *module.Command, ignored string) (module.AuthzCheck, error) {
		if strings.TrimSpace(ignored) != "" {
			use.Warnf("%s has its arguments in its <AuthzProviderAlias>: %q is ignored", name, strings.TrimSpace(ignored))
		}
		check, err := p.Parse(use, args)
		if err != nil {
			return nil, err
		}
		return func(r *module.Request) module.AuthzAnswer {
			outer := r.Dir
			r.Dir = module.Merge(outer, in.Dir)
			defer func() { r.Dir = outer }()
			return check(r)
		}, nil
	}
	offered := &c.Build.Site.Offered
	offered.AuthzProviders = append(offered.AuthzProviders, module.AuthzProvider{Name: name, Parse: parse})
	return nil
}
