package conf

import (
	"fmt"
	"strings"
)

// Error is a problem at a place. Line 0 stands for a file as a whole.
type Error struct {
	Pos Pos
	Msg string
}

// Error gives httpd's two lines: the place, then the message.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Pos.Line > 0 {
		fmt.Fprintf(&b, "Syntax error on line %d of %s:\n", e.Pos.Line, e.Pos.File)
	}
	b.WriteString(e.Msg)
	for use := e.Pos.Use; use != nil; use = use.Use {
		fmt.Fprintf(&b, " (in a macro used on line %d of %s)", use.Line, use.File)
	}
	return b.String()
}

// Errors are all problems of one reading, in the order in which they were met.
type Errors []*Error

func (es Errors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "\n")
}

// Err gives nil where there are none, so that an empty list is no error.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}
