// Package modules is the list of all modules.
package modules

import (
	"transom/internal/module"
	"transom/internal/modules/core"
	accesscompat "transom/internal/modules/mod_access_compat"
	alias "transom/internal/modules/mod_alias"
	authzcore "transom/internal/modules/mod_authz_core"
	authzhost "transom/internal/modules/mod_authz_host"
	dir "transom/internal/modules/mod_dir"
	env "transom/internal/modules/mod_env"
	logconfig "transom/internal/modules/mod_log_config"
	mime "transom/internal/modules/mod_mime"
	proxy "transom/internal/modules/mod_proxy"
	proxyhttp "transom/internal/modules/mod_proxy_http"
	wstunnel "transom/internal/modules/mod_proxy_wstunnel"
	setenvif "transom/internal/modules/mod_setenvif"
	so "transom/internal/modules/mod_so"
)

// All returns the modules in httpd's order: where hooks do not say otherwise, they run in it.
func All() []*module.Module {
	return []*module.Module{
		core.Module(),
		so.Module(),
		authzhost.Module(),
		authzcore.Module(),
		accesscompat.Module(),
		logconfig.Module(),
		logconfig.LogIO(),
		env.Module(),
		setenvif.Module(),
		proxy.Module(),
		proxyhttp.Module(),
		wstunnel.Module(),
		mime.Module(),
		dir.Module(),
		alias.Module(),
	}
}
