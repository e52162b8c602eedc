package regex

import (
	"fmt"
	"strconv"
	"strings"
)

// escape reads an escape outside a class; the backslash has been read.
func (t *translator) escape() (piece, error) {
	if !t.more() {
		return piece{}, t.fail(t.pos, `\ at end of pattern`)
	}
	c := t.peek()
	if set, ok := typeEscape(c); ok {
		t.pos++
		return piece{text: set.text(), min: 1, max: 1}, nil
	}
	if p, ok, err := t.assertion(c); ok {
		return p, err
	}
	switch c {
	case 'N':
		return t.notNewline()
	case 'R':
		t.pos++
		t.hard = true
		return piece{text: `(?>\r\n|` + vertical.text() + `)`, min: 1, max: 2}, nil
	case 'C':
		t.pos++
		return t.dot(true), nil
	case 'X':
		return piece{}, t.fail(t.pos, `\X is not supported: subjects are bytes`)
	case 'p', 'P':
		set, err := t.property()
		return piece{text: set.text(), min: 1, max: 1}, err
	case 'k':
		return t.namedBackreference()
	case 'g':
		return t.groupBackreference()
	}
	if number, size, ok := t.backreferenceNumber(); ok {
		at := t.pos
		t.pos += size
		return t.backreference(number, at)
	}
	char, err := t.charEscape(false)
	if err != nil {
		return piece{}, err
	}
	return t.literal(char), nil
}

