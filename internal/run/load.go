// Package run wires the parts: it loads a configuration, serves it, swaps it for a new one, and stops.
package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/site"
)

// Options are what the command line says.
type Options struct {
	Root     string   // -d
	File     string   // -f, relative to Root
	Defines  []string // -D
	Before   []string // -C
	After    []string // -c
	Modules  func() []*module.Module
	Quiet    bool // no warnings at the start (-e with a level above warn)
	Rootless bool // -T: DocumentRoot need not exist
	Checking bool // nothing is opened, bound or started
}

// Defaults of the command line (HTTPD_ROOT and SERVER_CONFIG_FILE of -V).
const (
	DefaultRoot = "/etc/httpd"
	DefaultFile = "conf/httpd.conf"
)

// ConfigFile is the main file's name.
func (o *Options) ConfigFile() string {
	file := o.File
	if file == "" {
		file = DefaultFile
	}
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(o.root(), file)
}

func (o *Options) root() string {
	if o.Root == "" {
		return DefaultRoot
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return o.Root
	}
	return root
}

// Config is a configuration that was read; Site is nil if Errors is not empty.
type Config struct {
	Tree     *conf.Tree
	Build    *module.Build
	Site     *site.Site
	Errors   []module.Diagnostic
	Warnings []module.Diagnostic
}

// Load reads and compiles the configuration. What outlives a reload is in kept and sinks.
func Load(o *Options, kept *module.Kept, sinks *observe.Sinks) *Config {
	if kept == nil {
		kept = &module.Kept{}
	}
	mods := o.Modules()
	b := &module.Build{ServerRoot: o.root(), Modules: mods, Loaded: map[string]bool{}, Kept: kept, Sinks: sinks, Checking: o.Checking, Rootless: o.Rootless}
	names := namesOf(mods)
	asked := &reading{build: b, names: names, loaded: map[string]bool{}}
	tree, errs := read(o, asked)
	if len(b.Loaded) == 0 {
		asked = &reading{build: b, names: names, static: true}
		tree, errs = read(o, asked)
	}
	b.HasModule = asked.hasModule
	b.Defined = tree.Defines.Has
	c := &Config{Tree: tree, Build: b}
	for _, e := range tree.Warnings {
		b.Warnings = append(b.Warnings, module.Diagnostic{Pos: e.Pos, Text: e.Msg})
	}
	for _, e := range errs {
		b.Errors = append(b.Errors, module.Diagnostic{Pos: e.Pos, Text: e.Msg})
	}
	c.Site = site.Compile(tree, b)
	c.Errors, c.Warnings = b.Errors, b.Warnings
	inFileOrder(c.Errors, tree.Files)
	inFileOrder(c.Warnings, tree.Files)
	if len(c.Errors) > 0 {
		c.Site = nil
	}
	return c
}

func read(o *Options, r *reading) (*conf.Tree, conf.Errors) {
	return conf.Load(o.ConfigFile(), conf.Options{
		ServerRoot: o.root(), Defines: o.Defines, Before: o.Before, After: o.After, Getenv: os.LookupEnv,
		HasModule: r.hasModule, HasDirective: r.names.hasDirective, HasSection: r.names.hasSection, OnRead: r.onRead,
	})
}

// inFileOrder sorts diagnostics as a reader meets them: those with a place first.
func inFileOrder(list []module.Diagnostic, files []string) {
	rank := map[string]int{"": len(files) + 1}
	for i, f := range files {
		rank[f] = i
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if rank[a.File] != rank[b.File] {
			return rank[a.File] < rank[b.File]
		}
		return a.Line < b.Line
	})
}

// Report prints warnings, then errors: the first in httpd's form, so that scripts find it.
func (c *Config) Report(w io.Writer) {
	for _, d := range c.Warnings {
		fmt.Fprintf(w, "transom: warning: %s\n", d)
	}
	c.ReportErrors(w)
}

// ReportErrors is Report without the warnings.
func (c *Config) ReportErrors(w io.Writer) {
	for i, d := range c.Errors {
		switch {
		case d.File == "" || d.Line == 0:
			fmt.Fprintf(w, "transom: %s\n", d.Text)
		case i == 0:
			fmt.Fprintf(w, "AH00526: Syntax error on line %d of %s:\n%s\n", d.Line, d.File, d.Text)
		default:
			fmt.Fprintf(w, "%s\n", d)
		}
	}
}

// names is what <IfModule> and its kin ask about.
type names struct {
	modules              map[string]bool   // by file name and by identifier
	identifiers          map[string]string // by file name
	directives, sections map[string]bool
}

func namesOf(mods []*module.Module) *names {
	n := &names{map[string]bool{}, map[string]string{}, map[string]bool{}, map[string]bool{}}
	for _, m := range mods {
		if m.Absent == "" {
			n.modules[m.Source()], n.modules[m.Identifier] = true, true
		}
		n.identifiers[m.Source()] = m.Identifier
		for _, d := range m.Directives {
			if d.Open != nil {
				n.sections[strings.ToLower(d.Name)] = true
			} else {
				n.directives[strings.ToLower(d.Name)] = true
			}
		}
	}
	return n
}

// identifier is the LoadModule name of a module given by either name.
func (n *names) identifier(name string) string {
	if id, ok := n.identifiers[name]; ok {
		return id
	}
	return name
}

func (n *names) hasDirective(name string) bool { return n.directives[strings.ToLower(name)] }
func (n *names) hasSection(name string) bool   { return n.sections[strings.ToLower(name)] }
