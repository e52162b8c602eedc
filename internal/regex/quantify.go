package regex

import "fmt"

// quantify reads a quantifier, if one follows, and applies it to p.
func (t *translator) quantify(p piece) (piece, error) {
	at := t.pos
	low, high, ok, err := t.quantifier()
	if err != nil || !ok {
		return p, err
	}
	if p.fixed {
		return piece{}, t.fail(at, "quantifier does not follow a repeatable item")
	}
	if err := t.skip(); err != nil {
		return piece{}, err
	}
	possessive, lazy := t.accept("+"), false
	if !possessive {
		lazy = t.accept("?") != t.mode.ungreedy
	}
	if err := t.noSecondQuantifier(); err != nil {
		return piece{}, err
	}
	if p.min == 0 && high != 0 && high != 1 {
		t.hard = true // the engines differ in what an empty repetition captures
	}
	text := p.text + repeatText(low, high)
	if lazy {
		text += "?"
	}
	if possessive {
		t.hard = true
		text = "(?>" + text + ")"
	}
	return piece{text: text, min: times(p.min, low), max: times(p.max, high)}, nil
}

func (t *translator) noSecondQuantifier() error {
	if err := t.skip(); err != nil || t.quote {
		return err
	}
	at := t.pos
	if _, _, again, err := t.quantifier(); err != nil {
		return err
	} else if again {
		return t.fail(at, "quantifier does not follow a repeatable item")
	}
	return nil
}

// quantifier reads *, +, ? or {n,m}; high is -1 where there is no upper bound.
func (t *translator) quantifier() (low, high int, ok bool, err error) {
	switch t.peek() {
	case '*':
		t.pos++
		return 0, -1, true, nil
	case '+':
		t.pos++
		return 1, -1, true, nil
	case '?':
		t.pos++
		return 0, 1, true, nil
	case '{':
		return t.braceQuantifier()
	}
	return 0, 0, false, nil
}

func (t *translator) braceQuantifier() (low, high int, ok bool, err error) {
	low, high, size := t.braces(t.pos)
	switch {
	case size == 0:
		return 0, 0, false, nil
	case low > maxRepeat || high > maxRepeat:
		return 0, 0, false, t.fail(t.pos, "number too big in {} quantifier, at most %d", maxRepeat)
	case high >= 0 && low > high:
		return 0, 0, false, t.fail(t.pos, "numbers out of order in {} quantifier")
	}
	t.pos += size
	return low, high, true, nil
}

// braces reads {n}, {n,} or {n,m} at the given place; anything else, {,m}
// included, is literal text and has size 0.
func (t *translator) braces(at int) (low, high, size int) {
	i := at
	if i >= len(t.src) || t.src[i] != '{' {
		return 0, 0, 0
	}
	low, i = t.number(i + 1)
	if i == at+1 || i >= len(t.src) {
		return 0, 0, 0
	}
	high = low
	if t.src[i] == ',' {
		start := i + 1
		if high, i = t.number(start); i == start {
			high = -1
		}
	}
	if i >= len(t.src) || t.src[i] != '}' {
		return 0, 0, 0
	}
	return low, high, i + 1 - at
}

// number reads digits from at on and returns their value, capped, and where they end.
func (t *translator) number(at int) (value, end int) {
	for end = at; end < len(t.src) && isDigit(t.src[end]); end++ {
		value = min(value*10+int(t.src[end]-'0'), unbounded)
	}
	return value, end
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func repeatText(low, high int) string {
	switch {
	case low == 0 && high < 0:
		return "*"
	case low == 1 && high < 0:
		return "+"
	case low == 0 && high == 1:
		return "?"
	case high < 0:
		return fmt.Sprintf("{%d,}", low)
	case low == high:
		return fmt.Sprintf("{%d}", low)
	}
	return fmt.Sprintf("{%d,%d}", low, high)
}

func times(length, count int) int {
	if length == 0 || count == 0 {
		return 0
	}
	if count < 0 || length >= unbounded || length > unbounded/count {
		return unbounded
	}
	return length * count
}
