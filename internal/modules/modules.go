// Package modules is the list of all modules.
package modules

import (
	"slices"

	"transom/internal/module"
	"transom/internal/modules/absent"
	"transom/internal/modules/core"
	accesscompat "transom/internal/modules/mod_access_compat"
	alias "transom/internal/modules/mod_alias"
	allowmethods "transom/internal/modules/mod_allowmethods"
	authbasic "transom/internal/modules/mod_auth_basic"
	authdigest "transom/internal/modules/mod_auth_digest"
	authncore "transom/internal/modules/mod_authn_core"
	authnfile "transom/internal/modules/mod_authn_file"
	authnzldap "transom/internal/modules/mod_authnz_ldap"
	authzcore "transom/internal/modules/mod_authz_core"
	authzgroupfile "transom/internal/modules/mod_authz_groupfile"
	authzhost "transom/internal/modules/mod_authz_host"
	authzuser "transom/internal/modules/mod_authz_user"
	autoindex "transom/internal/modules/mod_autoindex"
	brotli "transom/internal/modules/mod_brotli"
	buffer "transom/internal/modules/mod_buffer"
	deflate "transom/internal/modules/mod_deflate"
	dir "transom/internal/modules/mod_dir"
	env "transom/internal/modules/mod_env"
	expires "transom/internal/modules/mod_expires"
	filter "transom/internal/modules/mod_filter"
	headers "transom/internal/modules/mod_headers"
	http2 "transom/internal/modules/mod_http2"
	info "transom/internal/modules/mod_info"
	logconfig "transom/internal/modules/mod_log_config"
	logforensic "transom/internal/modules/mod_log_forensic"
	macro "transom/internal/modules/mod_macro"
	mime "transom/internal/modules/mod_mime"
	negotiation "transom/internal/modules/mod_negotiation"
	proxy "transom/internal/modules/mod_proxy"
	balancer "transom/internal/modules/mod_proxy_balancer"
	proxyconnect "transom/internal/modules/mod_proxy_connect"
	proxyfcgi "transom/internal/modules/mod_proxy_fcgi"
	hcheck "transom/internal/modules/mod_proxy_hcheck"
	proxyhttp "transom/internal/modules/mod_proxy_http"
	wstunnel "transom/internal/modules/mod_proxy_wstunnel"
	ratelimit "transom/internal/modules/mod_ratelimit"
	remoteip "transom/internal/modules/mod_remoteip"
	reqtimeout "transom/internal/modules/mod_reqtimeout"
	request "transom/internal/modules/mod_request"
	rewrite "transom/internal/modules/mod_rewrite"
	setenvif "transom/internal/modules/mod_setenvif"
	so "transom/internal/modules/mod_so"
	ssl "transom/internal/modules/mod_ssl"
	status "transom/internal/modules/mod_status"
	substitute "transom/internal/modules/mod_substitute"
	uniqueid "transom/internal/modules/mod_unique_id"
	usertrack "transom/internal/modules/mod_usertrack"
	version "transom/internal/modules/mod_version"
	vhostalias "transom/internal/modules/mod_vhost_alias"
)

// All returns the modules in httpd's order: where hooks do not say otherwise, they run in it.
func All() []*module.Module {
	return slices.Concat([]*module.Module{
		core.Module(),
		so.Module(),
		authnfile.Module(),
		authncore.Module(),
		authzhost.Module(),
		authzgroupfile.Module(),
		authzuser.Module(),
		authzcore.Module(),
		accesscompat.Module(),
		authbasic.Module(),
		authdigest.Module(),
		allowmethods.Module(),
		authnzldap.Module(),
		authnzldap.LDAP(),
		macro.Module(),
		buffer.Module(),
		ratelimit.Module(),
		reqtimeout.Module(),
		request.Module(),
		uniqueid.Module(),
		remoteip.Module(),
		filter.Module(),
		substitute.Module(),
		deflate.Module(),
		brotli.Module(),
		logconfig.Module(),
		logconfig.LogIO(),
		logforensic.Module(),
		http2.Module(),
		env.Module(),
		expires.Module(),
		headers.Module(),
		usertrack.Module(),
		version.Module(),
		setenvif.Module(),
		proxy.Module(),
		proxyhttp.Module(),
		proxyfcgi.Module(),
		wstunnel.Module(),
		proxyconnect.Module(),
		balancer.Module(),
		balancer.ByRequests(),
		balancer.ByTraffic(),
		balancer.ByBusyness(),
		hcheck.Module(),
		ssl.Module(),
		mime.Module(),
		status.Module(),
		info.Module(),
		autoindex.Module(),
		vhostalias.Module(),
		negotiation.Module(),
		dir.Module(),
		alias.Module(),
		rewrite.Module(),
	}, so.Needless(), absent.Modules())
}
