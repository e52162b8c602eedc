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
	return directoryMatcher{clean, strings.ContainsAny(clean, "*?[")}
}

func (m directoryMatcher) Match(dir string) (bool, map[string]string) {
	dir = path.Clean(dir)
	if !m.wild {
		return dir == m.pattern, nil
	}
	return expr.Glob(m.pattern, dir, expr.PathName), nil
}

// wildcard matches a file's last component.
type wildcard struct{ pattern string }

func (w wildcard) Match(name string) (bool, map[string]string) {
	if !strings.ContainsAny(w.pattern, "*?[") {
		return name == w.pattern, nil
	}
	return expr.Glob(w.pattern, name, expr.PathName), nil
}

// locationMatcher is httpd's rule for <Location>: the path itself, or the path and a slash and more; with a slash at its
// end only what lies below. Wildcards match one component at a time.
type locationMatcher struct {
	prefix string
	wild   bool
}

func newLocationMatcher(arg string) locationMatcher {
	return locationMatcher{arg, strings.ContainsAny(arg, "*?[")}
}

func (m locationMatcher) Match(uri string) (bool, map[string]string) {
	if m.wild {
		return expr.Glob(m.prefix, uri, expr.PathName), nil // nothing below: <Location /d*> is not for /d1/x
	}
	if !strings.HasPrefix(uri, m.prefix) {
		return false, nil
	}
	rest := uri[len(m.prefix):]
	return rest == "" || rest[0] == '/' || strings.HasSuffix(m.prefix, "/"), nil
}
