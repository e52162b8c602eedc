// Package macro is mod_macro, whose directives are carried out while the configuration is read.
package macro

import "transom/internal/module"

// Module returns mod_macro.
func Module() *module.Module {
	return &module.Module{Name: "mod_macro", Identifier: "macro_module", Directives: []module.Directive{
		{Name: "Macro", Where: module.Servers | module.Sections, Args: module.RawArgs, Syntax: "<Macro name [parameter ...]> ... </Macro>",
			Doc: "Lines that Use repeats with other values.", Open: whileReading},
		{Name: "Use", Where: module.Servers | module.Sections, Args: module.Some, Syntax: "Use name [value ...]",
			Doc: "Puts a macro's lines here.", Set: whileReading},
		{Name: "UndefMacro", Where: module.Servers | module.Sections, Args: module.One, Syntax: "UndefMacro name",
			Doc: "Forgets a macro.", Set: whileReading},
	}}
}

// whileReading stands in rows of directives that are gone once the configuration is a tree.
func whileReading(*module.Command) error { return nil }
