// Package check looks through a configuration for what is wrong or will surprise. It reads the tree, not the compiled Site: most
// mistakes are in what was written, and a Site no longer knows.
package check

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
)

// Finding is one thing found at one place.
type Finding struct {
	Code      string   `json:"code"`
	Severity  Severity `json:"severity"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Directive string   `json:"directive"`
	Text      string   `json:"text"`
	Remedy    string   `json:"remedy"`
}

// Config is what a look through needs.
type Config struct {
	Tree             *conf.Tree
	Errors, Warnings []module.Diagnostic
}

// Check returns the findings that no comment silences, in the order of the files.
func Check(c Config) []Finding {
	k := &checker{rank: map[string]int{}, nodes: map[place]*conf.Node{}}
	for i, f := range c.Tree.Files {
		k.rank[f] = i + 1
	}
	c.Tree.Walk(func(n *conf.Node) {
		if at := (place{n.Pos.File, n.Pos.Line}); k.nodes[at] == nil {
			k.nodes[at] = n
		}
	})
	for _, s := range scopes(c.Tree) {
		k.scope(s)
	}
	k.hosts(c.Tree)
	k.modules(c.Tree)
	c.Tree.Walk(k.node)
	for _, d := range c.Warnings {
		k.diagnostic(ignored, d)
	}
	for _, d := range c.Errors {
		k.diagnostic(broken, d)
	}
	sort.SliceStable(k.found, func(i, j int) bool {
		a, b := k.found[i], k.found[j]
		if k.rank[a.File] != k.rank[b.File] {
			return k.rank[a.File] < k.rank[b.File]
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Code < b.Code
	})
	return slices.Compact(k.found)
}

type place struct {
	file string
	line int
}

type checker struct {
	found []Finding
	rank  map[string]int // of files
	nodes map[place]*conf.Node
}

// add records a finding about n, unless the comment above it says not to.
func (k *checker) add(kind Kind, n *conf.Node, format string, args ...any) {
	if silenced(n.Comment, kind.Code) {
		return
	}
	k.found = append(k.found, Finding{kind.Code, kind.Severity, n.Pos.File, n.Pos.Line, title(n), fmt.Sprintf(format, args...), kind.Remedy})
}

// diagnostic makes a finding of what loading said. A warning about a directive that has a finding already says the same.
func (k *checker) diagnostic(kind Kind, d module.Diagnostic) {
	n := k.nodes[place{d.File, d.Line}]
	for _, f := range k.found {
		if kind.Code == ignored.Code && f.File == d.File && f.Line == d.Line && f.Code != ignored.Code {
			return
		}
	}
	if n != nil && silenced(n.Comment, kind.Code) {
		return
	}
	f := Finding{kind.Code, kind.Severity, d.File, d.Line, d.Directive, d.Text, kind.Remedy}
	if n != nil {
		f.Directive = title(n)
	}
	k.found = append(k.found, f)
}

func silenced(comment, code string) bool {
	for _, line := range strings.Split(comment, "\n") {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "transom: ignore")
		if !ok {
			continue
		}
		codes := strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
		if len(codes) == 0 || slices.Contains(codes, code) {
			return true
		}
	}
	return false
}

func title(n *conf.Node) string {
	text := strings.TrimSpace(n.Name + " " + n.Raw)
	if n.Section {
		return "<" + text + ">"
	}
	return text
}

// at names another directive in a text.
func at(n *conf.Node) string { return fmt.Sprintf("%s (%s:%d)", title(n), n.Pos.File, n.Pos.Line) }

// Print writes a finding for people.
func (f Finding) Print(w io.Writer) {
	place := ""
	switch {
	case f.Line > 0:
		place = fmt.Sprintf("%s:%d: ", f.File, f.Line)
	case f.File != "": // the file as a whole
		place = f.File + ": "
	}
	fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%s%s %s: %s", place, f.Code, f.Severity, f.Directive), ": "))
	fmt.Fprintf(w, "    %s\n    %s\n", f.Text, f.Remedy)
}
