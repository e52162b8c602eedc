package expr

import (
	"strconv"
	"strings"
)

// template reads text with variables and back references up to stop, which it
// consumes; with stop 0 up to the end. Stop is a quote, or the brace that
// closes the argument of a function.
func (p *parser) template(stop byte) (word, error) {
	var parts concat
	var text strings.Builder
	start := p.pos
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, literal(cutNul(text.String())))
			text.Reset()
		}
	}
	for p.pos < len(p.src) {
		c := p.src[p.pos]
		switch {
		case c == stop && stop != 0:
			p.pos++
			flush()
			return parts.simplify(), nil
		case c == '\n':
			return nil, p.fail(p.pos, "newline within a string: write it as \\n")
		case c == '\\':
			b, err := p.escape()
			if err != nil {
				return nil, err
			}
			text.WriteByte(b)
		case strings.HasPrefix(p.rest(), "%{"):
			flush()
			p.pos += 2
			v, err := p.variable()
			if err != nil {
				return nil, err
			}
			parts = append(parts, v)
		case c == '$' && digitsFrom(p.src, p.pos+1) > p.pos+1:
			flush()
			parts = append(parts, backref(p.src[p.pos+1]-'0'))
			p.pos += 2
		default:
			text.WriteByte(c)
			p.pos++
		}
	}
	if stop != 0 {
		return nil, p.fail(start, "the string or argument that begins here has no closing %q", stop)
	}
	flush()
	return parts.simplify(), nil
}

// escape reads a backslash and what it stands for.
func (p *parser) escape() (byte, error) {
	at := p.pos
	p.pos++
	if p.pos == len(p.src) {
		return 0, p.fail(at, "nothing follows the backslash")
	}
	if to := digitsFrom(p.src, p.pos); to > p.pos {
		digits := p.src[p.pos:to]
		p.pos = to
		v, err := strconv.ParseUint(digits, 8, 8)
		if err != nil || len(digits) > 3 {
			return 0, p.fail(at, "\\%s is not an octal escape from \\0 to \\377", digits)
		}
		return byte(v), nil
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	}
	return c, nil
}

// variable reads NAME} or FUNCTION:ARGUMENT}; "%{" has been read.
func (p *parser) variable() (word, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	at := p.pos
	p.pos = wordFrom(p.src, at)
	id := p.src[at:p.pos]
	if id == "" || !isLetter(id[0]) {
		return nil, p.fail(at, "expected the name of a variable or function after %%{")
	}
	switch {
	case p.pos == len(p.src):
		return nil, p.fail(at, "variable %%{%s has no closing brace", id)
	case p.src[p.pos] == '}':
		p.pos++
		return p.newVariable(id, at)
	case p.src[p.pos] != ':':
		return nil, p.fail(p.pos, "expected } or : after %%{%s, found %q", id, p.src[p.pos])
	}
	p.pos++
	if strings.HasPrefix(p.rest(), "}") {
		return nil, p.fail(p.pos, "function %s needs an argument", id)
	}
	arg, err := p.template('}')
	if err != nil {
		return nil, err
	}
	return p.newCall(id, arg, at)
}

// cutNul ends text where C's strings end.
func cutNul(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	return s
}
