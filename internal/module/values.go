package module

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"transom/internal/conf"
	"transom/internal/observe"
	"transom/internal/percent"
	"transom/internal/regex"
)

// Word splits the first word off raw arguments, as httpd's ap_getword_conf.
func Word(raw string) (first, rest string) { return conf.Word(raw) }

// ParseTime reads httpd's times: a number with the unit ms, s, mi (min), h, or none for the default one.
func ParseTime(s string, unit time.Duration) (time.Duration, error) {
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no time: a number with ms, s, min or h", s)
	}
	switch suffix := strings.ToLower(s[end:]); {
	case suffix == "":
	case suffix == "ms":
		unit = time.Millisecond
	case suffix == "s":
		unit = time.Second
	case strings.HasPrefix(suffix, "mi"):
		unit = time.Minute
	case suffix == "h":
		unit = time.Hour
	default:
		return 0, fmt.Errorf("%q is no time: its unit must be ms, s, min or h", s)
	}
	return time.Duration(n) * unit, nil
}

// Path is a file name of the configuration, relative to ServerRoot.
func (b *Build) Path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(b.ServerRoot, name)
}

// OpenLog opens the destination of a log directive: a file, "|program", or "syslog". While only checking nothing is opened.
func (b *Build) OpenLog(name string) (*observe.Sink, error) {
	if b.Checking {
		return nil, b.checkLog(name)
	}
	open, key := b.opener(name)
	return b.Sinks.Open(key, open)
}

func (b *Build) opener(name string) (observe.Opener, string) {
	switch {
	case strings.HasPrefix(name, "|"):
		return observe.Pipe(name), name
	case name == "syslog" || strings.HasPrefix(name, "syslog:"):
		return observe.Syslog(name), name
	case name == "/dev/stderr":
		return observe.Stderr(), name
	}
	return observe.File(b.Path(name)), b.Path(name)
}

func (b *Build) checkLog(name string) error {
	if strings.HasPrefix(name, "|") || name == "syslog" || strings.HasPrefix(name, "syslog:") {
		return nil
	}
	return observe.CheckFile(b.Path(name))
}

// LogRemedy says what to do about a log that can't be opened.
func LogRemedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "create the folder, or name another file"
	case errors.Is(err, fs.ErrPermission):
		return "start as root, or name a file that this user may write"
	}
	return "name another file"
}

type regexMatcher struct{ re *regex.Regex }

// RegexMatcher is a section's regular expression.
func RegexMatcher(pattern string) (Matcher, error) {
	re, err := regex.Compile(pattern, regex.Flags{})
	if err != nil {
		return nil, err
	}
	return regexMatcher{re}, nil
}

func (m regexMatcher) IsRegex() bool { return true }

func (m regexMatcher) Match(name string) (bool, map[string]string, error) {
	match, err := m.re.Match(name)
	if err != nil || !match.Matched() {
		return false, nil, err
	}
	names := m.re.SubexpNames()
	var groups map[string]string
	for i, n := range names {
		if n == "" {
			continue
		}
		if groups == nil {
			groups = map[string]string{}
		}
		groups[n] = match.Group(i)
	}
	return true, groups, nil
}

// MergeSlashes makes several slashes in a row one (ap_no2slash).
func MergeSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// EscapePath escapes what may not stand in a URL's path (ap_os_escape_path). Escapes that are there are escaped again:
// the path is a decoded one.
func EscapePath(path string) string { return percent.Encode(path) }
