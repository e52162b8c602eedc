package run

import (
	"slices"
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

// Builtin is a module that needs no LoadModule, by both of its names.
type Builtin struct{ Identifier, File string }

// Builtins are those of Debian's httpd, in its order.
var Builtins = []Builtin{{"core_module", "core.c"}, {"so_module", "mod_so.c"}, {"watchdog_module", "mod_watchdog.c"}, {"http_module", "http_core.c"},
	{"log_config_module", "mod_log_config.c"}, {"logio_module", "mod_logio.c"}, {"version_module", "mod_version.c"}, {"unixd_module", "mod_unixd.c"}}

// IsBuiltin says whether a name is one of theirs.
func IsBuiltin(name string) bool {
	return slices.ContainsFunc(Builtins, func(b Builtin) bool { return b.Identifier == name || b.File == name })
}

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
		return name == "prefork.c" || name == "mpm_event_module" || r.names.modules[name] || IsBuiltin(name)
	}
	if IsBuiltin(name) {
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
