package conf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Version is the httpd version that <IfVersion> compares with.
const Version = "2.4.71"

// Options say what reading depends on. All may be left out.
type Options struct {
	ServerRoot string   // relative names in Include and <IfFile> start here, until a ServerRoot line
	Defines    []string // NAME or NAME=VALUE, as from -D
	Before     []string // -C lines
	After      []string // -c lines
	Getenv     func(string) (string, bool)
	FS         fs.FS // the files below "/"; the host's when nil

	// HasModule answers <IfModule> for mod_x.c and x_module, HasDirective and
	// HasSection answer <IfDirective> and <IfSection> for a bare name.
	HasModule    func(name string) bool
	HasDirective func(name string) bool
	HasSection   func(name string) bool

	// OnRead sees each node as it is read, a section at its header, so that
	// LoadModule and its like can act before the lines that follow. Its error
	// is reported at the node.
	OnRead func(*Node) error
}

// Load reads the configuration file and all that it includes. The tree holds
// what could be read, also where errors are reported.
func Load(path string, opt Options) (*Tree, Errors) {
	l := newLoader(opt)
	l.commandLine("-C", opt.Before)
	l.include(l.resolve(path), Pos{File: path}, nil, false)
	l.commandLine("-c", opt.After)
	return l.finish()
}

// ParseHtaccess reads one .htaccess file from its text. What may not be used
// there is for the caller to say, except Include, which is not followed. base,
// which may be nil, is the main configuration, whose Defines hold here too.
func ParseHtaccess(text []byte, path string, base *Tree, opt Options) (*Tree, Errors) {
	l := newLoader(opt)
	l.htaccess = true
	l.linesLeft, l.bytesLeft = htaccessMaxLines, htaccessMaxBytes
	if base != nil {
		l.root, l.defines = base.Root, base.Defines.clone()
	}
	l.text(path, text, nil)
	return l.finish()
}

// Limits keep macros, includes and defines that multiply from filling memory.
const (
	maxLine  = 16 << 20 // bytes of one line, as in httpd
	maxLines = 8 << 20
	maxBytes = 512 << 20

	htaccessMaxLines = 64 << 10
	htaccessMaxBytes = 16 << 20
)

type loader struct {
	opt      Options
	fs       fs.FS
	root     string
	defines  *Defines
	macros   map[string]*macro
	tree     *Tree
	errs     Errors
	htaccess bool
	via      []Pos // Include lines that led to the file being read, outermost first
	stopped  bool  // a limit was passed: nothing more is read

	linesLeft, bytesLeft int
}

func newLoader(opt Options) *loader {
	l := &loader{
		opt: opt, fs: opt.FS, root: opt.ServerRoot,
		defines: newDefines(opt.Defines), macros: map[string]*macro{},
		linesLeft: maxLines, bytesLeft: maxBytes,
	}
	if l.fs == nil {
		l.fs = os.DirFS("/")
	}
	if l.opt.Getenv == nil {
		l.opt.Getenv = os.LookupEnv
	}
	l.tree = &Tree{Defines: l.defines}
	return l
}

func (l *loader) finish() (*Tree, Errors) {
	l.tree.Root = l.root
	return l.tree, l.errs
}

func (l *loader) newError(at Pos, format string, args ...any) *Error {
	e := &Error{Pos: at, Msg: fmt.Sprintf(format, args...)}
	for i := len(l.via) - 1; i >= 0; i-- {
		e.Via = append(e.Via, l.via[i])
	}
	return e
}

func (l *loader) fail(at Pos, format string, args ...any) {
	l.errs = append(l.errs, l.newError(at, format, args...))
}

func (l *loader) warn(at Pos, format string, args ...any) {
	l.tree.Warnings = append(l.tree.Warnings, l.newError(at, format, args...))
}

// stop ends all reading: going on would only repeat the problem.
func (l *loader) stop(at Pos, format string, args ...any) {
	if !l.stopped {
		l.fail(at, format, args...)
		l.stopped = true
	}
}

