package expr

import (
	"slices"
	"strings"

	"transom/internal/regex"
)

// evaluation is the state of one evaluation: the request, and the latest
// match of a pattern with groups, which $0 to $9 refer to.
type evaluation struct {
	env   Env
	match *regex.Match
}

// word is a node that has a string value.
type word interface {
	value(*evaluation) (string, error)
}

// condition is a node that holds or not.
type condition interface {
	holds(*evaluation) (bool, error)
}

type literal string

func (l literal) value(*evaluation) (string, error) { return string(l), nil }

// digits is a number; unlike a literal it cannot be a subnet.
type digits string

func (d digits) value(*evaluation) (string, error) { return string(d), nil }

type backref int

func (b backref) value(e *evaluation) (string, error) { return e.match.Group(int(b)), nil }

type variable string

func (v variable) value(e *evaluation) (string, error) {
	s, _ := e.env.Var(string(v))
	return s, nil
}

// call is a function; pure is nil where the request must answer.
type call struct {
	name string
	arg  word
	pure func(string) (string, error)
}

func (c call) value(e *evaluation) (string, error) {
	arg, err := c.arg.value(e)
	if err != nil {
		return "", err
	}
	if c.pure != nil {
		return c.pure(arg)
	}
	s, _, err := e.env.Func(c.name, arg)
	return s, err
}

type concat []word

func (c concat) value(e *evaluation) (string, error) {
	var b strings.Builder
	for _, w := range c {
		s, err := w.value(e)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (c concat) simplify() word {
	switch len(c) {
	case 0:
		return literal("")
	case 1:
		return c[0]
	}
	return c
}

type constant bool

func (c constant) holds(*evaluation) (bool, error) { return bool(c), nil }

type not struct{ condition }

func (n not) holds(e *evaluation) (bool, error) {
	ok, err := n.condition.holds(e)
	return !ok, err
}

type and []condition

func (a and) holds(e *evaluation) (bool, error) {
	for _, c := range a {
		if ok, err := c.holds(e); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

type or []condition

func (o or) holds(e *evaluation) (bool, error) {
	for _, c := range o {
		if ok, err := c.holds(e); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

type comparison struct {
	left, right word
	holdsFor    func(left, right string) bool
}

func (c comparison) holds(e *evaluation) (bool, error) {
	left, err := c.left.value(e)
	if err != nil {
		return false, err
	}
	right, err := c.right.value(e)
	return err == nil && c.holdsFor(left, right), err
}

type matching struct {
	subject word
	re      *regex.Regex
	negated bool
}

// A pattern without groups leaves the groups of an earlier one alone.
func (m matching) holds(e *evaluation) (bool, error) {
	s, err := m.subject.value(e)
	if err != nil {
		return false, err
	}
	if m.re.NumSubexp() == 0 {
		ok, err := m.re.MatchString(s)
		return ok != m.negated, err
	}
	found, err := m.re.Match(s)
	*e.match = found
	return found.Matched() != m.negated, err
}

type membership struct {
	needle word
	words  []word
}

func (m membership) holds(e *evaluation) (bool, error) {
	needle, err := m.needle.value(e)
	if err != nil {
		return false, err
	}
	for _, w := range m.words {
		if s, err := w.value(e); err != nil || s == needle {
			return err == nil, err
		}
	}
	return false, nil
}

type listMembership struct {
	needle word
	name   string
	arg    word
}

func (m listMembership) holds(e *evaluation) (bool, error) {
	needle, err := m.needle.value(e)
	if err != nil {
		return false, err
	}
	arg, err := m.arg.value(e)
	if err != nil {
		return false, err
	}
	list, err := e.env.List(m.name, arg)
	return err == nil && slices.Contains(list, needle), err
}

// test is a unary operator.
type test struct {
	arg      word
	holdsFor func(e *evaluation, arg string) (bool, error)
}

func (t test) holds(e *evaluation) (bool, error) {
	arg, err := t.arg.value(e)
	if err != nil {
		return false, err
	}
	return t.holdsFor(e, arg)
}
