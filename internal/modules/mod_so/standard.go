package so

const absent = "Transom does not have it; its directives are refused, and <IfModule> skips what asks for it"

// standard are httpd's own modules that are no module here. An empty text means that nothing is missing without it.
var standard = map[string]string{
	"mpm_event_module": "", "mpm_worker_module": "", "mpm_prefork_module": "", "unixd_module": "", "http_module": "",
	"socache_shmcb_module": "", "socache_dbm_module": "", "socache_memcache_module": "", "socache_redis_module": "", "slotmem_shm_module": "", "slotmem_plain_module": "",
	"watchdog_module": "", "systemd_module": "", "authn_core_module": "", "authz_core_module": "", "access_compat_module": "",
	"heartmonitor_module": absent, "heartbeat_module": absent,
	"authn_alias_module": absent, "authn_anon_module": absent, "authn_dbm_module": absent, "authn_dbd_module": absent, "authn_socache_module": absent,
	"authn_default_module": "", "authz_default_module": "", "authz_dbm_module": absent, "authz_owner_module": absent, "authz_dbd_module": absent,
	"authnz_fcgi_module": absent, "authnz_ldap_module": absent, "ldap_module": absent, "auth_form_module": absent, "session_module": absent,
	"session_cookie_module": absent, "session_crypto_module": absent, "session_dbd_module": absent,
	"include_module": absent, "ext_filter_module": absent, "mime_magic_module": absent, "dav_module": absent, "dav_fs_module": absent, "dav_lock_module": absent,
	"actions_module": absent, "speling_module": absent, "userdir_module": absent, "imagemap_module": absent, "asis_module": absent,
	"cache_module": absent, "cache_disk_module": absent, "cache_socache_module": absent, "disk_cache_module": absent, "mem_cache_module": absent, "file_cache_module": absent,
	"suexec_module": absent, "cgi_module": absent, "cgid_module": absent, "dbd_module": absent, "dumpio_module": absent, "echo_module": absent,
	"charset_lite_module": absent, "data_module": absent, "lua_module": absent, "log_debug_module": absent, "xml2enc_module": absent, "proxy_html_module": absent,
	"proxy_express_module": absent, "proxy_scgi_module": absent, "proxy_uwsgi_module": absent, "proxy_fdpass_module": absent, "proxy_ftp_module": absent,
	"proxy_connect_module": absent, "proxy_ajp_module": absent, "proxy_fcgi_module": absent, "proxy_http2_module": absent,
	"http2_module": absent, "md_module": absent, "reflector_module": absent, "sed_module": absent, "ident_module": absent, "privileges_module": absent,
	"cern_meta_module": absent, "allowhandlers_module": absent, "isapi_module": absent, "tls_module": absent, "case_filter_module": absent, "case_filter_in_module": absent,
	"bucketeer_module": absent, "example_hooks_module": absent, "optional_hook_export_module": absent,
}
