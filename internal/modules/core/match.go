package core

import (
	"path"
	"strings"

	"transom/internal/expr"
)

// directoryMatcher matches one directory exactly; the walk asks for each directory on the way down, so that a section
// covers all below it.
type directoryMatcher struct {
	pattern string
	wild    bool
}

func newDirectoryMatcher(arg string) directoryMatcher {
	clean := path.Clean("/" + arg)
	return directoryMatcher{clean, isPattern(clean)}
}

func (m directoryMatcher) Match(dir string) (bool, map[string]string, error) {
	dir = path.Clean(dir)
	if !m.wild {
		return dir == m.pattern, nil, nil
	}
	return expr.Glob(m.pattern, dir, expr.PathName), nil, nil
}

// wildcard matches a file's last component.
type wildcard struct{ pattern string }

func (w wildcard) Match(name string) (bool, map[string]string, error) {
	if !isPattern(w.pattern) {
		return name == w.pattern, nil, nil
	}
	return expr.Glob(w.pattern, name, expr.PathName), nil, nil
}

// locationMatcher is httpd's rule for <Location>: the path itself, or the path and a slash and more; with a slash at its
// end only what lies below. Wildcards match one component at a time.
type locationMatcher struct {
	prefix string
	wild   bool
}

func newLocationMatcher(arg string) locationMatcher {
	return locationMatcher{arg, isPattern(arg)}
}

func (m locationMatcher) Match(uri string) (bool, map[string]string, error) {
	if m.wild {
		return expr.Glob(m.prefix, uri, expr.PathName), nil, nil // nothing below: <Location /d*> is not for /d1/x
	}
	if !strings.HasPrefix(uri, m.prefix) {
		return false, nil, nil
	}
	rest := uri[len(m.prefix):]
	return rest == "" || rest[0] == '/' || strings.HasSuffix(m.prefix, "/"), nil, nil
}

// isPattern is apr_fnmatch_test: a bracket that is never closed stands for itself.
func isPattern(s string) bool {
	open := strings.IndexByte(s, '[')
	return strings.ContainsAny(s, "*?") || open >= 0 && strings.IndexByte(s[open:], ']') > 0
}
