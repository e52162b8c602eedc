package regex

import (
	"fmt"
	"strings"
)

// group reads a parenthesised group; the opening parenthesis has been read.
// Options set inside end with it.
func (t *translator) group() (piece, error) {
	open := t.pos - 1
	if t.depth++; t.depth > maxDepth {
		return piece{}, t.fail(open, "parentheses are too deeply nested")
	}
	saved := t.mode
	p, scoped, err := t.groupBody(open)
	if scoped {
		t.mode = saved
	}
	t.depth--
	return p, err
}

// groupBody tells the kinds of group apart. It returns false for (?i), which
// changes options of the group around it.
func (t *translator) groupBody(open int) (piece, bool, error) {
	if t.peek() == '*' {
		return piece{}, true, t.fail(open, "backtracking verbs and (*...) options are not supported")
	}
	if !t.accept("?") {
		p, err := t.plainGroup(open)
		return p, true, err
	}
	for _, kind := range lookarounds {
		if t.accept(kind.prefix) {
			p, err := t.lookaround(open, kind)
			return p, true, err
		}
	}
	switch {
	case t.accept(":"):
		p, err := t.enclosed("(?:", false)
		return p, true, err
	case t.accept("|"):
		t.hard = true
		p, err := t.enclosed("(?:", true)
		return p, true, err
	case t.accept(">"):
		t.hard = true
		p, err := t.enclosed("(?>", false)
		return p, true, err
	case t.accept("("):
		p, err := t.conditional(open)
		return p, true, err
	case t.accept("P="):
		p, err := t.pythonBackreference()
		return p, true, err
	case t.subroutine():
		return piece{}, true, t.fail(open, "recursion and subroutine calls are not supported")
	case t.accept("P<"), t.accept("<"):
		p, err := t.namedGroup('>')
		return p, true, err
	case t.accept("'"):
		p, err := t.namedGroup('\'')
		return p, true, err
	}
	return t.options()
}

func (t *translator) plainGroup(open int) (piece, error) {
	if t.mode.noAutoCapture {
		return t.enclosed("(?:", false)
	}
	return t.capture("", open)
}

func (t *translator) capture(name string, at int) (piece, error) {
	t.groups++
	if t.groups > maxGroups {
		return piece{}, t.fail(at, "too many capturing groups")
	}
	if name != "" {
		t.names = append(t.names, groupName{name, t.groups})
	}
	open := "("
	if t.backtrack {
		open = fmt.Sprintf("(?<%d>", t.groups)
	}
	return t.enclosed(open, false)
}

func (t *translator) namedGroup(closing byte) (piece, error) {
	at := t.pos
	end := strings.IndexByte(t.rest(), closing)
	if end < 0 {
		return piece{}, t.fail(at, "missing terminator %q of a subpattern name", closing)
	}
	name := t.rest()[:end]
	if !validName(name) {
		return piece{}, t.fail(at, "subpattern name %q must be at most 32 letters, digits and underscores and not start with a digit", name)
	}
	t.pos += end + 1
	return t.capture(name, at)
}

func validName(name string) bool {
	if name == "" || len(name) > 32 || isDigit(name[0]) {
		return false
	}
	for i := range len(name) {
		if !wordChars.has(name[i]) {
			return false
		}
	}
	return true
}

func numberOf(names []groupName, name string) int {
	for _, n := range names {
		if n.name == name {
			return n.number
		}
	}
	return 0
}

// enclosed reads the inside of a group and its closing parenthesis.
func (t *translator) enclosed(open string, reset bool) (piece, error) {
	p, err := t.alternation(reset)
	if err != nil {
		return piece{}, err
	}
	p.text = open + p.text + ")"
	return p, t.close()
}

func (t *translator) close() error {
	if !t.accept(")") {
		return t.fail(t.pos, "missing closing parenthesis")
	}
	return nil
}

type lookaroundKind struct {
	prefix, opposite string
	behind           bool
}

var lookarounds = []lookaroundKind{
	{"=", "!", false}, {"!", "=", false}, {"<=", "<!", true}, {"<!", "<=", true},
}

func (t *translator) lookaround(open int, kind lookaroundKind) (piece, error) {
	t.hard = true
	t.around++
	p, err := t.enclosed("(?"+kind.prefix, false)
	t.around--
	if err != nil {
		return piece{}, err
	}
	if kind.behind && p.max > maxLookbehind {
		return piece{}, t.fail(open, "lookbehind assertion is not limited to %d characters", maxLookbehind)
	}
	return piece{text: p.text}, nil
}

func (t *translator) pythonBackreference() (piece, error) {
	at := t.pos
	end := strings.IndexByte(t.rest(), ')')
	if end < 0 {
		return piece{}, t.fail(len(t.src), "missing closing parenthesis")
	}
	name := t.rest()[:end]
	t.pos += end + 1
	return t.backreferenceByName(name, at)
}

// subroutine recognises (?R), (?1), (?+1), (?&name), (?P>name) and callouts.
func (t *translator) subroutine() bool {
	s := strings.TrimLeft(t.rest(), "+-")
	return s != "" && isDigit(s[0]) || strings.HasPrefix(s, "R)") || strings.HasPrefix(s, "&") ||
		strings.HasPrefix(s, "P>") || strings.HasPrefix(s, "C")
}

// options reads (?i-s) or (?i-s:...); "(?" has been read.
func (t *translator) options() (piece, bool, error) {
	if t.accept("^") {
		t.mode = mode{ungreedy: t.mode.ungreedy}
	}
	on := true
	for t.more() {
		c := t.peek()
		t.pos++
		switch c {
		case ')':
			return piece{fixed: true}, false, nil
		case ':':
			p, err := t.enclosed("(?:", false)
			return p, true, err
		case '-':
			if !on {
				return piece{}, true, t.fail(t.pos-1, "invalid hyphen in option setting")
			}
			on = false
		default:
			if !t.setOption(c, on) {
				return piece{}, true, t.fail(t.pos-1, "unrecognized character %q after (? or (?-", c)
			}
		}
	}
	return piece{}, true, t.fail(t.pos, "missing closing parenthesis")
}

func (t *translator) setOption(c byte, on bool) bool {
	switch c {
	case 'i':
		t.mode.ignoreCase = on
	case 'm':
		t.mode.multiLine = on
	case 's':
		t.mode.dotAll = on
	case 'n':
		t.mode.noAutoCapture = on
	case 'U':
		t.mode.ungreedy = on
	case 'J':
	case 'x':
		t.mode.extendedMore = on && strings.HasPrefix(t.rest(), "x")
		t.mode.extended = on
		if t.peek() == 'x' {
			t.pos++
		}
	default:
		return false
	}
	return true
}
