// Package so answers LoadModule: every module is compiled in, so that the directive only says which ones httpd would have.
package so

import (
	"fmt"

	"transom/internal/module"
)

// Module returns mod_so.
func Module() *module.Module {
	return &module.Module{Name: "mod_so", Identifier: "so_module", Directives: []module.Directive{
		{Name: "LoadModule", Where: module.InServer | module.InVirtualHost, Args: module.Two, Syntax: "LoadModule module filename",
			Doc: "Names a module that httpd would load; the file is not opened.", Set: loadModule},
		{Name: "LoadFile", Where: module.InServer | module.InVirtualHost, Args: module.Some, Syntax: "LoadFile filename [filename] ...",
			Doc: "Names libraries that httpd would load.", Support: module.Accepted("no shared library is needed")},
	}}
}

// loadModule warns of modules that are not here. Their directives are unknown, hence errors outside <IfModule>.
func loadModule(c *module.Command) error {
	id := c.Args[0]
	if id == "mpm_event_module" || id == "mpm_worker_module" {
		c.Build.Process.Threaded = true
	}
	for _, m := range c.Build.Modules {
		if m.Identifier == id {
			if m.Absent != "" {
				missing(c, "Transom does not have it: "+m.Absent)
			}
			return nil
		}
	}
	switch what, known := standard[id]; {
	case known && what == "":
	case known:
		missing(c, what)
	default:
		if len(id) < 8 || id[len(id)-7:] != "_module" {
			return fmt.Errorf("LoadModule %s: a module's name ends in _module", id)
		}
		missing(c, absent)
	}
	return nil
}

func missing(c *module.Command, why string) {
	if c.Build.Missing == nil {
		c.Build.Missing = map[string]bool{}
	}
	c.Build.Missing[c.Args[0]] = true
	c.Warnf("LoadModule %s: %s", c.Args[0], why)
}
