package so

const absent = "Transom does not have it; its directives are refused, and <IfModule> skips what asks for it"

// standard are httpd's own modules that are no module here. An empty text means that nothing is missing without it.
var standard = map[string]string{
	"mpm_event_module": "", "mpm_worker_module": "", "mpm_prefork_module": "", "unixd_module": "", "http_module": "",
	"socache_shmcb_module": "", "socache_dbm_module": "", "socache_memcache_module": "", "socache_redis_module": "", "slotmem_shm_module": "", "slotmem_plain_module": "",
	"watchdog_module": "", "systemd_module": "", "authn_core_module": "", "authz_core_module": "", "access_compat_module": "",

	"authn_default_module": "", "authz_default_module": "",
	"authnz_ldap_module": absent, "ldap_module": absent,

	"proxy_scgi_module": absent, "proxy_uwsgi_module": absent, "proxy_fdpass_module": absent, "proxy_ftp_module": absent,
	"proxy_connect_module": absent, "proxy_ajp_module": absent, "proxy_http2_module": absent,
	"md_module": absent, "privileges_module": absent,
	"allowhandlers_module": absent, "isapi_module": absent, "tls_module": absent, "case_filter_module": absent, "case_filter_in_module": absent,
	"bucketeer_module": absent, "example_hooks_module": absent, "optional_hook_export_module": absent,
}
