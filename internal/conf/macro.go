package conf

import (
	"slices"
	"strings"
)

// macro is a <Macro> section: text that Use puts in its place.
type macro struct {
	name  string
	at    Pos
	args  []string
	lines []line
}

// defineMacro stores the lines up to </Macro> as they are: variables in them
// are replaced when the macro is used.
func (l *loader) defineMacro(r *reader, n *Node) {
	words := n.Words()
	lines, ok := l.macroLines(r, n)
	switch {
	case !ok:
		return
	case len(words) == 0 || words[0] == "":
		l.fail(n.Pos, "<Macro> needs a name")
		return
	}
	m := &macro{name: strings.ToLower(words[0]), at: n.Pos, args: words[1:], lines: lines}
	for i, arg := range m.args {
		if arg == "" {
			l.fail(n.Pos, "Macro '%s': the name of argument %d is empty", m.name, i+1)
			return
		}
		if slices.Contains(m.args[:i], arg) {
			l.fail(n.Pos, "Macro '%s': two arguments are named '%s'", m.name, arg)
			return
		}
	}
	if old := l.macros[m.name]; old != nil {
		l.warn(n.Pos, "macro '%s' replaces the one of %s", m.name, old.at)
	}
	l.macros[m.name] = m
}

func (l *loader) macroLines(r *reader, n *Node) ([]line, bool) {
	var lines []line
	for nesting := 1; ; {
		ln, ok := r.next()
		if !ok {
			l.fail(n.Pos, "<Macro> was not closed.")
			return nil, false
		}
		switch word, _ := Word(ln.text); {
		case strings.EqualFold(word, "</Macro>"):
			if nesting--; nesting == 0 {
				return lines, true
			}
		case strings.EqualFold(word, "<Macro"):
			nesting++
		}
		lines = append(lines, ln)
	}
}

func (l *loader) undefMacro(n *Node) {
	words := n.Words()
	if len(words) != 1 {
		l.fail(n.Pos, "UndefMacro takes one argument: the macro to forget")
		return
	}
	name := strings.ToLower(words[0])
	if l.macros[name] == nil {
		l.fail(n.Pos, "cannot remove undefined macro '%s'", words[0])
	}
	delete(l.macros, name)
}

// useMacro puts the macro's lines before the rest of the file.
func (l *loader) useMacro(r *reader, n *Node) {
	words := n.Words()
	if len(words) == 0 {
		l.fail(n.Pos, "Use needs the name of a macro")
		return
	}
	name, values := strings.ToLower(words[0]), words[1:]
	m := l.macros[name]
	switch {
	case m == nil:
		l.fail(n.Pos, "macro '%s' undefined%s", words[0], l.didYouMean(name))
	case r.inMacro(name):
		l.fail(n.Pos, "recursive use of macro '%s' is invalid", words[0])
	case len(values) != len(m.args):
		l.fail(n.Pos, "macro '%s' of %s takes %d arguments, not %d", words[0], m.at, len(m.args), len(values))
	default:
		use := n.Pos
		s := &source{macro: name}
		for _, ln := range m.lines {
			pos := ln.pos
			pos.Use = &use
			s.lines = append(s.lines, line{substitute(ln.text, m.args, values), pos})
		}
		r.push(s)
	}
}

func (l *loader) didYouMean(name string) string {
	known := make([]string, 0, len(l.macros))
	for k := range l.macros {
		known = append(known, k)
	}
	slices.Sort(known)
	if near := Nearest(name, known); near != "" {
		return " (did you mean '" + near + "'?)"
	}
	return ""
}

// substitute puts values in place of the argument names, from left to right;
// where several names begin at one place the longest wins.
func substitute(text string, args, values []string) string {
	if strings.HasPrefix(text, "#") || len(args) == 0 {
		return text
	}
	order := make([]int, len(args))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(args[b]) - len(args[a]) })
	pairs := make([]string, 0, 2*len(args))
	for _, i := range order {
		pairs = append(pairs, args[i], values[i])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