// resolve makes a name absolute below the ServerRoot in force.
func (l *loader) resolve(name string) string {
	if !filepath.IsAbs(name) {
		name = filepath.Join(l.root, name)
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return filepath.Clean(name)
}

func (l *loader) commandLine(option string, lines []string) {
	if len(lines) > 0 {
		l.text("command line "+option, []byte(strings.Join(lines, "\n")), nil)
	}
}

// text reads one file's text into parent; nil is the top of the tree.
func (l *loader) text(file string, text []byte, parent *Node) {
	r := &reader{}
	r.push(&source{lines: splitLines(file, text)})
	l.block(r, parent, "", Pos{})
}

// block reads to the end of the file or, for a condition that holds, to the
// line that closes it. Sections opened inside must be closed inside.
func (l *loader) block(r *reader, parent *Node, condition string, opened Pos) {
	current := parent
	for !l.stopped {
		ln, ok := r.nextDirective()
		if !ok {
			break
		}
		if current == parent && condition != "" && strings.EqualFold(ln.text, "</"+condition+">") {
			return
		}
		if !l.spend(ln) {
			return
		}
		current = l.line(r, ln, parent, current)
	}
	for ; current != parent; current = current.Parent {
		l.fail(current.Pos, "<%s> was not closed.", current.Name)
	}
}

// spend counts a line against the limits.
func (l *loader) spend(ln line) bool {
	l.linesLeft--
	l.bytesLeft -= len(ln.text)
	switch {
	case len(ln.text) > maxLine:
		l.fail(ln.pos, "The line is longer than %d bytes.", maxLine)
	case l.linesLeft < 0 || l.bytesLeft < 0:
		l.stop(ln.pos, "The configuration is too large: do its macros, variables or included files multiply?")
		return false
	}
	return true
}

// line acts on one logical line and gives the section that the next one
// belongs to. base is the section around the block being read.
func (l *loader) line(r *reader, ln line, base, current *Node) *Node {
	text := expand(ln.text, l.lookup, func(name string) {
		if !strings.Contains(name, ":") {
			l.warn(ln.pos, "${%s} is not defined: it stays as written", name)
		}
	})
	l.bytesLeft -= len(text) - len(ln.text)
	if len(text) > maxLine {
		l.fail(ln.pos, "The line is longer than %d bytes.", maxLine)
		return current
	}
	name, raw := Word(text)
	switch {
	case name == "":
		return current
	case strings.HasPrefix(name, "</"):
		return l.closing(ln.pos, name, base, current)
	case name[0] == '<':
		return l.opening(r, ln.pos, name[1:], raw, current)
	}
	n := &Node{Pos: ln.pos, Name: strings.TrimSuffix(name, ">"), Raw: trim(raw), Comment: r.comment(), Parent: current}
	if !l.readNow(r, n) {
		l.add(n)
	}
	return current
}

// lookup finds what ${NAME} stands for.
func (l *loader) lookup(name string) (string, bool) {
	if v, ok := l.defines.Value(name); ok {
		return v, true
	}
	return l.opt.Getenv(name)
}

func (l *loader) closing(at Pos, name string, base, current *Node) *Node {
	bare := strings.TrimSuffix(name[2:], ">")
	switch {
	case !strings.HasSuffix(name, ">"):
		l.fail(at, "</%s> directive missing closing '>'", bare)
	case current == base:
		l.fail(at, "</%s> without matching <%s> section", bare, bare)
		return current
	}
	if current == base || current.Is(bare) {
		return closed(base, current)
	}
	l.fail(at, "Expected </%s> but saw </%s>", current.Name, bare)
	for outer := current.Parent; current != base && outer != base; outer = outer.Parent {
		if outer.Is(bare) {
			return outer.Parent
		}
	}
	return current
}

func closed(base, current *Node) *Node {
	if current == base {
		return base
	}
	return current.Parent
}

// opening begins a section. The text after the last '>' of its header is of no
// consequence, as in httpd.
func (l *loader) opening(r *reader, at Pos, name, raw string, current *Node) *Node {
	if strings.HasSuffix(name, ">") {
		name = strings.TrimSuffix(name, ">")
		if raw == "" {
			raw = ">"
		}
	}
	end := strings.LastIndexByte(raw, '>')
	if end < 0 {
		l.fail(at, "<%s> directive missing closing '>'", name)
		end = len(raw)
	}
	n := &Node{Pos: at, Name: name, Raw: trim(raw[:end]), Section: true, Comment: r.comment(), Parent: current}
	if l.decideNow(r, n, current) {
		return current
	}
	l.add(n)
	return n
}

// add puts the node into the tree and tells the caller.
func (l *loader) add(n *Node) {
	if n.Parent == nil {
		l.tree.Nodes = append(l.tree.Nodes, n)
	} else {
		n.Parent.Children = append(n.Parent.Children, n)
	}
	if l.opt.OnRead == nil {
		return
	}
	if err := l.opt.OnRead(n); err != nil {
		l.fail(n.Pos, "%v", err)
	}
}
