package check

import (
	"strings"

	"transom/internal/conf"
)

// scope is the main server or a virtual host, with what it inherits.
type scope struct {
	node      *conf.Node // nil: the main server
	passes    []*pass    // outside sections, in the order in which they are asked
	locations []*conf.Node
	rules     []*rule
	own       []*conf.Node // not inherited
	inherited []*conf.Node
}

// pass is a ProxyPass or ProxyPassMatch.
type pass struct {
	node    *conf.Node
	path    string // as written; of the section inside <Location>
	target  string
	isMatch bool
	inside  bool
}

// scopes takes the tree apart. The tree no longer has <IfModule> and its kin.
func scopes(t *conf.Tree) []*scope {
	main := &scope{}
	var hosts []*conf.Node
	for _, n := range t.Nodes {
		if n.Section && n.Is("VirtualHost") {
			hosts = append(hosts, n)
			continue
		}
		main.take(n)
	}
	list := []*scope{main}
	for _, h := range hosts {
		s := &scope{node: h, inherited: main.own}
		for _, n := range h.Children {
			s.take(n)
		}
		if !s.says("ProxyPassInherit", "off") {
			s.passes = append(append([]*pass{}, main.passes...), s.passes...)
		}
		list = append(list, s)
	}
	return list
}

func (s *scope) take(n *conf.Node) {
	s.own = append(s.own, n)
	switch {
	case n.Section && n.Is("Location"):
		s.locations = append(s.locations, n)
	case n.Is("ProxyPass") || n.Is("ProxyPassMatch"):
		if p := readPass(n); p != nil {
			s.passes = append(s.passes, p)
		}
	case n.Is("RewriteRule"):
		if r := readRule(n); r != nil {
			s.rules = append(s.rules, r)
		}
	case n.Is("RewriteCond"):
		s.rules = append(s.rules, &rule{node: n, condition: true})
	}
}

// says whether the last directive of a name, here or else in the main server, has this first word.
func (s *scope) says(name, value string) bool {
	for _, list := range [][]*conf.Node{s.own, s.inherited} {
		for i := len(list) - 1; i >= 0; i-- {
			if n := list[i]; !n.Section && n.Is(name) {
				return strings.EqualFold(word(n, 0), value)
			}
		}
	}
	return false
}

// anywhere says whether a directive with this first word stands in the scope, in whatever section.
func (s *scope) anywhere(name, value string) bool {
	found := false
	for _, list := range [][]*conf.Node{s.own, s.inherited} {
		for _, n := range list {
			each(n, func(n *conf.Node) {
				found = found || !n.Section && n.Is(name) && strings.EqualFold(word(n, 0), value)
			})
		}
	}
	return found
}

func each(n *conf.Node, f func(*conf.Node)) {
	f(n)
	for _, c := range n.Children {
		each(c, f)
	}
}

// word is an argument, or "".
func word(n *conf.Node, i int) string {
	if words := n.Words(); i < len(words) {
		return words[i]
	}
	return ""
}

// section is the nearest section around n of one of these names, or nil.
func section(n *conf.Node, names ...string) *conf.Node {
	for p := n.Parent; p != nil; p = p.Parent {
		for _, name := range names {
			if p.Is(name) {
				return p
			}
		}
	}
	return nil
}

func readPass(n *conf.Node) *pass {
	words := n.Words()
	p := &pass{node: n, isMatch: n.Is("ProxyPassMatch")}
	if l := section(n, "Location", "LocationMatch"); l != nil {
		p.inside, p.path = true, word(l, 0)
		if l.Is("LocationMatch") {
			p.isMatch = true
		}
		if p.path == "~" {
			p.path, p.isMatch = word(l, 1), true
		}
		if len(words) == 0 {
			return nil
		}
		p.target = words[0]
		return p
	}
	if len(words) > 0 && words[0] == "~" {
		p.isMatch, words = true, words[1:]
	}
	if len(words) < 2 {
		return nil
	}
	p.path, p.target = words[0], words[1]
	return p
}
