// Package modules is the list of all modules.
package modules

import (
	"transom/internal/module"
	"transom/internal/modules/core"
	alias "transom/internal/modules/mod_alias"
	dir "transom/internal/modules/mod_dir"
	env "transom/internal/modules/mod_env"
	logconfig "transom/internal/modules/mod_log_config"
	setenvif "transom/internal/modules/mod_setenvif"
	so "transom/internal/modules/mod_so"
)

// All returns the modules in httpd's order: where hooks do not say otherwise, they run in it.
func All() []*module.Module {
	return []*module.Module{
		core.Module(),
		so.Module(),
		logconfig.Module(),
		logconfig.LogIO(),
		env.Module(),
		setenvif.Module(),
		dir.Module(),
		alias.Module(),
	}
}
