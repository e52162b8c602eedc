package conf

import (
	"bytes"
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
	l.commandLine(opt.Before)
	l.include(l.resolve(path), Pos{File: path}, nil, false)
	l.commandLine(opt.After)
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

	maxNesting = 500
	maxReports = 1000

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
	includes int  // Include directives being carried out, one inside the other
	nesting  int  // conditions being carried out, likewise
	stopped  bool // a limit was passed: nothing more is read

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
	l.tree = &Tree{}
	return l
}

func (l *loader) finish() (*Tree, Errors) {
	l.tree.Root, l.tree.Defines = l.root, l.defines
	return l.tree, l.errs
}

func (l *loader) fail(at Pos, format string, args ...any) {
	if len(l.errs) < maxReports {
		l.errs = append(l.errs, &Error{at, fmt.Sprintf(format, args...)})
	}
}

func (l *loader) warn(at Pos, format string, args ...any) {
	if len(l.tree.Warnings) < maxReports {
		l.tree.Warnings = append(l.tree.Warnings, &Error{at, fmt.Sprintf(format, args...)})
	}
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

func (l *loader) commandLine(lines []string) {
	if len(lines) > 0 {
		l.text("-c/-C directives", []byte(strings.Join(lines, "\n")), nil)
	}
}

// text reads one file's text into parent; nil is the top of the tree.
func (l *loader) text(file string, text []byte, parent *Node) {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		at := Pos{File: file, Line: 1 + bytes.Count(text[:i], []byte("\n"))}
		l.fail(at, "The file is not plain text: it contains a NUL byte")
		return
	}
	r := &reader{admit: l.spend}
	r.push(&source{lines: splitLines(file, text)})
	l.block(r, parent, "", Pos{})
}

const notClosed = "<%s> was not closed: there is no </%s>"

// block reads to the end of the file or, for a condition that holds, to the
// line that closes it. Sections opened inside must be closed inside.
func (l *loader) block(r *reader, parent *Node, condition string, opened Pos) {
	current := parent
	for !l.stopped {
		ln, ok := r.nextDirective()
		if !ok {
			break
		}
		if condition != "" && strings.EqualFold(ln.text, "</"+condition+">") {
			if current != parent {
				l.fail(ln.pos, "Expected </%s> but saw %s", current.Name, ln.text)
			}
			return
		}
		current = l.line(r, ln, parent, current)
	}
	if l.stopped {
		return
	}
	report := l.fail
	if condition != "" { // httpd does not mind then
		report = l.warn
		report(opened, notClosed, condition, condition)
	}
	for ; current != parent; current = current.Parent {
		report(current.Pos, notClosed, current.Name, current.Name)
	}
}

// spend counts a line against the limits and reports whether to go on.
func (l *loader) spend(ln line) bool {
	l.linesLeft--
	l.bytesLeft -= len(ln.text)
	if l.linesLeft < 0 || l.bytesLeft < 0 {
		l.stop(ln.pos, "The configuration is too large: do its macros, variables or included files multiply?")
	}
	if len(ln.text) > maxLine {
		l.stop(ln.pos, "Line too long: more than %d bytes", maxLine)
	}
	return !l.stopped
}

// line acts on one logical line and gives the section that the next one
// belongs to. base is the section around the block being read.
func (l *loader) line(r *reader, ln line, base, current *Node) *Node {
	at := ln.pos
	text := expand(ln.text, l.lookup, func(name string) {
		if !strings.Contains(name, ":") {
			l.warn(at, "${%s} is not defined: it stays as written", name)
		}
	})
	if len(text) > maxLine {
		l.stop(at, "Line too long: more than %d bytes once variables are replaced", maxLine)
		return current
	}
	l.bytesLeft -= max(0, len(text)-len(ln.text))
	name, raw := Word(text)
	switch {
	case name == "":
		return current
	case strings.HasPrefix(name, "</"):
		return l.closing(at, name, base, current)
	case name[0] == '<':
		return l.opening(r, at, name[1:], raw, current)
	}
	n := &Node{Pos: at, Name: strings.TrimSuffix(name, ">"), Raw: trim(raw), Comment: r.comment(), Parent: current}
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

// closing ends a section. The text after its '>' is of no consequence. With a
// wrong name it ends the nearest open section that bears it, if any.
func (l *loader) closing(at Pos, name string, base, current *Node) *Node {
	bare, complete := strings.CutSuffix(name[2:], ">")
	switch {
	case current == base:
		l.fail(at, "</%s> without matching <%s> section", bare, bare)
		return current
	case !complete:
		l.fail(at, "</%s> directive missing closing '>'", bare)
	case !current.Is(bare):
		l.fail(at, "Expected </%s> but saw </%s>", current.Name, bare)
	}
	for n := current; n != base; n = n.Parent {
		if n.Is(bare) {
			return n.Parent
		}
	}
	return current
}

// opening begins a section. The text after the last '>' of its header is of no
// consequence, and a '>' alone may be missing, as in httpd.
func (l *loader) opening(r *reader, at Pos, name, raw string, current *Node) *Node {
	name = strings.TrimSuffix(name, ">")
	if raw == "" {
		raw = ">"
	}
	end := strings.LastIndexByte(raw, '>')
	if end < 0 {
		l.fail(at, "<%s> directive missing closing '>'", name)
		end = len(raw)
	}
	n := &Node{Pos: at, Name: name, Raw: trim(raw[:end]), Section: true, Comment: r.comment(), Parent: current}
	if l.tooDeep(current) {
		l.stop(at, "Sections are nested more than %d deep", maxNesting)
		return current
	}
	if l.decideNow(r, n) {
		return current
	}
	l.add(n)
	return n
}

func (l *loader) tooDeep(n *Node) bool {
	depth := l.nesting
	for ; n != nil; n = n.Parent {
		depth++
	}
	return depth >= maxNesting
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
