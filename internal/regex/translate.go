package regex

import (
	"fmt"
	"strings"
)

const (
	keepGroup     = "keep" // where \K stood
	maxDepth      = 250    // PCRE2's default limit of nested parentheses
	maxRepeat     = 65535
	maxLookbehind = 255
	maxGroups     = 65535
	unbounded     = 1 << 30
)

// translator turns a PCRE2 pattern into one that Go's regexp and regexp2 read
// alike. When it meets something that only regexp2 has, it sets hard; the
// pattern is then translated once more in regexp2's own terms, with every
// group numbered explicitly and all names known.
type translator struct {
	src    string
	flags  Flags
	pos    int
	depth  int // of parentheses
	around int // of lookarounds
	mode   mode
	quote  bool // between \Q and \E

	backtrack bool // writing for regexp2
	hard      bool // needs regexp2
	groups    int
	names     []groupName
	all       []groupName // names of the whole pattern, on the second pass
	refs      []reference
	text      string
}

// mode is what inline options such as (?i) change.
type mode struct {
	ignoreCase, multiLine, dotAll, extended, extendedMore, ungreedy, noAutoCapture bool
}

type groupName struct {
	name   string
	number int
}

// reference is checked once all groups are known.
type reference struct {
	name   string
	number int
	at     int
}

// piece is translated text with the range of lengths, in bytes, it can match.
type piece struct {
	text     string
	min, max int
	fixed    bool // a quantifier may not follow
}

func translate(pattern string, flags Flags) (*translator, error) {
	t := newTranslator(pattern, flags)
	if err := t.run(); err != nil {
		return nil, err
	}
	if t.hard {
		return retranslate(t)
	}
	return t, nil
}

// retranslate writes for regexp2 what a first pass has read without an error.
func retranslate(first *translator) (*translator, error) {
	t := newTranslator(first.src, first.flags)
	t.backtrack = true
	t.all = first.names
	return t, t.run()
}

func newTranslator(pattern string, flags Flags) *translator {
	return &translator{src: pattern, flags: flags, mode: mode{
		ignoreCase: flags.IgnoreCase,
		multiLine:  flags.MultiLine,
		dotAll:     !flags.NoDotAll,
		extended:   flags.Extended,
	}}
}

func (t *translator) run() error {
	p, err := t.alternation(false)
	if err != nil {
		return err
	}
	if t.pos < len(t.src) {
		return t.fail(t.pos, "unmatched closing parenthesis")
	}
	t.text = p.text
	return t.checkReferences()
}

func (t *translator) checkReferences() error {
	for _, r := range t.refs {
		if r.name != "" && numberOf(t.names, r.name) == 0 || r.number > t.groups {
			return t.fail(r.at, "reference to non-existent subpattern")
		}
	}
	return nil
}

func (t *translator) namesByNumber() []string {
	names := make([]string, t.groups+1)
	for _, n := range t.names {
		names[n.number] = n.name
	}
	return names
}

func (t *translator) fail(at int, format string, args ...any) error {
	return &Error{t.src, at, fmt.Sprintf(format, args...)}
}

func (t *translator) more() bool { return t.pos < len(t.src) }

func (t *translator) rest() string { return t.src[t.pos:] }

func (t *translator) peek() byte {
	if t.more() {
		return t.src[t.pos]
	}
	return 0
}

func (t *translator) accept(prefix string) bool {
	if !strings.HasPrefix(t.rest(), prefix) {
		return false
	}
	t.pos += len(prefix)
	return true
}

// alternation reads branches up to a closing parenthesis or the end.
func (t *translator) alternation(reset bool) (piece, error) {
	branches, err := t.branches(reset)
	if err != nil {
		return piece{}, err
	}
	return join(branches), nil
}

// branches reads alternatives; with reset each numbers its groups from the
// same start, as in (?|...).
func (t *translator) branches(reset bool) ([]piece, error) {
	var all []piece
	start, highest := t.groups, t.groups
	for {
		p, err := t.sequence()
		if err != nil {
			return nil, err
		}
		all = append(all, p)
		highest = max(highest, t.groups)
		if !t.accept("|") {
			t.groups = highest
			return all, nil
		}
		if reset {
			t.groups = start
		}
	}
}

