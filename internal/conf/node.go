// Package conf reads Apache httpd configuration text into a tree of directives
// that know where they stand. It gives directives no meaning, apart from those
// that decide what is read: Include, Define, <IfModule>, <Macro> and their kin.
package conf

import (
	"fmt"
	"strings"
)

// Pos is a place in the configuration. The line of a continued directive is
// its last one, as in httpd's messages.
type Pos struct {
	File string
	Line int
	Use  *Pos // the Use line, for text that came out of a <Macro>
}

// String gives FILE:LINE, followed by the Use lines that led there.
func (p Pos) String() string {
	s := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Use != nil {
		s += " (macro used at " + p.Use.String() + ")"
	}
	return s
}

// Node is one directive or one section.
type Node struct {
	Pos      Pos
	Name     string // as written; a section's without the brackets
	Raw      string // the arguments: trimmed, ${NAME} replaced, quotes kept
	Section  bool
	Children []*Node
	Parent   *Node  // nil at the top
	Comment  string // comment lines directly above, without '#', one a line
}

// Is reports whether the node is the directive or section of that name.
func (n *Node) Is(name string) bool { return strings.EqualFold(n.Name, name) }

// Words splits the arguments as httpd does.
func (n *Node) Words() []string { return Words(n.Raw) }

// Tree is what a configuration came to once all conditions were decided.
type Tree struct {
	Nodes    []*Node
	Files    []string // every file read, in order
	Included []Inclusion
	Root     string // the ServerRoot in force at the end
	Defines  *Defines
	Warnings Errors
}

// Inclusion is a file that was read, as often as it was.
type Inclusion struct {
	File  string
	Line  int // of the Include, in the file that holds it; 0 for the main file
	Depth int // how many Include led here
}

// Walk calls fn for every node, parents before their children.
func (t *Tree) Walk(fn func(*Node)) { walk(t.Nodes, fn) }

func walk(nodes []*Node, fn func(*Node)) {
	for _, n := range nodes {
		fn(n)
		walk(n.Children, fn)
	}
}
