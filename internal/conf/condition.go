package conf

import (
	"io/fs"
	"slices"
	"strings"
)

// decideNow decides the sections that say whether to read what they hold, and
// stores macros. It reports whether n was one of them; the lines up to its end
// are then consumed.
func (l *loader) decideNow(r *reader, n *Node) bool {
	var holds, ok bool
	switch strings.ToLower(n.Name) {
	case "ifdefine":
		holds, ok = l.condition(n, l.defines.Has)
	case "ifmodule":
		holds, ok = l.condition(n, asked(l.opt.HasModule))
	case "iffile":
		holds, ok = l.condition(n, l.exists)
	case "ifdirective":
		holds, ok = l.condition(n, l.hasDirective)
	case "ifsection":
		holds, ok = l.condition(n, l.hasSection)
	case "ifversion":
		holds, ok = l.ifVersion(n)
	case "macro":
		l.defineMacro(r, n)
		return true
	default:
		return false
	}
	if ok && holds {
		l.nesting++
		l.block(r, n.Parent, n.Name, n.Pos)
		l.nesting--
	} else {
		l.skip(r, n.Name, n.Pos)
	}
	return true
}

// condition asks about the section's argument, which "!" may precede. httpd
// ignores the words after it.
func (l *loader) condition(n *Node, ask func(string) bool) (holds, ok bool) {
	arg, not := strings.CutPrefix(n.Raw, "!")
	word, rest := Word(arg)
	if word == "" {
		l.fail(n.Pos, "<%s> directive requires additional arguments", n.Name)
		return false, false
	}
	if rest != "" {
		l.warn(n.Pos, "<%s> ignores all after its first argument: %s", n.Name, rest)
	}
	return ask(word) != not, true
}

func asked(has func(string) bool) func(string) bool {
	if has == nil {
		return func(string) bool { return false }
	}
	return has
}

// The directives and sections that this package itself carries out.
var (
	ownDirectives = []string{"include", "includeoptional", "define", "undefine", "use", "undefmacro", "serverroot"}
	ownSections   = []string{"ifdefine", "ifmodule", "iffile", "ifdirective", "ifsection", "ifversion", "macro"}
)

// hasDirective answers for sections too where they are written with their '<'.
func (l *loader) hasDirective(name string) bool {
	if section, ok := strings.CutPrefix(name, "<"); ok {
		return l.hasSection(section)
	}
	return slices.Contains(ownDirectives, strings.ToLower(name)) || asked(l.opt.HasDirective)(name)
}

func (l *loader) hasSection(name string) bool {
	return slices.Contains(ownSections, strings.ToLower(name)) || asked(l.opt.HasSection)(name)
}

func (l *loader) exists(name string) bool {
	_, err := fs.Stat(l.fs, fsName(l.resolve(name)))
	return err == nil
}

// skip consumes a section that does not apply. Its lines need not make sense,
// but the sections in it must be properly nested.
func (l *loader) skip(r *reader, name string, at Pos) {
	open := []string{name}
	for len(open) > 0 {
		ln, ok := r.next()
		if !ok {
			if !l.stopped {
				l.fail(at, "Expected </%s> before end of configuration", name)
			}
			return
		}
		word, _ := Word(ln.text)
		inner := open[len(open)-1]
		switch {
		case !strings.HasPrefix(word, "<"):
		case !strings.HasPrefix(word, "</"):
			open = append(open, strings.TrimSuffix(word[1:], ">"))
		case strings.EqualFold(word, "</"+inner+">"):
			open = open[:len(open)-1]
		default:
			l.fail(ln.pos, "Expected </%s> but saw %s", inner, word)
			open = reopen(open, strings.TrimSuffix(word[2:], ">"))
		}
	}
}

// reopen drops the sections that a closing line of the wrong name leaves
// behind; it drops none when no section of that name is open.
func reopen(open []string, closed string) []string {
	for i := len(open) - 1; i >= 0; i-- {
		if strings.EqualFold(open[i], closed) {
			return open[:i]
		}
	}
	return open
}
