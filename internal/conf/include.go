package conf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

// httpd's limits.
const (
	maxIncludeDepth = 128
	maxDirDepth     = 20
)

func (l *loader) includeDirective(n *Node, optional bool) {
	name, ok := n.one()
	switch {
	case l.htaccess:
		l.fail(n.Pos, "%s not allowed here: a .htaccess file cannot include others", n.Name)
	case !ok:
		l.fail(n.Pos, "%s takes one argument: the file, directory or pattern to read", n.Name)
	case l.includes >= maxIncludeDepth:
		l.stop(n.Pos, "Exceeded maximum include depth of %d: does a file include itself?", maxIncludeDepth)
	default:
		l.includes++
		l.include(l.resolve(name), n.Pos, n.Parent, optional)
		l.includes--
	}
}

// include reads what an absolute name stands for: a file, a directory with all
// below it, or a pattern of either. at is the place to report problems at.
func (l *loader) include(name string, at Pos, parent *Node, optional bool) {
	if !hasMeta(name) {
		l.includePath(name, at, parent, optional, 0)
		return
	}
	dir, rest := "/", strings.TrimPrefix(name, "/")
	l.includePattern(dir, rest, at, parent, optional)
}

// includePattern goes down one part of the pattern at a time. Each part must
// match something by itself, unless the Include is optional.
func (l *loader) includePattern(dir, pattern string, at Pos, parent *Node, optional bool) {
	part, rest, more := strings.Cut(pattern, "/")
	if !hasMeta(part) {
		l.includeBelow(path.Join(dir, part), rest, more, at, parent, optional)
		return
	}
	entries, err := fs.ReadDir(l.fs, fsName(dir))
	if err != nil {
		if !(optional && absent(err)) {
			l.fail(at, "Could not open config directory %s", describe(dir, err))
		}
		return
	}
	var names []string
	for _, e := range entries {
		if match(part, e.Name()) && (!more || l.isDir(path.Join(dir, e.Name()))) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 && !optional {
		l.fail(at, "No matches for the wildcard '%s' in '%s' (IncludeOptional accepts that)", part, dir)
	}
	slices.Sort(names)
	for _, name := range names {
		l.includeBelow(path.Join(dir, name), rest, more, at, parent, optional)
	}
}

func (l *loader) includeBelow(name, rest string, more bool, at Pos, parent *Node, optional bool) {
	if more {
		l.includePattern(name, rest, at, parent, optional)
	} else {
		l.includePath(name, at, parent, optional, 0)
	}
}

// includePath reads one file, or every file below a directory in the order of
// their names.
func (l *loader) includePath(name string, at Pos, parent *Node, optional bool, depth int) {
	if l.stopped {
		return
	}
	if !l.isDir(name) {
		l.includeFile(name, at, parent, optional)
		return
	}
	if depth++; depth > maxDirDepth {
		l.stop(at, "Directory %s exceeds the maximum include directory nesting level of %d", name, maxDirDepth)
		return
	}
	entries, err := fs.ReadDir(l.fs, fsName(name))
	if err != nil {
		l.fail(at, "Could not open config directory %s", describe(name, err))
		return
	}
	for _, e := range entries { // ReadDir sorts by name, as httpd does
		l.includePath(path.Join(name, e.Name()), at, parent, optional, depth)
	}
}

func (l *loader) includeFile(name string, at Pos, parent *Node, optional bool) {
	text, err := l.readFile(name)
	if err != nil {
		if !(optional && absent(err)) {
			l.fail(at, "Could not open configuration file %s", describe(name, err))
		}
		return
	}
	l.tree.Files = append(l.tree.Files, name)
	l.tree.Included = append(l.tree.Included, Inclusion{name, at.Line, l.includes})
	l.text(name, text, parent)
}

// readFile refuses all but regular files and /dev/null, as httpd does: a pipe
// or a terminal would never end.
func (l *loader) readFile(name string) ([]byte, error) {
	if name == "/dev/null" {
		return nil, nil
	}
	info, err := fs.Stat(l.fs, fsName(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := l.fs.Open(fsName(name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(l.bytesLeft)+1))
	if err == nil && len(text) > l.bytesLeft {
		err = fmt.Errorf("larger than the %d bytes left for the whole configuration", l.bytesLeft)
	}
	return text, err
}

func (l *loader) isDir(name string) bool {
	info, err := fs.Stat(l.fs, fsName(name))
	return err == nil && info.IsDir()
}

// fsName turns an absolute name into one for an fs.FS that begins at "/".
func fsName(name string) string {
	if name = strings.TrimPrefix(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

// describe names a file and what is wrong with it, once.
func describe(name string, err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return name + ": " + err.Error()
}

// absent reports whether there is no such file: what IncludeOptional accepts.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// hasMeta tells patterns from plain names. A lone backslash or '[' is plain.
func hasMeta(s string) bool {
	open := strings.IndexByte(s, '[')
	return strings.ContainsAny(s, "*?") || open >= 0 && strings.IndexByte(s[open:], ']') > 0
}

// match is fnmatch with FNM_PERIOD: a leading dot is matched only by a dot.
func match(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}
