package run

import (
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
)

// reading answers what a configuration asks about modules while it is read.
//
// As in httpd, <IfModule> is true for a module that a LoadModule line above has named, and for those that are always
// there. A configuration without any LoadModule is read as by an httpd that has every module compiled in.
type reading struct {
	build  *module.Build
	names  *names
	loaded map[string]bool // identifiers of LoadModule lines so far
	static bool            // no LoadModule anywhere: all modules count as there
}

var alwaysThere = map[string]bool{"core.c": true, "core_module": true, "mod_so.c": true, "so_module": true, "http_core.c": true, "http_module": true,
	"mod_log_config.c": true, "log_config_module": true, "mod_logio.c": true, "logio_module": true, "mod_version.c": true, "version_module": true,
	"mod_unixd.c": true, "unixd_module": true, "mod_watchdog.c": true, "watchdog_module": true}

// mpms are names of httpd's process models. Without a LoadModule for one, 2.2's name for its default, prefork.c, and
// 2.4's default, event, are true, each only in its own dialect's spelling.
var mpms = map[string]string{"prefork.c": "mpm_prefork_module", "worker.c": "mpm_worker_module", "event.c": "mpm_event_module"}

func (r *reading) onRead(n *conf.Node) error {
	if !n.Is("LoadModule") {
		return nil
	}
	if words := n.Words(); len(words) > 0 {
		r.loaded[words[0]] = true
		r.build.Loaded[words[0]] = true
	}
	return nil
}

func (r *reading) hasModule(name string) bool {
	if r.static {
		return name == "prefork.c" || name == "mpm_event_module" || r.names.modules[name] || alwaysThere[name]
	}
	if alwaysThere[name] {
		return true
	}
	mpmNamed := r.loaded["mpm_prefork_module"] || r.loaded["mpm_worker_module"] || r.loaded["mpm_event_module"]
	if id, ok := mpms[name]; ok {
		return r.loaded[id] || !mpmNamed && name == "prefork.c"
	}
	if strings.HasPrefix(name, "mpm_") {
		return r.loaded[name]
	}
	if !r.names.modules[name] {
		return false
	}
	return r.loaded[r.names.identifier(name)]
}

// AlwaysThere says whether a module, by its identifier, needs no LoadModule.
func AlwaysThere(identifier string) bool { return alwaysThere[identifier] }
