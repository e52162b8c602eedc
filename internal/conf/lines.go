package conf

import (
	"bytes"
	"slices"
	"strings"
)

// line is a logical line: continuations joined, blanks trimmed on both ends.
type line struct {
	text string
	pos  Pos
}

// splitLines cuts a file into logical lines. A line continues where a
// backslash stands right before LF or CRLF; in httpd this is so in comments
// too, and after a second backslash.
func splitLines(file string, text []byte) []line {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var lines []line
	var joined strings.Builder
	for number := 1; len(text) > 0; number++ {
		part, rest, ended := bytes.Cut(text, []byte("\n"))
		text = rest
		if ended {
			part = bytes.TrimSuffix(part, []byte("\r"))
			if head, more := bytes.CutSuffix(part, []byte("\\")); more {
				joined.Write(head)
				if len(text) > 0 {
					continue
				}
				part = nil
			}
		}
		joined.Write(part)
		lines = append(lines, line{trim(joined.String()), Pos{File: file, Line: number}})
		joined.Reset()
	}
	return lines
}

// reader hands out the lines of one file. Use puts a macro's lines before
// those that remain, so a section opened in a macro may be closed after it.
type reader struct {
	stack   []*source
	pending []string        // comment lines since the last blank line or directive
	admit   func(line) bool // counts a line; false ends the reading
}

type source struct {
	lines []line

	// The rest is for the lines of a macro.
	macro        string // lower case
	use          *Pos
	args, values []string
}

func (r *reader) push(s *source) { r.stack = append(r.stack, s) }

func (r *reader) next() (line, bool) {
	for len(r.stack) > 0 {
		top := r.stack[len(r.stack)-1]
		if len(top.lines) > 0 {
			l := top.lines[0]
			top.lines = top.lines[1:]
			if top.use != nil {
				l.pos.Use = top.use
				l.text = substitute(l.text, top.args, top.values)
			}
			return l, r.admit(l)
		}
		r.stack = r.stack[:len(r.stack)-1]
	}
	return line{}, false
}

// nextDirective skips blank lines and comments, and remembers the comments
// that stand directly above the directive.
func (r *reader) nextDirective() (line, bool) {
	r.pending = nil
	for {
		l, ok := r.next()
		switch {
		case !ok:
			return l, false
		case l.text == "":
			r.pending = nil
		case l.text[0] == '#':
			r.pending = append(r.pending, trim(strings.TrimLeft(l.text, "#")))
		default:
			return l, true
		}
	}
}

func (r *reader) comment() string { return strings.Join(r.pending, "\n") }

func (r *reader) inMacro(name string) bool {
	return slices.ContainsFunc(r.stack, func(s *source) bool { return s.use != nil && s.macro == name })
}