func (t *translator) assertion(c byte) (piece, bool, error) {
	var p piece
	switch c {
	case 'A', 'G': // a match always starts at the beginning of the subject
		p = t.zeroWidth(`\A`, true)
	case 'b', 'B':
		p = t.zeroWidth(`\`+string(c), true)
	case 'z':
		p = t.zeroWidth(`\z`, true)
	case 'Z':
		p = t.zeroWidth(`(?=\n?\z)`, false)
	case 'K':
		if t.around > 0 {
			return p, true, t.fail(t.pos, `\K is not allowed in lookarounds`)
		}
		p = t.zeroWidth(`(?<`+keepGroup+`>)`, false)
	default:
		return piece{}, false, nil
	}
	t.pos++
	return p, true, nil
}

func (t *translator) notNewline() (piece, error) {
	t.pos++
	if strings.HasPrefix(t.rest(), "{") {
		if _, _, size := t.braces(t.pos); size == 0 {
			return piece{}, t.fail(t.pos, `\N{name} is not supported: subjects are bytes`)
		}
	}
	return t.dot(false), nil
}

// charEscape reads an escape that stands for one character.
func (t *translator) charEscape(inClass bool) (byte, error) {
	c := t.peek()
	t.pos++
	switch c {
	case 'a':
		return 7, nil
	case 'e':
		return 27, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'c':
		return t.controlEscape()
	case 'o':
		return t.bracedNumber(8, `\o{}`)
	case 'x':
		if t.peek() == '{' {
			return t.bracedNumber(16, `\x{}`)
		}
		return t.shortNumber(16, 2)
	case '8', '9':
		if inClass {
			return c, nil
		}
	}
	switch {
	case c >= '0' && c <= '7':
		t.pos--
		return t.shortNumber(8, 3)
	case c < 0x80 && wordChars.has(c) && c != '_':
		return 0, t.fail(t.pos-1, `unrecognized character %q follows \`, c)
	}
	return c, nil
}

func (t *translator) controlEscape() (byte, error) {
	c := t.peek()
	if !t.more() || c < ' ' || c > '~' {
		return 0, t.fail(t.pos, `\c must be followed by a printable ASCII character`)
	}
	t.pos++
	if c >= 'a' && c <= 'z' {
		c -= 32
	}
	return c ^ 0x40, nil
}

// shortNumber reads up to limit digits; none at all is 0.
func (t *translator) shortNumber(base, limit int) (byte, error) {
	start := t.pos
	for t.pos-start < limit && digitValue(t.peek()) < base {
		t.pos++
	}
	return t.charValue(start, t.src[start:t.pos], base)
}

func (t *translator) bracedNumber(base int, form string) (byte, error) {
	start := t.pos
	end := strings.IndexByte(t.rest(), '}')
	if t.peek() != '{' || end < 2 {
		return 0, t.fail(start, "%s needs digits in braces", form)
	}
	t.pos += end + 1
	return t.charValue(start+1, t.src[start+1:start+end], base)
}

func (t *translator) charValue(at int, text string, base int) (byte, error) {
	if text == "" {
		return 0, nil
	}
	v, err := strconv.ParseUint(text, base, 32)
	if err != nil {
		return 0, t.fail(at, "%q is not a character code in base %d", text, base)
	}
	if v > 255 {
		return 0, t.fail(at, "character code %q is greater than 255: subjects are bytes", text)
	}
	return byte(v), nil
}

func digitValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return 99
}

// property reads \pL or \p{Name}; the backslash has been read.
func (t *translator) property() (byteSet, error) {
	start := t.pos
	negated := t.peek() == 'P'
	t.pos++
	if !t.more() {
		return byteSet{}, t.fail(t.pos, `malformed \P or \p sequence`)
	}
	name := string(t.peek())
	t.pos++
	if name == "{" {
		end := strings.IndexByte(t.rest(), '}')
		if end < 0 {
			return byteSet{}, t.fail(t.pos, `malformed \P or \p sequence`)
		}
		name = t.rest()[:end]
		t.pos += end + 1
	}
	word, caret := strings.CutPrefix(name, "^")
	set, ok := propertyClass(word)
	if !ok {
		return byteSet{}, t.fail(start, `unknown property %q after \P or \p`, word)
	}
	if negated != caret {
		set = set.not()
	}
	return set, nil
}

// backreferenceNumber tells \1 from octal: one digit, 8 or 9 first, or as
// many groups already opened, mean a back reference.
func (t *translator) backreferenceNumber() (number, size int, ok bool) {
	if t.peek() < '1' || t.peek() > '9' {
		return 0, 0, false
	}
	number, end := t.number(t.pos)
	size = end - t.pos
	return number, size, size == 1 || t.peek() >= '8' || number <= t.groups
}

// backreference writes a reference to a group of which only the number is known.
func (t *translator) backreference(number, at int) (piece, error) {
	if number <= 0 {
		return piece{}, t.fail(at, "reference to non-existent subpattern")
	}
	t.refs = append(t.refs, reference{number: number, at: at})
	return t.backreferenceText(fmt.Sprintf(`\k<%d>`, number)), nil
}

func (t *translator) backreferenceText(text string) piece {
	t.hard = true
	if t.mode.ignoreCase {
		text = "(?i:" + text + ")"
	}
	return piece{text: text, max: unbounded}
}

func (t *translator) namedBackreference() (piece, error) {
	at := t.pos
	t.pos++
	name, ok := t.delimited("<>", "''", "{}")
	if !ok {
		return piece{}, t.fail(t.pos, `\k is not followed by a braced, angle-bracketed, or quoted name`)
	}
	return t.backreferenceByName(name, at)
}

// backreferenceByName refers to the first group of that name that is set.
func (t *translator) backreferenceByName(name string, at int) (piece, error) {
	if !validName(name) {
		return piece{}, t.fail(at, "subpattern name %q is not a name", name)
	}
	t.refs = append(t.refs, reference{name: name, at: at})
	var text string
	for i := len(t.all) - 1; i >= 0; i-- {
		if t.all[i].name != name {
			continue
		}
		if text == "" {
			text = fmt.Sprintf(`\k<%d>`, t.all[i].number)
		} else {
			text = fmt.Sprintf(`(?(%d)\k<%d>|%s)`, t.all[i].number, t.all[i].number, text)
		}
	}
	return t.backreferenceText(text), nil
}

// groupBackreference reads \g1, \g{-1} or \g{name}.
func (t *translator) groupBackreference() (piece, error) {
	at := t.pos
	t.pos++
	if t.peek() == '<' || t.peek() == '\'' {
		return piece{}, t.fail(at, "subroutine calls are not supported")
	}
	text, braced := t.delimited("{}")
	if !braced {
		start := t.pos
		if c := t.peek(); c == '+' || c == '-' {
			t.pos++
		}
		_, t.pos = t.number(t.pos)
		text = t.src[start:t.pos]
	}
	number, ok := t.groupNumber(text)
	if ok {
		return t.backreference(number, at)
	}
	if braced && text != "" {
		return t.backreferenceByName(text, at)
	}
	return piece{}, t.fail(at, `a numbered reference must not be zero, \g needs a number or a name`)
}

// groupNumber reads 3, +1 (the next group) or -1 (the latest).
func (t *translator) groupNumber(text string) (int, bool) {
	number, err := strconv.Atoi(text)
	if err != nil || number > maxGroups {
		return 0, false
	}
	switch {
	case text[0] == '-':
		return t.groups + 1 + number, true
	case text[0] == '+':
		return t.groups + number, true
	}
	return number, true
}

// delimited reads text between one of the given pairs.
func (t *translator) delimited(pairs ...string) (string, bool) {
	for _, p := range pairs {
		if t.peek() != p[0] {
			continue
		}
		end := strings.IndexByte(t.rest()[1:], p[1])
		if end < 0 {
			return "", false
		}
		text := t.rest()[1 : end+1]
		t.pos += end + 2
		return text, true
	}
	return "", false
}
