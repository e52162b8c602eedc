// Package authzgroupfile is mod_authz_groupfile: Require group.
package authzgroupfile

import (
	"fmt"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_authz_groupfile.
func Module() *module.Module {
	return &module.Module{Name: "mod_authz_groupfile", Identifier: "authz_groupfile_module",
		Directives: []module.Directive{
			{Name: "AuthGroupFile", Where: module.Sections | module.InHtaccess, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthGroupFile file-path",
				Doc: "A file of groups and their members.", Set: func(c *module.Command) error {
					settings.Edit(c.Dir).file = &module.CachedFile[groups]{Path: c.Build.Path(c.Args[0]), Parse: parse}
					return nil
				}},
		},
		Offers: module.Offers{AuthzProviders: []module.AuthzProvider{
			{Name: "group", Parse: parseGroup},
			{Name: "file-group", Parse: func(*module.Command, string) (module.AuthzCheck, error) {
				return nil, fmt.Errorf("Require file-group is not supported: it needs mod_authz_owner, which Transom does not have")
			}},
		}},
	}
}

var settings = &module.Slot[dirSettings]{Merge: func(_, inner *dirSettings) *dirSettings { return inner }}

type dirSettings struct{ file *module.CachedFile[groups] }

// groups are a user's groups.
type groups map[string][]string

// parse reads lines "group: user user ...".
func parse(text []byte) groups {
	g := groups{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		group, members, _ := strings.Cut(line, ":")
		for _, user := range conf.Words(members) {
			g[user] = append(g[user], group)
		}
	}
	return g
}

func parseGroup(c *module.Command, args string) (module.AuthzCheck, error) {
	return module.RequireNames(c, args, "authz_groupfile", "AH02592", inOneOf)
}

func inOneOf(r *module.Request, wanted []string) bool {
	f := settings.Of(r.Dir).file
	if f == nil {
		r.Logf("authz_groupfile", observe.Error, "AH01664", "No group file was specified in the configuration")
		return false
	}
	all, err := f.Get()
	if err != nil {
		r.Logf("authz_groupfile", observe.Error, "AH01665", "Could not open group file: %v", err)
		return false
	}
	mine := all[r.User]
	if len(mine) == 0 {
		r.Logf("authz_groupfile", observe.Info, "AH01666", "Authorization of user %s to access %s failed, reason: user doesn't appear in group file (%s).", r.User, r.URI, f.Path)
		return false
	}
	if slices.ContainsFunc(mine, func(g string) bool { return slices.Contains(wanted, g) }) {
		return true
	}
	r.Logf("authz_groupfile", observe.Info, "AH01667", "Authorization of user %s to access %s failed, reason: user is not part of the 'require'ed group(s).", r.User, r.URI)
	return false
}
