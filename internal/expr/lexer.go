package expr

import (
	"fmt"
	"strings"
)

type kind int

const (
	end kind = iota
	name
	number
	symbol    // punctuation and operators, in their canonical form
	unary     // -f
	binary    // -strmatch
	quote     // a string begins
	reference // a variable begins
	dollar    // $1
	pattern   // a whole regular expression
)

type token struct {
	kind kind
	text string
	at   int

	ignoreCase bool // of a pattern
}

func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

// lexer splits a condition into tokens. Strings and variables have rules of
// their own: the parser reads them from pos once their token has begun.
type lexer struct {
	src string
	pos int
}

func (l *lexer) fail(at int, format string, args ...any) error {
	return &Error{l.src, at, fmt.Sprintf(format, args...)}
}

func (l *lexer) rest() string { return l.src[l.pos:] }

func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	at := l.pos
	if at == len(l.src) {
		return token{kind: end, at: at}, nil
	}
	c := l.src[at]
	switch {
	case isLetter(c):
		return l.word()
	case isDigit(c):
		return l.take(number, at, digitsFrom(l.src, at)), nil
	case c == '-':
		return l.dash()
	case c == '/':
		l.pos++
		return l.regex(at, c)
	case c == '"' || c == '\'':
		return l.take(quote, at, at+1), nil
	case c == '$' && at+1 < len(l.src) && isDigit(l.src[at+1]):
		return l.take(dollar, at, at+2), nil
	case strings.HasPrefix(l.rest(), "%{"):
		return l.take(reference, at, at+2), nil
	}
	for _, s := range []string{"=~", "!~", "==", "!=", "<=", ">=", "&&", "||", "=", "<", ">", "!", ".", "(", ")", "{", "}", ","} {
		if strings.HasPrefix(l.rest(), s) {
			t := l.take(symbol, at, at+len(s))
			t.text = canonical(s)
			return t, nil
		}
	}
	return token{}, l.fail(at, "unexpected character %q", c)
}

func (l *lexer) take(k kind, from, to int) token {
	l.pos = to
	return token{kind: k, text: l.src[from:to], at: from}
}

// canonical maps the other spellings of an operator to one.
func canonical(s string) string {
	switch s {
	case "=":
		return "=="
	case "and":
		return "&&"
	case "or":
		return "||"
	case "not":
		return "!"
	case "lt", "le", "gt", "ge", "eq", "ne", "in":
		return "-" + s
	}
	return s
}

func (l *lexer) word() (token, error) {
	at := l.pos
	t := l.take(name, at, wordFrom(l.src, at))
	if t.text == "m" && l.pos < len(l.src) && strings.IndexByte(`/#$%^|?!'",;:.-`, l.src[l.pos]) >= 0 {
		l.pos++
		return l.regex(at, l.src[l.pos-1])
	}
	if c := canonical(t.text); c != t.text {
		t.kind, t.text = symbol, c
	}
	return t, nil
}

func (l *lexer) dash() (token, error) {
	at := l.pos
	if to := digitsFrom(l.src, at+1); to > at+1 {
		return l.take(number, at, to), nil
	}
	to := wordFrom(l.src, at+1)
	t := l.take(binary, at, to)
	switch {
	case to == at+1:
		return token{}, l.fail(at, "an operator such as -f or -eq must follow \"-\"")
	case to == at+2:
		t.kind = unary
	case len(t.text) == 3 && canonical(t.text[1:]) == t.text:
		t.kind = symbol
	}
	return t, nil
}

// regex reads a pattern up to its delimiter, which cannot be escaped.
func (l *lexer) regex(at int, delimiter byte) (token, error) {
	size := strings.IndexByte(l.rest(), delimiter)
	if size < 0 {
		return token{}, l.fail(at, "the regular expression has no closing %q", delimiter)
	}
	t := l.take(pattern, l.pos, l.pos+size)
	t.at = at
	l.pos++
	if strings.HasPrefix(l.rest(), "i") {
		t.ignoreCase = true
		l.pos++
	}
	return t, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digitsFrom(s string, at int) int {
	for at < len(s) && isDigit(s[at]) {
		at++
	}
	return at
}

func wordFrom(s string, at int) int {
	for at < len(s) && (isLetter(s[at]) || isDigit(s[at]) || s[at] == '_') {
		at++
	}
	return at
}
