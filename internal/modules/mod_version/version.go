// Package version is mod_version, whose only section is decided while the configuration is read.
package version

import "transom/internal/module"

// Module returns mod_version.
func Module() *module.Module {
	return &module.Module{Name: "mod_version", Identifier: "version_module", Directives: []module.Directive{
		{Name: "IfVersion", Where: module.Anywhere, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<IfVersion [[!]operator] version> ... </IfVersion>",
			Doc: "Directives that are read if httpd's version, 2.4.71, compares so.", Open: whileReading},
	}}
}

// whileReading stands in rows of directives that are gone once the configuration is a tree.
func whileReading(*module.Command) error { return nil }
