// Package module is the contract between a module (a folder below internal/modules) and the rest of Transom: directives,
// settings, hooks, requests. Its words are httpd's.
package module

// Module is a value: what one module of httpd's name understands and does. Building one has no effect.
type Module struct {
	Name       string // file name without ending, as in <IfModule mod_proxy.c>: "mod_proxy"
	Identifier string // name in LoadModule: "proxy_module"
	Directives []Directive
	Hooks      []Hook
	// Compile runs once for a configuration, after everything is read and merged: the place for checks that need the whole
	// and for building what requests will use. Nil if there is nothing to do.
	Compile func(*Build) error
	Offers  Offers
	// Absent is why Transom knows the module by name only. It counts as not loaded, whatever LoadModule says.
	Absent string
}

// Source is the file name that <IfModule> and -l know: "mod_proxy.c"; core's is "core.c".
func (m *Module) Source() string { return m.Name + ".c" }

// Short is the module's name in LogLevel and in error logs: "proxy".
func (m *Module) Short() string {
	if len(m.Name) > 4 && m.Name[:4] == "mod_" {
		return m.Name[4:]
	}
	return m.Name
}
