// Package regex compiles the regular expressions of httpd's configuration:
// PCRE2 patterns over bytes, with the options that httpd sets.
//
// A pattern that means the same to Go's regexp runs there, in linear time.
// Any other runs in a backtracking engine under a time limit.
package regex

import (
	"fmt"
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// DefaultTimeout bounds one match in the backtracking engine.
const DefaultTimeout = 100 * time.Millisecond

// maxPattern is PCRE2's default bound (a link size of 2) for a compiled pattern, in bytes.
const maxPattern = 1 << 16

// Flags changes how a pattern is read. The zero value is httpd's default,
// RegexDefaultOptions DOTALL DOLLAR_ENDONLY.
type Flags struct {
	IgnoreCase      bool // (?i), ICASE
	Extended        bool // (?x), EXTENDED
	MultiLine       bool // (?m): ^ and $ match at every line
	NoDotAll        bool // a dot does not match a newline
	NoDollarEndOnly bool // $ matches before a final newline too
}

// An Error says what in a pattern could not be compiled.
type Error struct {
	Pattern string
	Offset  int // in bytes, from the start of Pattern
	Problem string
}

func (e *Error) Error() string {
	return fmt.Sprintf("regular expression %q: %s at offset %d", e.Pattern, e.Problem, e.Offset)
}

// Regex is a compiled pattern. It is immutable and safe for concurrent use,
// but for SetTimeout, which belongs before the first match.
type Regex struct {
	pattern string
	groups  int
	names   []string // by group number
	linear  *regexp.Regexp
	back    *regexp2.Regexp // set when linear is nil
}

// Compile reads a pattern as httpd does. Its error is an *Error.
func Compile(pattern string, flags Flags) (*Regex, error) {
	if len(pattern) >= maxPattern {
		return nil, &Error{pattern[:40] + "...", maxPattern, "regular expression is too large"}
	}
	t, err := translate(pattern, flags)
	if err != nil {
		return nil, err
	}
	re := &Regex{pattern: pattern, groups: t.groups, names: t.namesByNumber()}
	if !t.backtrack {
		if re.linear, err = regexp.Compile(t.text); err == nil {
			return re, nil
		}
		// Go limits what repetition may expand to; the other engine counts.
		if t, err = retranslate(t); err != nil {
			return nil, err
		}
	}
	if re.back, err = regexp2.Compile(t.text, regexp2.None); err != nil {
		return nil, &Error{pattern, 0, err.Error()}
	}
	re.SetTimeout(DefaultTimeout)
	return re, nil
}

// String returns the pattern as it was written.
func (re *Regex) String() string { return re.pattern }

// NumSubexp returns the number of capturing groups, group 0 not counted.
func (re *Regex) NumSubexp() int { return re.groups }

// SubexpNames returns the name of each group by number; unnamed groups and
// group 0 have "". The caller must not change the slice.
func (re *Regex) SubexpNames() []string { return re.names }

// SetTimeout changes the limit for one match; it must not be called while
// another goroutine matches. Patterns that run in linear time have no limit.
func (re *Regex) SetTimeout(d time.Duration) {
	if re.back != nil {
		re.back.MatchTimeout = d
	}
}
