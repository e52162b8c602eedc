package so

import "transom/internal/module"

const absent = "Transom does not have it; its directives are refused, and <IfModule> skips what asks for it"

// Needless are modules of httpd whose work is done here without them, such as the memory that its processes share: nothing
// is missing, and <IfModule> is true for them.
func Needless() []*module.Module {
	var list []*module.Module
	for _, name := range []string{"socache_shmcb", "socache_dbm", "socache_memcache", "socache_redis", "slotmem_shm", "slotmem_plain",
		"systemd", "authn_default", "authz_default"} {
		list = append(list, &module.Module{Name: "mod_" + name, Identifier: name + "_module"})
	}
	return list
}

// standard are httpd's other modules that are no module here. An empty text means that nothing is missing without it.
var standard = map[string]string{
	"mpm_event_module": "", "mpm_worker_module": "", "mpm_prefork_module": "", "unixd_module": "", "http_module": "",
	"watchdog_module":    "",
	"authnz_ldap_module": absent, "ldap_module": absent,

	"proxy_scgi_module": absent, "proxy_uwsgi_module": absent, "proxy_fdpass_module": absent, "proxy_ftp_module": absent,
	"proxy_connect_module": absent, "proxy_ajp_module": absent, "proxy_http2_module": absent,
	"md_module": absent, "privileges_module": absent,
	"allowhandlers_module": absent, "isapi_module": absent, "tls_module": absent, "case_filter_module": absent, "case_filter_in_module": absent,
	"bucketeer_module": absent, "example_hooks_module": absent, "optional_hook_export_module": absent,
}
