// Package authzuser is mod_authz_user: Require user and Require valid-user.
package authzuser

import (
	"fmt"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_authz_user.
func Module() *module.Module {
	return &module.Module{Name: "mod_authz_user", Identifier: "authz_user_module", Offers: module.Offers{AuthzProviders: []module.AuthzProvider{
		{Name: "user", Parse: parseUser},
		{Name: "valid-user", Parse: parseValidUser},
	}}}
}

func parseUser(c *module.Command, args string) (module.AuthzCheck, error) {
	names, err := c.Build.CompileString(strings.TrimSpace(args))
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %w", err)
	}
	return func(r *module.Request) module.AuthzAnswer {
		if r.User == "" {
			return module.AuthzDeniedNoUser
		}
		list, err := names(r)
		if err != nil {
			r.Logf("authz_user", observe.Error, "AH02594", "authz_user authorize: require user: Can't evaluate require expression: %v", err)
			return module.AuthzDenied
		}
		if slices.Contains(conf.Words(list), r.User) {
			return module.AuthzGranted
		}
		r.Logf("authz_user", observe.Debug, "AH01663", "access to %s failed, reason: user '%s' does not meet 'require'ments for user to be allowed access", r.URI, r.User)
		return module.AuthzDenied
	}, nil
}

func parseValidUser(*module.Command, string) (module.AuthzCheck, error) {
	return func(r *module.Request) module.AuthzAnswer {
		if r.User == "" {
			return module.AuthzDeniedNoUser
		}
		return module.AuthzGranted
	}, nil
}
