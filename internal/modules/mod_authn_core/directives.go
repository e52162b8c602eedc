// Package authncore is mod_authn_core: AuthType, AuthName and named providers of passwords.
package authncore

import (
	"fmt"
	"net/http"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_authn_core.
func Module() *module.Module {
	return &module.Module{Name: "mod_authn_core", Identifier: "authn_core_module", Directives: directives,
		Hooks: []module.Hook{{Phase: module.CheckUserID, Position: module.Last, Run: nobodyAsked}}}
}

const where = module.Sections | module.InHtaccess

var directives = []module.Directive{
	{Name: "AuthType", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthType None|Basic|Digest",
		Doc: "How a client says who its user is.", Set: func(c *module.Command) error {
			auth := module.Auth.Edit(c.Dir)
			auth.Pos = c.Pos
			return setExpression(c, &auth.Type)
		}},
	{Name: "AuthName", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthName auth-domain",
		Doc: "The realm that users are asked for.", Set: func(c *module.Command) error { return setExpression(c, &module.Auth.Edit(c.Dir).Name) }},
	{Name: "AuthnProviderAlias", Where: module.InServer, Args: module.RawArgs, Syntax: "<AuthnProviderAlias baseProvider Alias> ... </AuthnProviderAlias>",
		Doc: "Gives a name to a provider with the settings inside.", Open: openAlias},
}

func setExpression(c *module.Command, field *func(*module.Request) (string, error)) error {
	value, err := c.Build.CompileString(c.Args[0])
	if err != nil {
		return fmt.Errorf("Cannot parse expression '%s' in %s: %w", c.Args[0], c.Name, err)
	}
	*field = value
	return nil
}

// nobodyAsked runs when no module felt responsible for the configured AuthType.
func nobodyAsked(r *module.Request) module.Result {
	t := r.ConfiguredAuthType()
	if t == "" {
		return module.OK
	}
	r.Logf("authn_core", observe.Error, "AH01796", "AuthType %s configured without corresponding module", t)
	return http.StatusInternalServerError
}

// openAlias offers a provider under a new name: it is asked with the settings inside the section on top of the request's.
func openAlias(c *module.Command) error {
	words := conf.Words(c.Raw)
	if len(words) < 2 {
		return fmt.Errorf("<AuthnProviderAlias> directive requires additional arguments: %s", c.Directive.Syntax)
	}
	base, name := words[0], words[1]
	if strings.EqualFold(base, name) {
		return fmt.Errorf("The alias provider name must be different from the base provider name.")
	}
	offered := &c.Build.Site.Offered
	var found *module.AuthnProvider
	for i, p := range offered.AuthnProviders {
		if p.Name == name {
			return fmt.Errorf("The alias provider %s has already be registered previously as either a base provider or an alias provider.", name)
		}
		if p.Name == base {
			found = &offered.AuthnProviders[i]
		}
	}
	if found == nil {
		return fmt.Errorf("Unknown Authn provider: %s", base)
	}
	in := *c
	in.Dir, in.Where = &module.Settings{}, module.InDirectory
	c.Apply(in, c.Children)
	offered.AuthnProviders = append(offered.AuthnProviders, alias(name, *found, in.Dir))
	return nil
}

func alias(name string, p module.AuthnProvider, settings *module.Settings) module.AuthnProvider {
	within := func(r *module.Request, ask func()) {
		outer := r.Dir
		r.Dir = module.Merge(outer, settings)
		defer func() { r.Dir = outer }()
		ask()
	}
	a := module.AuthnProvider{Name: name}
	if p.CheckPassword != nil {
		a.CheckPassword = func(r *module.Request, user, password string) (res module.AuthnResult) {
			within(r, func() { res = p.CheckPassword(r, user, password) })
			return
		}
	}
	if p.RealmHash != nil {
		a.RealmHash = func(r *module.Request, user, realm string) (hash string, res module.AuthnResult) {
			within(r, func() { hash, res = p.RealmHash(r, user, realm) })
			return
		}
	}
	return a
}
