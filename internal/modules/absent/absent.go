// Package absent are the modules of httpd that Transom knows by name only: LoadModule warns of them, <IfModule> skips what asks
// for them, and their directives are refused, or ignored where nothing is lost that restricts, rewrites or protects.
package absent

import (
	"fmt"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// Modules returns all of them.
func Modules() []*module.Module {
	var list []*module.Module
	for _, k := range known {
		m := &module.Module{Name: k.name, Identifier: strings.TrimPrefix(k.name, "mod_") + "_module", Absent: k.reason}
		for _, name := range strings.Fields(k.ignored) {
			m.Directives = append(m.Directives, row(m, name, module.Ignored(k.reason)))
		}
		for _, name := range strings.Fields(k.refused) {
			m.Directives = append(m.Directives, row(m, name, module.Refused(k.reason)))
		}
		if k.name == "mod_userdir" {
			m.Directives = append(m.Directives, userDir)
		}
		for _, h := range handlers[k.name] {
			m.Offers.Handlers = append(m.Offers.Handlers, module.NamedHandler{Name: h, Serve: refuse(k.reason)})
		}
		list = append(list, m)
	}
	return list
}

// handlers are what SetHandler, AddHandler and ScriptAlias name. Files of theirs are never sent as they are.
var handlers = map[string][]string{
	"mod_cgi":      {"cgi-script", "application/x-httpd-cgi"},
	"mod_include":  {"server-parsed"},
	"mod_asis":     {"send-as-is"},
	"mod_imagemap": {"imap-file"},
}

func refuse(reason string) func(*module.Request) module.Result {
	return func(r *module.Request) module.Result {
		r.Logf("core", observe.Error, "", "%s is refused (handler %s): %s", r.Filename, r.Handler, reason)
		return http.StatusInternalServerError
	}
}

func row(m *module.Module, name string, s module.Support) module.Directive {
	return module.Directive{Name: name, Where: module.Anywhere, Override: module.OverrideAll, Args: module.RawArgs, Syntax: name + " ...",
		Doc: fmt.Sprintf("A directive of %s.", m.Name), Support: s}
}

// userDir: "disabled" is what this server does; anything else is only missing.
var userDir = module.Directive{Name: "UserDir", Where: module.Servers, Args: module.Some, Syntax: "UserDir directory-filename [directory-filename] ...",
	Doc: "Where users' own pages lie. There are none here.", Set: func(c *module.Command) error {
		if !strings.EqualFold(c.Args[0], "disabled") {
			c.Warnf("UserDir is ignored: users' directories are not served, /~name is a path as any other")
		}
		return nil
	}}
