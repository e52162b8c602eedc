package info

import (
	"fmt"
	"html/template"
	"sort"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
)

// view is what the page shows; empty parts are left out.
type view struct {
	Name    string
	Server  []pair
	List    []string // of modules
	Modules []moduleView
	Hooks   []pair
	Config  []line
}

type pair struct{ Name, Value string }

// line is one of the configuration.
type line struct {
	Place string
	Text  string
	depth int
}

// Indent is the depth in sections, as CSS wants it.
func (l line) Indent() int { return 2 * l.depth }

type moduleView struct {
	Source, Identifier string
	Handlers, Phases   string
	Directives         []module.Directive
	Config             []line
	More               []template.HTML
}

func look(r *module.Request, query string) view {
	b := r.Site.Build
	v := view{Name: r.ServerName()}
	all := query == ""
	if all || query == "server" {
		v.Server = serverOf(r)
	}
	if all || query == "hooks" {
		v.Hooks = hooksOf(r.Site)
	}
	if query == "config" && b.Tree != nil {
		v.Config = lines(b.Tree.Nodes, 0, func(string) bool { return true })
	}
	if all || query == "list" {
		for _, m := range b.Modules {
			v.List = append(v.List, m.Source())
		}
		sort.Strings(v.List)
	}
	for _, m := range b.Modules {
		if all || query == m.Source() {
			v.Modules = append(v.Modules, moduleOf(r, m))
		}
	}
	sort.Slice(v.Modules, func(i, j int) bool { return v.Modules[i].Source < v.Modules[j].Source })
	return v
}

func serverOf(r *module.Request) []pair {
	b := r.Site.Build
	core := module.CoreServer.Of(r.Server.Settings)
	list := []pair{
		{"Server version", "Transom/" + module.Version + " Apache/" + module.APIVersion + " (Unix)"},
		{"Host and port", fmt.Sprintf("%s:%d", r.ServerName(), r.ServerPort())},
		{"Timeouts", fmt.Sprintf("connection: %v, keep-alive: %v", orDefault(core.Timeout.String(), core.Timeout == 0, "1m0s"),
			orDefault(core.KeepAliveTimeout.String(), !core.KeepAliveTimeoutSet, "5s"))},
		{"Server root", b.ServerRoot},
	}
	if b.Tree != nil && len(b.Tree.Files) > 0 {
		list = append(list, pair{"Configuration", strings.Join(b.Tree.Files, "\n")})
	}
	return list
}

func orDefault(value string, unset bool, otherwise string) string {
	if unset {
		return otherwise
	}
	return value
}

func hooksOf(s *module.Site) (list []pair) {
	for p, owners := range s.HookOrder {
		if len(owners) > 0 {
			list = append(list, pair{module.Phase(p).String(), strings.Join(owners, ", ")})
		}
	}
	return list
}

func moduleOf(r *module.Request, m *module.Module) moduleView {
	v := moduleView{Source: m.Source(), Identifier: m.Identifier, Directives: m.Directives}
	var handlers, phases []string
	for _, h := range m.Offers.Handlers {
		handlers = append(handlers, h.Name)
	}
	seen := map[module.Phase]bool{}
	for _, h := range m.Hooks {
		if !seen[h.Phase] {
			phases = append(phases, h.Phase.String())
		}
		seen[h.Phase] = true
	}
	v.Handlers, v.Phases = strings.Join(handlers, ", "), strings.Join(phases, ", ")
	own := map[string]bool{}
	for i := range m.Directives {
		own[key(m.Directives[i].Name, m.Directives[i].Open != nil)] = true
	}
	if t := r.Site.Build.Tree; t != nil {
		v.Config = lines(t.Nodes, 0, func(k string) bool { return own[k] })
	}
	for _, a := range settings.Of(r.Server.Settings).list {
		if a[0] == m.Source() {
			v.More = append(v.More, template.HTML(a[1]))
		}
	}
	return v
}

func key(name string, section bool) string {
	if section {
		return "<" + strings.ToLower(name)
	}
	return strings.ToLower(name)
}

// lines are the directives that want admits, with the sections around them.
func lines(nodes []*conf.Node, depth int, want func(key string) bool) (list []line) {
	for _, n := range nodes {
		place := fmt.Sprintf("%s:%d", n.Pos.File, n.Pos.Line)
		if !n.Section {
			if want(key(n.Name, false)) {
				list = append(list, line{place, n.Name + " " + n.Raw, depth})
			}
			continue
		}
		inner := lines(n.Children, depth+1, want)
		if len(inner) == 0 && !want(key(n.Name, true)) {
			continue
		}
		list = append(list, line{place, "<" + strings.TrimSpace(n.Name+" "+n.Raw) + ">", depth})
		list = append(append(list, inner...), line{"", "</" + n.Name + ">", depth})
	}
	return list
}
