package conf

import (
	"io/fs"
	"path"
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
		if !l.htaccess {
			l.serverRoot(n)
		}
		return false
	default:
		return false
	}
	return true
}

// one gives the only argument. As httpd does with all fixed arguments, it
// takes an empty word for a missing one.
func (n *Node) one() (string, bool) {
	first, rest := Word(n.Raw)
	return first, first != "" && rest == ""
}

func (l *loader) define(n *Node) {
	words := n.Words()
	switch {
	case len(words) < 1 || len(words) > 2 || words[0] == "":
		l.fail(n.Pos, "Define takes 1-2 arguments: a name and, if it is to stand for something, a value")
	case strings.Contains(words[0], ":"):
		l.fail(n.Pos, "Variable name must not contain ':'")
	case len(words) == 2 && words[1] != "": // httpd takes "" for no value
		l.defines.set(words[0], words[1])
	default:
		l.defines.add(words[0])
	}
}

func (l *loader) undefine(n *Node) {
	name, ok := n.one()
	switch {
	case !ok:
		l.fail(n.Pos, "UnDefine takes one argument: the name to forget")
	case strings.Contains(name, ":"):
		l.fail(n.Pos, "Variable name must not contain ':'")
	default:
		l.defines.remove(name)
	}
}

// serverRoot moves the place where relative names start, for the lines after it.
func (l *loader) serverRoot(n *Node) {
	root, ok := n.one()
	if !ok {
		l.fail(n.Pos, "ServerRoot takes one argument: the directory that relative names start from")
		return
	}
	if !path.IsAbs(root) {
		l.fail(n.Pos, "ServerRoot must be a valid directory: %s is not an absolute path", root)
		return
	}
	if info, err := fs.Stat(l.fs, fsName(root)); err != nil {
		l.fail(n.Pos, "ServerRoot must be a valid directory: %s", describe(root, err))
	} else if !info.IsDir() {
		l.fail(n.Pos, "ServerRoot must be a valid directory: %s is a file", root)
	} else {
		l.root = path.Clean(root)
	}
}
