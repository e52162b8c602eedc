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
			if !l.stopped {
				l.fail(n.Pos, notClosed, n.Name, n.Name)
			}
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
	written, ok := n.one()
	if !ok {
		l.fail(n.Pos, "UndefMacro takes one argument: the macro to forget")
		return
	}
	name := strings.ToLower(written)
	if l.macros[name] == nil {
		l.fail(n.Pos, "cannot remove undefined macro '%s'%s", written, l.didYouMean(name))
	}
	delete(l.macros, name)
}

// useMacro puts the macro's lines before the rest of the file.
func (l *loader) useMacro(r *reader, n *Node) {
	words := n.Words()
	if len(words) == 0 || words[0] == "" {
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
		quoteValues(m.args, values)
		r.push(&source{lines: m.lines, macro: name, use: &use, args: m.args, values: values})
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

var quoteEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quoteValues puts the values of arguments named @... in quotes of their own.
func quoteValues(args, values []string) {
	for i, arg := range args {
		if arg[0] == '@' {
			values[i] = `"` + quoteEscapes.Replace(values[i]) + `"`
		}
	}
}

// substitute puts values in place of the argument names, from left to right;
// where several names begin at one place the longest wins. Comments stay as
// they are. The result is cut short somewhere past maxLine bytes.
func substitute(text string, args, values []string) string {
	if strings.HasPrefix(text, "#") || len(args) == 0 {
		return text
	}
	var b strings.Builder
	for text != "" && b.Len() <= maxLine {
		if i := longestPrefix(text, args); i >= 0 {
			b.WriteString(values[i])
			text = text[len(args[i]):]
		} else {
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return b.String()
}

func longestPrefix(text string, args []string) int {
	best := -1
	for i, arg := range args {
		if strings.HasPrefix(text, arg) && (best < 0 || len(arg) > len(args[best])) {
			best = i
		}
	}
	return best
}
