package expr

import (
	"errors"
	"strings"

	"transom/internal/regex"
)

// maxDepth bounds how deep parentheses, negations and variables nest.
const maxDepth = 100

type parser struct {
	lexer
	opt   Options
	tok   token // the current one; pos lies behind it
	depth int
}

func newParser(source string, opt Options) *parser {
	return &parser{lexer: lexer{src: source}, opt: opt}
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.pos, "nested more than %d deep", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

func (p *parser) is(text string) bool {
	return p.tok.kind == symbol && p.tok.text == text
}

func (p *parser) expect(text, what string) error {
	if !p.is(text) {
		return p.fail(p.tok.at, "expected %s, found %s", what, p.tok)
	}
	return p.advance()
}

func (p *parser) bool() (condition, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != end {
		return nil, p.fail(p.tok.at, "expected && or || or the end, found %s", p.tok)
	}
	return c, nil
}

func (p *parser) or() (condition, error) {
	all, err := p.chain("||", p.and)
	if len(all) == 1 {
		return all[0], err
	}
	return or(all), err
}

func (p *parser) and() (condition, error) {
	all, err := p.chain("&&", p.not)
	if len(all) == 1 {
		return all[0], err
	}
	return and(all), err
}

func (p *parser) chain(operator string, operand func() (condition, error)) ([]condition, error) {
	var all []condition
	for {
		c, err := operand()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		if !p.is(operator) {
			return all, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) not() (condition, error) {
	negated := false
	for p.is("!") {
		negated = !negated
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	c, err := p.primary()
	if negated {
		c = not{c}
	}
	return c, err
}

func (p *parser) primary() (condition, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	switch t := p.tok; {
	case p.is("("):
		return p.parenthesized()
	case t.kind == unary:
		return p.unaryTest()
	case t.kind == name && (t.text == "true" || t.text == "false"):
		return constant(t.text == "true"), p.advance()
	}
	return p.comparison()
}

func (p *parser) parenthesized() (condition, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	return c, p.expect(")", "&& or || or )")
}

func (p *parser) comparison() (condition, error) {
	left, err := p.word()
	if err != nil {
		return nil, err
	}
	op := p.tok
	if op.kind == binary {
		return p.binaryTest(left)
	}
	if op.kind != symbol {
		return nil, p.fail(op.at, "expected a comparison such as == or -eq, found %s", op)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch op.text {
	case "=~", "!~":
		return p.matching(left, op.text == "!~")
	case "-in":
		return p.membership(left)
	}
	compare, ok := comparisonOf(op.text, p.opt.SSLRequire)
	if !ok {
		return nil, p.fail(op.at, "expected a comparison such as == or -eq, found %s", op)
	}
	right, err := p.word()
	return comparison{left, right, compare}, err
}

func (p *parser) matching(left word, negated bool) (condition, error) {
	if p.tok.kind != pattern {
		return nil, p.fail(p.tok.at, "expected a regular expression such as /.../ or m#...#, found %s", p.tok)
	}
	re, err := regex.Compile(p.tok.text, regex.Flags{IgnoreCase: p.tok.ignoreCase})
	if err != nil {
		var e *regex.Error
		errors.As(err, &e)
		return nil, p.fail(p.tok.at, "regular expression %q, offset %d: %s,", e.Pattern, e.Offset, e.Problem)
	}
	return matching{left, re, negated}, p.advance()
}

func (p *parser) membership(left word) (condition, error) {
	if p.tok.kind == name {
		return p.listCall(left)
	}
	if err := p.expect("{", "{ or a list function"); err != nil {
		return nil, err
	}
	in := membership{needle: left}
	for {
		w, err := p.word()
		if err != nil {
			return nil, err
		}
		in.words = append(in.words, w)
		if !p.is(",") {
			return in, p.expect("}", ", or }")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) listCall(left word) (condition, error) {
	t := p.tok
	id := strings.ToLower(t.text)
	arg, err := p.argument()
	if err != nil {
		return nil, err
	}
	if p.opt.List == nil || !p.opt.List(id) {
		return nil, p.fail(t.at, "list function %s does not exist", t.text)
	}
	return listMembership{left, id, arg}, nil
}

// argument reads a parenthesised word behind the current name.
func (p *parser) argument() (word, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	id := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("(", "( after "+id); err != nil {
		return nil, err
	}
	arg, err := p.word()
	if err != nil {
		return nil, err
	}
	return arg, p.expect(")", "the ) that closes "+id+"(")
}

func (p *parser) word() (word, error) {
	var parts concat
	for {
		w, err := p.operand()
		if err != nil {
			return nil, err
		}
		parts = append(parts, w)
		if !p.is(".") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	return parts, nil
}

func (p *parser) operand() (w word, err error) {
	switch t := p.tok; t.kind {
	case number:
		w = digits(t.text)
	case dollar:
		w = backref(t.text[1] - '0')
	case quote:
		w, err = p.template(t.text[0])
	case reference:
		w, err = p.variable()
	case name:
		arg, err := p.argument()
		if err != nil {
			return nil, err
		}
		return p.newCall(t.text, arg, t.at)
	default:
		return nil, p.fail(t.at, "expected a string, number, variable or function, found %s", t)
	}
	if err != nil {
		return nil, err
	}
	return w, p.advance()
}
