package regex

import (
	"fmt"
	"strings"
)

// conditional reads (?(condition)yes|no); "(?(" has been read.
func (t *translator) conditional(open int) (piece, error) {
	t.hard = true
	condition, opposite, err := t.condition(open)
	if err != nil {
		return piece{}, err
	}
	branches, err := t.branches(false)
	if err != nil {
		return piece{}, err
	}
	if len(branches) > 2 {
		return piece{}, t.fail(open, "conditional subpattern contains more than two branches")
	}
	if len(branches) == 1 {
		branches = append(branches, piece{})
	}
	prefix := "(?:"
	if opposite == "" {
		prefix = "(?"
	}
	branches[0].text = condition + branches[0].text
	branches[1].text = opposite + branches[1].text
	p := join(branches)
	p.text = prefix + p.text + ")"
	return p, t.close()
}

// condition reads what is tested: whether a group is set, or a lookaround.
// The latter comes with its opposite, so that an alternation can stand for
// the conditional: regexp2 refuses inline options in its own.
func (t *translator) condition(open int) (text, opposite string, err error) {
	if strings.HasPrefix(t.rest(), "?") {
		return t.lookaroundCondition(open)
	}
	at := t.pos
	end := strings.IndexByte(t.rest(), ')')
	if end < 0 {
		return "", "", t.fail(at, "missing closing parenthesis for condition")
	}
	name := t.rest()[:end]
	t.pos += end + 1
	if number, ok := t.groupNumber(name); ok {
		if number <= 0 {
			return "", "", t.fail(at, "reference to non-existent subpattern")
		}
		t.refs = append(t.refs, reference{number: number, at: at})
		return fmt.Sprintf("(%d)", number), "", nil
	}
	if name == "R" || name == "DEFINE" {
		return "", "", t.fail(at, "condition (%s) is not supported", name)
	}
	if name = strings.Trim(name, "<>'"); !validName(name) {
		return "", "", t.fail(at, "condition (%s) is not a group", name)
	}
	t.refs = append(t.refs, reference{name: name, at: at})
	return fmt.Sprintf("(%d)", max(1, numberOf(t.all, name))), "", nil
}

func (t *translator) lookaroundCondition(open int) (text, opposite string, err error) {
	p, err := t.group()
	if err != nil {
		return "", "", err
	}
	for _, kind := range lookarounds {
		if inside, ok := strings.CutPrefix(p.text, "(?"+kind.prefix); ok {
			return p.text, "(?" + kind.opposite + inside, nil
		}
	}
	return "", "", t.fail(open, "condition is not a lookaround assertion")
}
