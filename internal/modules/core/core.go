// Package core is httpd's core: servers, sections, limits, and the files below DocumentRoot.
package core

import "transom/internal/module"

// Module returns the core module.
func Module() *module.Module {
	rows := [][]module.Directive{serverRows, sectionRows, requestRows, logRows, processRows, contentRows}
	m := &module.Module{Name: "core", Identifier: "core_module", Hooks: hooks, Compile: compile}
	for _, r := range rows {
		m.Directives = append(m.Directives, r...)
	}
	m.Offers.Variables = variables
	return m
}
