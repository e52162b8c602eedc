package regex

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// ErrLimit is returned when a match was given up because it took too long.
var ErrLimit = errors.New("regular expression match limit exceeded")

// Match is the outcome of one match. The zero Match is "no match".
type Match struct {
	subject string
	loc     []int // start and end of each group, in bytes; -1 where unset
}

// Matched reports whether the pattern matched.
func (m Match) Matched() bool { return m.loc != nil }

// Len returns the number of groups including group 0, or 0 if there was no match.
func (m Match) Len() int { return len(m.loc) / 2 }

// Index returns where group i lies in the subject, in bytes, or -1, -1 if it is unset.
func (m Match) Index(i int) (start, end int) {
	if i < 0 || i >= m.Len() {
		return -1, -1
	}
	return m.loc[2*i], m.loc[2*i+1]
}

// Group returns what group i captured, "" if it is unset or does not exist.
func (m Match) Group(i int) string {
	start, end := m.Index(i)
	if start < 0 {
		return ""
	}
	return m.subject[start:end]
}

// Match looks for the leftmost match in s, whose bytes are characters each.
func (re *Regex) Match(s string) (Match, error) {
	if re.linear != nil {
		return re.matchLinear(s, widen(s)), nil
	}
	return re.matchBack(s, runesOf(s))
}

func (re *Regex) matchBack(s string, wide []rune) (Match, error) {
	found, err := re.back.FindRunesMatch(wide)
	if err != nil {
		return Match{}, fmt.Errorf("%w: %q", ErrLimit, re.pattern)
	}
	if found == nil {
		return Match{}, nil
	}
	return Match{s, re.locate(found)}, nil
}

// MatchString reports whether s has a match.
func (re *Regex) MatchString(s string) (bool, error) {
	if re.linear != nil {
		return re.linear.MatchString(widen(s)), nil
	}
	m, err := re.Match(s)
	return m.Matched(), err
}

func (re *Regex) matchLinear(s, wide string) Match {
	loc := re.linear.FindStringSubmatchIndex(wide)
	if loc != nil && len(wide) != len(s) {
		for i, at := range loc {
			if at > 0 {
				loc[i] = utf8.RuneCountInString(wide[:at])
			}
		}
	}
	return Match{s, loc}
}

func (re *Regex) locate(found *regexp2.Match) []int {
	loc := make([]int, 0, 2*(re.groups+1))
	for i := 0; i <= re.groups; i++ {
		g := found.GroupByNumber(i)
		if g == nil || len(g.Captures) == 0 {
			loc = append(loc, -1, -1)
			continue
		}
		loc = append(loc, g.Index, g.Index+g.Length)
	}
	if k := found.GroupByName(keepGroup); k != nil && len(k.Captures) > 0 {
		loc[0] = min(k.Index, loc[1])
	}
	return loc
}

// Bytes from 0x80 up are matched as private-use characters: those have no
// case and belong to no class, as in PCRE2's C locale.
const highBase = 0xE000

func widenByte(b byte) rune {
	if b < utf8.RuneSelf {
		return rune(b)
	}
	return highBase + rune(b)
}

func widen(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return string(runesOf(s))
		}
	}
	return s
}

func runesOf(s string) []rune {
	wide := make([]rune, len(s))
	for i := range len(s) {
		wide[i] = widenByte(s[i])
	}
	return wide
}

// Expand replaces $0 to $9 in template by the groups of m, as RedirectMatch,
// AliasMatch and SetEnvIf do. A backslash makes the next character ordinary.
func Expand(template string, m Match) string {
	if !strings.ContainsAny(template, `$\`) {
		return template
	}
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		c := template[i]
		last := i+1 == len(template)
		switch {
		case c == '$' && !last && isDigit(template[i+1]):
			i++
			b.WriteString(m.Group(int(template[i] - '0')))
		case c == '\\' && !last:
			i++
			b.WriteByte(template[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
