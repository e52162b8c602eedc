package conf

import (
	"io/fs"
	"strings"
)

// decideNow decides the sections that say whether to read what they hold, and
// stores macros. It reports whether n was one of them; the lines up to its end
// are then consumed.
func (l *loader) decideNow(r *reader, n *Node, parent *Node) bool {
	var holds, ok bool
	switch strings.ToLower(n.Name) {
	case "ifdefine":
		holds, ok = l.condition(n, l.defines.Has)
	case "ifmodule":
		holds, ok = l.condition(n, asked(l.opt.HasModule))
	case "iffile":
		holds, ok = l.condition(n, l.exists)
	case "ifdirective":
		holds, ok = l.condition(n, asked(l.opt.HasDirective))
	case "ifsection":
		holds, ok = l.condition(n, asked(l.opt.HasSection))
	case "ifversion":
		holds, ok = l.ifVersion(n)
	case "macro":
		l.defineMacro(r, n)
		return true
	default:
		return false
	}
	if ok && holds {
		l.block(r, parent, n.Name, n.Pos)
	} else {
		l.skip(r, n.Name, n.Pos)
	}
	return true
}

// condition asks about the section's one argument, which "!" may precede.
func (l *loader) condition(n *Node, ask func(string) bool) (holds, ok bool) {
	arg, not := strings.CutPrefix(n.Raw, "!")
	words := Words(arg)
	switch len(words) {
	case 0:
		l.fail(n.Pos, "<%s> directive requires additional arguments", n.Name)
		return false, false
	case 1:
		return ask(words[0]) != not, true
	}
	l.fail(n.Pos, "<%s> takes one argument", n.Name)
	return false, false
}

func asked(has func(string) bool) func(string) bool {
	if has == nil {
		return func(string) bool { return false }
	}
	return has
}

func (l *loader) exists(name string) bool {
	_, err := fs.Stat(l.fs, fsName(l.resolve(name)))
	return err == nil
}

// skip consumes a section that does not apply. Its lines need not make sense,
// but sections in it must be properly nested.
func (l *loader) skip(r *reader, name string, at Pos) {
	open := []string{name}
	for len(open) > 0 {
		ln, ok := r.next()
		if !ok {
			l.fail(at, "Expected </%s> before end of configuration", name)
			return
		}
		if ln.text == "" || ln.text[0] == '#' {
			continue
		}
		word, _ := Word(ln.text)
		word = strings.TrimSuffix(word, ">")
		inner := open[len(open)-1]
		switch {
		case !strings.HasPrefix(word, "<"):
		case !strings.HasPrefix(word, "</"):
			open = append(open, word[1:])
		case strings.EqualFold(word[2:], inner):
			open = open[:len(open)-1]
		default:
			l.fail(ln.pos, "Expected </%s> but saw </%s>", inner, word[2:])
		}
	}
}
