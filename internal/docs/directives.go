// Package docs writes the documents that are generated from the modules' tables, and its tests hold all documents to what
// is true.
package docs

import (
	"fmt"
	"sort"
	"strings"

	"transom/internal/module"
)

// Directives is docs/directives.md: every directive, by name.
func Directives(modules []*module.Module) string {
	type row struct {
		module.Directive
		owner *module.Module
	}
	var rows []row
	counts := map[module.SupportLevel]int{}
	for _, m := range modules {
		for _, d := range m.Directives {
			rows = append(rows, row{d, m})
			counts[d.Support.Level]++
		}
	}
	sort.Slice(rows, func(i, j int) bool {
		a, b := strings.ToLower(rows[i].Name), strings.ToLower(rows[j].Name)
		return a < b || a == b && rows[i].Open == nil && rows[j].Open != nil
	})
	var b strings.Builder
	fmt.Fprintf(&b, `# Directives

Generated from the modules' tables by `+"`make generate`"+`. A directive that is not here is an error at start.

- **full** (%d): does what httpd's does; where not, docs/differences.md says so.
- **accepted** (%d): allowed, and nothing is lost by doing nothing.
- **ignored** (%d): allowed with a warning that gives the reason.
- **refused** (%d): an error that gives the reason.

| directive | module | where | support | what it is |
|---|---|---|---|---|
`, counts[module.FullSupport], counts[module.IsAccepted], counts[module.IsIgnored], counts[module.IsRefused])
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", cell(syntax(r.Directive)), r.owner.Name, cell(where(r.Directive)), cell(support(r.Support)), cell(r.Doc))
	}
	return b.String()
}

func syntax(d module.Directive) string {
	if d.Syntax == "" {
		return d.Title()
	}
	return d.Syntax
}

// where leaves .htaccess out for a directive that no AllowOverride admits.
func where(d module.Directive) string {
	w := d.Where
	if d.Override == 0 {
		w &^= module.InHtaccess
	}
	return w.String()
}

func support(s module.Support) string {
	switch s.Level {
	case module.IsAccepted:
		return "accepted: " + s.Reason
	case module.IsIgnored:
		return "ignored: " + s.Reason
	case module.IsRefused:
		return "refused: " + s.Reason
	}
	return "full"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
