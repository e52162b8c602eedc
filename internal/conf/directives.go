package conf

import (
	"io/fs"
	"strings"
)

// readNow carries out the directives that decide what is read. They do not
// appear in the tree, except ServerRoot.
func (l *loader) readNow(r *reader, n *Node) bool {
	switch strings.ToLower(n.Name) {
	case "include":
		l.includeDirective(n, false)
	case "includeoptional":
		l.includeDirective(n, true)
	case "define":
		l.define(n)
	case "undefine":
		l.undefine(n)
	case "use":
		l.useMacro(r, n)
	case "undefmacro":
		l.undefMacro(n)
	case "serverroot":
		l.serverRoot(n)
		return false
	default:
		return false
	}
	return true
}

func (l *loader) define(n *Node) {
	words := n.Words()
	switch {
	case len(words) < 1 || len(words) > 2:
		l.fail(n.Pos, "Define takes 1-2 arguments: a name and, if it is to stand for something, a value")
	case strings.Contains(words[0], ":"):
		l.fail(n.Pos, "Variable name must not contain ':'")
	case len(words) == 2:
		l.defines.set(words[0], words[1])
	default:
		l.defines.add(words[0])
	}
}

func (l *loader) undefine(n *Node) {
	words := n.Words()
	switch {
	case len(words) != 1:
		l.fail(n.Pos, "UnDefine takes one argument: the name to forget")
	case strings.Contains(words[0], ":"):
		l.fail(n.Pos, "Variable name must not contain ':'")
	default:
		l.defines.remove(words[0])
	}
}

// serverRoot moves the place where relative names start, for the lines after it.
func (l *loader) serverRoot(n *Node) {
	words := n.Words()
	if len(words) != 1 {
		l.fail(n.Pos, "ServerRoot takes one argument: the directory that relative names start from")
		return
	}
	root := l.resolve(words[0])
	if info, err := fs.Stat(l.fs, fsName(root)); err != nil || !info.IsDir() {
		l.fail(n.Pos, "ServerRoot must be a valid directory: %s", describe(root, err))
		return
	}
	l.root = root
}
