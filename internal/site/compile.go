// Package site compiles a configuration's tree to a Site and serves requests from it.
package site

import (
	"fmt"
	"sort"
	"strings"
	"sync/atomic"

	"transom/internal/conf"
	"transom/internal/module"
)

// Site is a compiled configuration: immutable, safe for concurrent use, its only entrance Serve.
type Site struct {
	*module.Site
	Build  *module.Build
	hooks  *phases
	whole  *program // all hooks
	vhosts *vhosts
	roots  []*step      // by Server.Index: where the merge of sections starts
	room   atomic.Int64 // how many more steps may be kept
	named  map[string]module.NamedHandler
	access htaccessFiles
}

// Compile checks every directive and builds the Site. All diagnostics are collected in build; the Site is nil if there are
// errors among them.
func Compile(tree *conf.Tree, build *module.Build) *Site {
	hooks, err := resolveHooks(build.Modules)
	if err != nil {
		build.Errorf(nil, "%v", err)
		return nil
	}
	main := &module.Server{Settings: &module.Settings{}, Defaults: &module.Settings{}}
	shared := &module.Site{Servers: []*module.Server{main}, Build: build}
	for _, m := range build.Modules {
		shared.Offered.Add(m.Offers)
	}
	build.Site, build.Tree = shared, tree
	for p := range hooks {
		for _, h := range hooks[p] {
			shared.HookOrder[p] = append(shared.HookOrder[p], h.owner)
		}
	}
	reader := &reader{build: build, table: tableOf(build.Modules)}
	build.Apply = reader.apply
	if build.HasModule == nil {
		build.HasModule = func(string) bool { return true }
	}
	reader.apply(module.Command{Server: main, Dir: main.Defaults, Where: module.InServer, Build: build}, tree.Nodes)
	inherit(shared.Servers)

	s := &Site{Site: shared, Build: build, hooks: hooks, whole: hooks.program(func(*hook) bool { return true }), named: map[string]module.NamedHandler{},
		access: htaccessFiles{tree: tree, table: reader.table}}
	shared.Engine = engine{s}
	for _, h := range shared.Offered.Handlers {
		s.named[h.Name] = h
	}
	for _, server := range shared.Servers {
		sortDirectories(&server.Sections)
	}
	for _, m := range build.Modules {
		if m.Compile == nil || len(build.Errors) > 0 {
			continue
		}
		if err := m.Compile(build); err != nil {
			build.Errorf(nil, "%v", err)
		}
	}
	if len(build.Errors) > 0 {
		return nil
	}
	s.vhosts = newVhosts(shared.Servers)
	s.room.Store(maxSteps)
	for _, server := range shared.Servers {
		s.roots = append(s.roots, s.root(server))
	}
	return s
}

// inherit merges the main server's settings and sections into the virtual hosts.
func inherit(servers []*module.Server) {
	main := servers[0]
	for _, s := range servers[1:] {
		s.Settings = module.Merge(main.Settings, s.Settings)
		s.Defaults = module.Merge(main.Defaults, s.Defaults)
		s.Sections = module.Lists{
			Directories: concat(main.Sections.Directories, s.Sections.Directories),
			Files:       concat(main.Sections.Files, s.Sections.Files),
			Locations:   concat(main.Sections.Locations, s.Sections.Locations),
			Proxies:     concat(main.Sections.Proxies, s.Sections.Proxies),
			Ifs:         concat(main.Sections.Ifs, s.Sections.Ifs),
		}
	}
}

func concat(a, b []*module.Section) []*module.Section {
	return append(append([]*module.Section{}, a...), b...)
}

// sortDirectories puts plain <Directory> sections before regular expressions, and shorter paths before longer ones, as httpd
// does (core.c reorder_directories); otherwise the file's order stands.
func sortDirectories(l *module.Lists) {
	rank := func(s *module.Section) int {
		if IsRegexSection(s) {
			return 1 << 30
		}
		return strings.Count(strings.TrimRight(s.Path, "/"), "/")
	}
	sort.SliceStable(l.Directories, func(i, j int) bool { return rank(l.Directories[i]) < rank(l.Directories[j]) })
}

// IsRegexSection says whether the section's matcher is a regular expression.
func IsRegexSection(s *module.Section) bool {
	r, ok := s.Match.(interface{ IsRegex() bool })
	return ok && r.IsRegex()
}

// reader applies the tree's nodes by the directives' table.
type reader struct {
	build *module.Build
	table map[string]*entry
}

type entry struct {
	module.Directive
	owner *module.Module
}

func tableOf(modules []*module.Module) map[string]*entry {
	table := map[string]*entry{}
	for _, m := range modules {
		for _, d := range m.Directives {
			key := tableKey(d.Name, d.Open != nil)
			if _, ok := table[key]; ok {
				panic("directive " + d.Name + " stands in two tables")
			}
			table[key] = &entry{d, m}
		}
	}
	return table
}

func tableKey(name string, section bool) string {
	if section {
		return "<" + strings.ToLower(name)
	}
	return strings.ToLower(name)
}

func (r *reader) apply(in module.Command, nodes []*conf.Node) {
	for _, n := range nodes {
		r.one(in, n)
	}
}

func (r *reader) one(c module.Command, n *conf.Node) {
	e, ok := r.table[tableKey(n.Name, n.Section)]
	if !ok {
		r.fail(c, n, module.NonfatalUnknown, r.unknown(n))
		return
	}
	c.Node, c.Directive, c.Args = n, &e.Directive, nil
	if err := e.Admitted(&c); err != nil {
		r.fail(c, n, module.NonfatalOverride, err.Error())
		return
	}
	if err := e.Check(&c); err != nil {
		r.build.Errorf(n, "%v", err)
		return
	}
	switch e.Support.Level {
	case module.IsIgnored:
		r.build.Warnf(n, "%s is ignored: %s", e.Title(), e.Support.Reason)
	}
	act := e.Set
	if n.Section {
		act = e.Open
	}
	if act == nil {
		return
	}
	if err := act(&c); err != nil {
		r.build.Errorf(n, "%s", naming(e.Title(), err.Error()))
	}
}

// naming puts the directive's name before a message that does not begin with it.
func naming(name, message string) string {
	if strings.HasPrefix(strings.ToLower(message), strings.ToLower(strings.TrimSuffix(name, ">"))) {
		return message
	}
	return name + ": " + message
}

// fail records an error, or what AllowOverride Nonfatal makes a warning in .htaccess.
func (r *reader) fail(c module.Command, n *conf.Node, kind module.Nonfatal, text string) {
	if c.Allow != nil && c.Allow.Nonfatal&kind != 0 {
		r.build.Warnf(n, "%s", text)
		return
	}
	r.build.Errorf(n, "%s", text)
}

func (r *reader) unknown(n *conf.Node) string {
	name := n.Name
	if n.Section {
		name = "<" + name
	}
	text := fmt.Sprintf("Invalid command '%s', perhaps misspelled or defined by a module not included in the server configuration", name)
	known := make([]string, 0, len(r.table))
	for _, e := range r.table {
		if (e.Open != nil) == n.Section {
			known = append(known, e.Name)
		}
	}
	sort.Strings(known)
	if near := conf.Nearest(n.Name, known); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return text
}
