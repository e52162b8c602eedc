// Package authzuser is mod_authz_user: Require user and Require valid-user.
package authzuser

import (
	"slices"

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
	return module.RequireNames(c, args, "authz_user", "AH02594", func(r *module.Request, names []string) bool {
		if slices.Contains(names, r.User) {
			return true
		}
		r.Logf("authz_user", observe.Debug, "AH01663", "access to %s failed, reason: user '%s' does not meet 'require'ments for user to be allowed access", r.URI, r.User)
		return false
	})
}

func parseValidUser(*module.Command, string) (module.AuthzCheck, error) {
	return func(r *module.Request) module.AuthzAnswer {
		if r.User == "" {
			return module.AuthzDeniedNoUser
		}
		return module.AuthzGranted
	}, nil
}