func join(branches []piece) piece {
	all := branches[0]
	texts := []string{all.text}
	for _, p := range branches[1:] {
		texts = append(texts, p.text)
		all.min, all.max = min(all.min, p.min), max(all.max, p.max)
	}
	all.text = strings.Join(texts, "|")
	return all
}

func (t *translator) sequence() (piece, error) {
	var b strings.Builder
	var all piece
	for {
		if err := t.skip(); err != nil {
			return piece{}, err
		}
		if !t.more() || !t.quote && (t.peek() == '|' || t.peek() == ')') {
			break
		}
		p, err := t.quantified()
		if err != nil {
			return piece{}, err
		}
		b.WriteString(p.text)
		all.min = min(all.min+p.min, unbounded)
		all.max = min(all.max+p.max, unbounded)
	}
	all.text = b.String()
	return all, nil
}

// skip passes over what stands between items without a meaning of its own:
// \Q and \E, comments and, in extended mode, white space.
func (t *translator) skip() error {
	for t.more() {
		switch {
		case t.accept(`\E`):
			t.quote = false
		case t.quote:
			return nil
		case t.accept(`\Q`):
			t.quote = true
		case strings.HasPrefix(t.rest(), "(?#"):
			end := strings.IndexByte(t.rest(), ')')
			if end < 0 {
				return t.fail(len(t.src), "missing ) after (?# comment")
			}
			t.pos += end + 1
		case t.mode.extended && strings.IndexByte(" \t\n\v\f\r", t.peek()) >= 0:
			t.pos++
		case t.mode.extended && t.peek() == '#':
			end := strings.IndexByte(t.rest(), '\n')
			if end < 0 {
				end = len(t.rest()) - 1
			}
			t.pos += end + 1
		default:
			return nil
		}
	}
	return nil
}

func (t *translator) quantified() (piece, error) {
	p, err := t.atom()
	if err != nil {
		return piece{}, err
	}
	if err := t.skip(); err != nil || t.quote {
		return p, err
	}
	return t.quantify(p)
}

func (t *translator) atom() (piece, error) {
	c := t.peek()
	t.pos++
	if t.quote {
		return t.literal(c), nil
	}
	switch c {
	case '\\':
		return t.escape()
	case '[':
		return t.class()
	case '(':
		return t.group()
	case '.':
		return t.dot(t.mode.dotAll), nil
	case '^':
		return t.caret(), nil
	case '$':
		return t.dollar(), nil
	case '*', '+', '?':
		return piece{}, t.fail(t.pos-1, "quantifier does not follow a repeatable item")
	case '{':
		if _, _, size := t.braces(t.pos - 1); size > 0 {
			return piece{}, t.fail(t.pos-1, "quantifier does not follow a repeatable item")
		}
	}
	return t.literal(c), nil
}

func (t *translator) literal(c byte) piece {
	var s byteSet
	s.add(c)
	return t.setPiece(s)
}

func (t *translator) setPiece(s byteSet) piece {
	if t.mode.ignoreCase {
		s.foldCase()
	}
	return piece{text: s.text(), min: 1, max: 1}
}

func (t *translator) dot(all bool) piece {
	if all {
		return piece{text: byteSet{}.not().text(), min: 1, max: 1}
	}
	return piece{text: `[^\n]`, min: 1, max: 1}
}

// zeroWidth is text that regexp2 alone can read, or both if both is set.
func (t *translator) zeroWidth(text string, both bool) piece {
	if !both {
		t.hard = true
	}
	return piece{text: text, fixed: true}
}

func (t *translator) caret() piece {
	if t.mode.multiLine {
		// Not after a newline that ends the subject (pcre2pattern, CIRCUMFLEX).
		return t.zeroWidth(`(?:\A|(?<=\n)(?!\z))`, false)
	}
	return t.zeroWidth(`\A`, true)
}

func (t *translator) dollar() piece {
	switch {
	case t.mode.multiLine:
		return t.zeroWidth(`(?m:$)`, true)
	case t.flags.NoDollarEndOnly:
		return t.zeroWidth(`(?=\n?\z)`, false)
	}
	return t.zeroWidth(`\z`, true)
}
