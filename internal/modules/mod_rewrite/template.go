package rewrite

import "strings"

// template is a text with back-references, variables and map lookups, parsed once.
type template struct {
	parts []part
}

// part is a piece of a template.
type part struct {
	kind           kind
	text           string   // literal text, or the name of a variable or map
	n              int      // of a back-reference
	key, otherwise template // of a map
}

type kind uint8

const (
	literal            kind = iota
	ruleReference           // $1
	conditionReference      // %1
	variable                // %{NAME}
	lookup                  // ${map:key|default}
)

func (t template) empty() bool { return len(t.parts) == 0 }

// parseTemplate reads a TestString, a Substitution or a flag's value. It never fails: what is no construct stands for itself.
func parseTemplate(s string) template {
	var t template
	for s != "" {
		i := strings.IndexAny(s, `\$%`)
		if i < 0 {
			i = len(s)
		}
		t.literal(s[:i])
		if s = s[i:]; s != "" {
			s = t.construct(s)
		}
	}
	return t
}

func (t *template) literal(text string) {
	if text == "" {
		return
	}
	if n := len(t.parts); n > 0 && t.parts[n-1].kind == literal {
		t.parts[n-1].text += text
		return
	}
	t.parts = append(t.parts, part{kind: literal, text: text})
}

// construct reads what begins with a backslash, $ or %, and returns the rest.
func (t *template) construct(s string) string {
	switch {
	case len(s) == 1:
		t.literal(s)
		return ""
	case s[0] == '\\':
		t.literal(s[1:2])
		return s[2:]
	case s[1] >= '0' && s[1] <= '9':
		k := ruleReference
		if s[0] == '%' {
			k = conditionReference
		}
		t.parts = append(t.parts, part{kind: k, n: int(s[1] - '0')})
		return s[2:]
	case s[1] != '{':
		t.literal(s[:1])
		return s[1:]
	}
	end := closingBrace(s[2:])
	if end < 0 {
		t.literal(s[:2])
		return s[2:]
	}
	inside, rest := s[2:2+end], s[2+end+1:]
	if s[0] == '%' {
		t.parts = append(t.parts, part{kind: variable, text: inside})
		return rest
	}
	colon := outsideBraces(inside, ':')
	if colon < 0 {
		t.literal(s[:2])
		return s[2:]
	}
	p := part{kind: lookup, text: inside[:colon]}
	key, otherwise := inside[colon+1:], ""
	if bar := outsideBraces(key, '|'); bar >= 0 {
		key, otherwise = key[:bar], key[bar+1:]
	}
	p.key, p.otherwise = parseTemplate(key), parseTemplate(otherwise)
	t.parts = append(t.parts, p)
	return rest
}

// closingBrace finds the brace that closes one before s, or -1.
func closingBrace(s string) int {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// outsideBraces finds c outside inner braces, or -1.
func outsideBraces(s string, c byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == c && depth == 0:
			return i
		case s[i] == '{':
			depth++
		case s[i] == '}':
			depth--
		}
	}
	return -1
}

// questionMark says where the first question mark of an expanded text came from. One that a client may have brought in
// would move the end of the path (CVE-2024-38474).
type questionMark uint8

const (
	noQuestionMark questionMark = iota
	writtenQuestionMark
	expandedQuestionMark
)

func (q *questionMark) note(text string, origin questionMark) {
	if *q == noQuestionMark && strings.IndexByte(text, '?') >= 0 {
		*q = origin
	}
}

// expand is the template's text for the present rule. Back-references are escaped as esc says, if it isn't nil.
func (t template) expand(ctx *context, esc *escaping) string {
	var q questionMark
	return t.expandMarked(ctx, esc, &q)
}

func (t template) expandMarked(ctx *context, esc *escaping, q *questionMark) string {
	if len(t.parts) == 1 && t.parts[0].kind == literal {
		q.note(t.parts[0].text, writtenQuestionMark)
		return t.parts[0].text
	}
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		origin := expandedQuestionMark
		if p.kind == literal {
			origin = writtenQuestionMark
		}
		text := p.value(ctx, esc)
		q.note(text, origin)
		b.WriteString(text)
	}
	return b.String()
}

func (p *part) value(ctx *context, esc *escaping) string {
	switch p.kind {
	case ruleReference:
		return ctx.escaped(ctx.ruleMatch.Group(p.n), esc)
	case conditionReference:
		return ctx.escaped(ctx.condMatch.Group(p.n), esc)
	case variable:
		return ctx.variable(p.text)
	case lookup:
		if v, ok := ctx.lookUp(p.text, p.key.expand(ctx, esc)); ok {
			return v
		}
		return p.otherwise.expand(ctx, esc)
	}
	return p.text
}
