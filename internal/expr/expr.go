// Package expr parses and evaluates httpd's expressions (ap_expr), in both
// forms: conditions, as in <If> and Require expr, and strings with
// %{variables}, as in Header set X "expr=...".
package expr

import (
	"fmt"
	"net/netip"

	"transom/internal/regex"
)

// Env is what an evaluation asks of the request.
type Env interface {
	// Var returns the value of a variable, its name in upper case; false
	// counts as empty.
	Var(name string) (string, bool)
	// Func calls a function of the request: req, req_novary, resp, reqenv,
	// osenv, note, env, or one that Options.Function knows. The name is in
	// lower case, http has become req; false counts as empty. Adding the
	// header of req to Vary is up to the Env.
	Func(name, arg string) (string, bool, error)
	// List calls a list function, its name in lower case.
	List(name, arg string) ([]string, error)
	// Subrequest decides -F (arg is a file) and -U (arg is a URL path).
	Subrequest(op byte, arg string) (bool, error)
	// ClientAddr is the address that -R tests.
	ClientAddr() netip.Addr
}

// Options says what an expression may contain. The zero value knows what
// httpd's core provides and nothing else.
type Options struct {
	// Restricted refuses what reads the file system.
	Restricted bool
	// SSLRequire compares as the SSLRequire directive does: all operators
	// on strings, the longer string being the greater.
	SSLRequire bool
	// Variable, Function and List report names beyond the core's: variables
	// in upper case, functions in lower case. Each may be nil.
	Variable, Function, List func(name string) bool
}

// An Error says where an expression could not be parsed, and why.
type Error struct {
	Source  string
	Offset  int // in bytes, from the start of Source
	Problem string
}

func (e *Error) Error() string {
	return fmt.Sprintf("expression %q: %s at offset %d", e.Source, e.Problem, e.Offset)
}

// Bool is a parsed condition. It is immutable and safe for concurrent use.
type Bool struct {
	source string
	root   condition
}

// ParseBool parses a condition. Its error is an *Error.
func ParseBool(source string, opt Options) (*Bool, error) {
	p := newParser(source, opt)
	root, err := p.bool()
	if err != nil {
		return nil, err
	}
	return &Bool{source, root}, nil
}

// Eval decides the condition. With an error the result is false; what that
// means is up to the directive.
func (b *Bool) Eval(env Env) (bool, error) {
	var m regex.Match
	return b.EvalMatch(env, &m)
}

// EvalMatch is Eval with $0 to $9 given before and handed on after, for
// directives that use them outside the expression.
func (b *Bool) EvalMatch(env Env, m *regex.Match) (bool, error) {
	ok, err := b.root.holds(&evaluation{env, m})
	if err != nil {
		return false, fmt.Errorf("evaluating expression %q: %w", b.source, err)
	}
	return ok, nil
}

// String is a parsed string expression. It is immutable and safe for
// concurrent use.
type String struct {
	source string
	root   word
}

// ParseString parses text with %{variables}, %{func:argument} and $0 to $9.
// Its error is an *Error.
func ParseString(source string, opt Options) (*String, error) {
	p := newParser(source, opt)
	root, err := p.template(0)
	if err != nil {
		return nil, err
	}
	return &String{source, root}, nil
}

// Constant returns the value of an expression that has no variable part.
func (s *String) Constant() (string, bool) {
	text, ok := s.root.(literal)
	return string(text), ok
}

// EvalMatch returns the value, with $0 to $9 taken from m; with an error it is
// empty.
func (s *String) EvalMatch(env Env, m *regex.Match) (string, error) {
	value, err := s.root.value(&evaluation{env, m})
	if err != nil {
		return "", fmt.Errorf("evaluating expression %q: %w", s.source, err)
	}
	return value, nil
}
