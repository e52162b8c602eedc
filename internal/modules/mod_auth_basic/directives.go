// Package authbasic is mod_auth_basic: users by HTTP Basic authentication (RFC 7617).
package authbasic

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

// Module returns mod_auth_basic.
func Module() *module.Module {
	return &module.Module{Name: "mod_auth_basic", Identifier: "auth_basic_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.CheckUserID, Run: authenticate},
		{Phase: module.Fixups, Position: module.Last, Run: fake, Applies: settings.InSections},
	}}
}

const where = module.Sections | module.InHtaccess

var directives = []module.Directive{
	{Name: "AuthBasicProvider", Where: where, Override: module.OverrideAuthConfig, Args: module.Some, Syntax: "AuthBasicProvider provider-name [provider-name] ...",
		Doc: "Who checks passwords, in this order.", Set: setProviders},
	{Name: "AuthBasicAuthoritative", Where: where, Override: module.OverrideAuthConfig, Args: module.OnOff, Syntax: "AuthBasicAuthoritative On|Off",
		Doc: "Whether a user whom no provider knows is refused at once.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).authoritative = c.Flag()
			return nil
		}},
	{Name: "AuthBasicFake", Where: where, Override: module.OverrideAuthConfig, Args: module.OneOrTwo, Syntax: "AuthBasicFake off|username [password]",
		Doc: "Makes an Authorization header from expressions, for what stands behind.", Set: setFake},
	{Name: "AuthBasicUseDigestAlgorithm", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthBasicUseDigestAlgorithm MD5|Off",
		Doc: "Checks passwords as htdigest stores them.", Set: setDigest},
}

func setProviders(c *module.Command) error {
	s := settings.Edit(c.Dir)
	for _, name := range c.Args {
		p, err := find(c.Build, name)
		if err != nil {
			return err
		}
		s.providers = append(s.providers, p)
	}
	return nil
}

func setFake(c *module.Command) error {
	s := settings.Edit(c.Dir)
	if strings.EqualFold(c.Args[0], "off") {
		s.fake = &fakeUser{}
		return nil
	}
	password := "password"
	if len(c.Args) > 1 {
		password = c.Args[1]
	}
	user, err := c.Build.CompileString(c.Args[0])
	if err != nil {
		return fmt.Errorf("Could not parse fake username expression '%s': %w", c.Args[0], err)
	}
	secret, err := c.Build.CompileString(password)
	if err != nil {
		return fmt.Errorf("Could not parse fake password expression: %w", err)
	}
	s.fake = &fakeUser{user, secret}
	return nil
}

func setDigest(c *module.Command) error {
	s := settings.Edit(c.Dir)
	switch strings.ToLower(c.Args[0]) {
	case "md5":
		s.digest = module.On
	case "off":
		s.digest = module.Off
	default:
		return fmt.Errorf("Invalid algorithm in AuthBasicUseDigestAlgorithm: %s", c.Args[0])
	}
	return nil
}

func find(b *module.Build, name string) (module.AuthnProvider, error) {
	return b.AuthnProvider(name, "Basic", func(p module.AuthnProvider) bool { return p.CheckPassword != nil })
}
