package regex

import "strings"

// classItem is one member of a bracket class: a character or a set.
type classItem struct {
	char  byte
	set   byteSet
	isSet bool
	at    int
}

// class reads a bracket class; the opening bracket has been read.
func (t *translator) class() (piece, error) {
	if name, _ := posixSyntax(t.src[t.pos-1:]); name != "" {
		return piece{}, t.fail(t.pos-1, "POSIX named classes are supported only within a class")
	}
	negated := t.accept("^")
	set, err := t.classMembers()
	if err != nil {
		return piece{}, err
	}
	if t.mode.ignoreCase {
		set.foldCase()
	}
	if negated {
		set = set.not()
	}
	return piece{text: set.text(), min: 1, max: 1}, nil
}

func (t *translator) classMembers() (byteSet, error) {
	var set byteSet
	quoted := false
	for first := true; ; first = false {
		t.skipInClass(&quoted)
		if !t.more() {
			return set, t.fail(t.pos, "missing terminating ] for character class")
		}
		if !quoted && !first && t.accept("]") {
			return set, nil
		}
		item, err := t.classItem(quoted)
		if err != nil {
			return set, err
		}
		if err := t.addItem(&set, item, &quoted); err != nil {
			return set, err
		}
	}
}

// addItem adds an item, or the range that it begins, to the set.
func (t *translator) addItem(set *byteSet, low classItem, quoted *bool) error {
	t.skipInClass(quoted)
	dash := !*quoted && strings.HasPrefix(t.rest(), "-")
	before := t.pos
	if dash {
		t.pos++
		t.skipInClass(quoted)
		dash = t.more() && (*quoted || t.peek() != ']')
	}
	if !dash {
		t.pos = before
		if low.isSet {
			set.addSet(low.set)
		} else {
			set.add(low.char)
		}
		return nil
	}
	if low.isSet {
		return t.fail(before, "invalid range in character class: write the hyphen as \\-")
	}
	high, err := t.classItem(*quoted)
	switch {
	case err != nil:
		return err
	case high.isSet:
		return t.fail(high.at, "invalid range in character class: write the hyphen as \\-")
	case low.char > high.char:
		return t.fail(high.at, "range out of order in character class")
	}
	set.addRange(low.char, high.char)
	return nil
}

func (t *translator) skipInClass(quoted *bool) {
	for {
		switch {
		case t.accept(`\E`):
			*quoted = false
		case !*quoted && t.accept(`\Q`):
			*quoted = true
		case !*quoted && t.mode.extendedMore && (t.peek() == ' ' || t.peek() == '\t'):
			t.pos++
		default:
			return
		}
	}
}

func (t *translator) classItem(quoted bool) (classItem, error) {
	at := t.pos
	c := t.peek()
	if !quoted && c == '[' {
		if name, size := posixSyntax(t.rest()); name != "" {
			return t.posixItem(name, size)
		}
	}
	t.pos++
	if quoted || c != '\\' {
		return classItem{char: c, at: at}, nil
	}
	return t.classEscape(at)
}

func (t *translator) posixItem(name string, size int) (classItem, error) {
	at := t.pos
	t.pos += size
	if name[0] != ':' {
		return classItem{}, t.fail(at, "POSIX collating elements are not supported")
	}
	word, negated := strings.CutPrefix(name[1:], "^")
	set, ok := posixClass(word)
	if !ok {
		return classItem{}, t.fail(at, "unknown POSIX class name %q", word)
	}
	if t.mode.ignoreCase && (word == "upper" || word == "lower") {
		set, _ = posixClass("alpha")
	}
	if negated {
		set = set.not()
	}
	return classItem{set: set, isSet: true, at: at}, nil
}

// posixSyntax recognises [:name:], [.x.] and [=x=] and returns their inside,
// with its leading mark, and their size.
func posixSyntax(s string) (name string, size int) {
	if len(s) < 2 || strings.IndexByte(":.=", s[1]) < 0 {
		return "", 0
	}
	mark := s[1]
	for i := 2; i+1 < len(s); i++ {
		switch {
		case s[i] == '\\' && (s[i+1] == ']' || s[i+1] == '\\'):
			i++
		case s[i] == '[' && s[i+1] == mark || s[i] == ']':
			return "", 0
		case s[i] == mark && s[i+1] == ']':
			return s[1:i], i + 2
		}
	}
	return "", 0
}

// classEscape reads an escape within a class; the backslash has been read.
func (t *translator) classEscape(at int) (classItem, error) {
	if !t.more() {
		return classItem{}, t.fail(t.pos, `\ at end of pattern`)
	}
	c := t.peek()
	if set, ok := typeEscape(c); ok {
		t.pos++
		return classItem{set: set, isSet: true, at: at}, nil
	}
	switch c {
	case 'b':
		t.pos++
		return classItem{char: '\b', at: at}, nil
	case 'p', 'P':
		set, err := t.property()
		return classItem{set: set, isSet: true, at: at}, err
	case 'B', 'R', 'X', 'N':
		return classItem{}, t.fail(t.pos, `escape sequence \%c is invalid in character class`, c)
	}
	char, err := t.charEscape(true)
	return classItem{char: char, at: at}, err
}
