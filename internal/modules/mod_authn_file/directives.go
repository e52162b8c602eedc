// Package authnfile is mod_authn_file: users and passwords in files of htpasswd and htdigest.
package authnfile

import (
	"transom/internal/module"
)

// Module returns mod_authn_file.
func Module() *module.Module {
	return &module.Module{Name: "mod_authn_file", Identifier: "authn_file_module",
		Directives: []module.Directive{
			{Name: "AuthUserFile", Where: module.Sections | module.InHtaccess, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "AuthUserFile file-path",
				Doc: "A file of users and passwords.", Set: setFile},
		},
		Offers: module.Offers{AuthnProviders: []module.AuthnProvider{{Name: "file", CheckPassword: checkPassword, RealmHash: realmHash}}},
	}
}

var settings = &module.Slot[dirSettings]{Merge: func(_, inner *dirSettings) *dirSettings { return inner }}

type dirSettings struct{ file *module.CachedFile[entries] }

func setFile(c *module.Command) error {
	settings.Edit(c.Dir).file = &module.CachedFile[entries]{Path: c.Build.Path(c.Args[0]), Parse: parse}
	return nil
}
