// Package headers is mod_headers: changes to the headers of requests and responses.
package headers

import (
	"errors"
	"fmt"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/regex"
)

var settings = &module.Slot[rules]{Merge: merge}

// rules are one scope's directives, in the file's order and for each of httpd's header tables.
type rules struct {
	request   []*rule
	onSuccess []*rule // headers_out
	always    []*rule // err_headers_out
}

func merge(outer, inner *rules) *rules {
	join := func(a, b []*rule) []*rule { return append(append([]*rule{}, a...), b...) }
	return &rules{join(outer.request, inner.request), join(outer.onSuccess, inner.onSuccess), join(outer.always, inner.always)}
}

// rule is one directive.
type rule struct {
	conf.Pos
	directive string // for who asks what happened
	action    string // as it is written, in lower case
	name      string
	pattern   *regex.Regex // of echo, edit and edit*
	value     value        // nil for unset and echo
	when      condition    // nil: always
	early     bool
}

// value makes the text that a rule puts into a header.
type value func(*module.Request) (string, error)

type condition func(*module.Request) (bool, error)

var directives = []module.Directive{
	{Name: "Header", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs,
		Syntax: "Header [onsuccess|always] add|append|echo|edit|edit*|merge|note|set|setifempty|unset header [value [replacement]] [early|env=[!]variable|expr=expression]",
		Doc:    "Changes headers of responses.", Set: setHeader},
	{Name: "RequestHeader", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs,
		Syntax: "RequestHeader add|append|edit|edit*|merge|set|setifempty|unset header [value [replacement]] [early|env=[!]variable|expr=expression]",
		Doc:    "Changes headers of requests before they are handled.", Set: setRequestHeader},
}

func setHeader(c *module.Command) error {
	action, rest := conf.Word(c.Raw)
	s := settings.Edit(c.Dir)
	list := &s.onSuccess
	switch strings.ToLower(action) {
	case "always":
		list = &s.always
		action, rest = conf.Word(rest)
	case "onsuccess":
		action, rest = conf.Word(rest)
	}
	r, err := parse(c, action, rest)
	if err == nil {
		*list = append(*list, r)
	}
	return err
}

func setRequestHeader(c *module.Command) error {
	action, rest := conf.Word(c.Raw)
	switch strings.ToLower(action) {
	case "echo":
		return errors.New("Header echo only valid on Header directives")
	case "note":
		return errors.New("RequestHeader does not support the 'note' action")
	}
	r, err := parse(c, action, rest)
	if err == nil {
		s := settings.Edit(c.Dir)
		s.request = append(s.request, r)
	}
	return err
}

// parse reads what follows the table's name: action, header, and what the action needs.
func parse(c *module.Command, action, rest string) (*rule, error) {
	r := &rule{Pos: c.Pos, directive: c.Name + " " + c.Raw, action: strings.ToLower(action)}
	wants, ok := operands[r.action]
	if !ok {
		return nil, fmt.Errorf("first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', 'edit', or 'edit*', not %q", action)
	}
	args := conf.Words(rest)
	if len(args) == 0 {
		return nil, fmt.Errorf("%s %s needs a header's name: %s", c.Name, r.action, c.Directive.Syntax)
	}
	r.name, args = args[0], args[1:]
	if len(args) < wants {
		if wants == 2 {
			return nil, errors.New("Header edit requires a match and a substitution")
		}
		return nil, fmt.Errorf("%s requires three arguments: %s needs a value", c.Name, r.action)
	}
	if len(args) > wants+1 {
		return nil, fmt.Errorf("Too many arguments to directive: %s %s takes at most %d and a condition (quote a value that has spaces)", c.Name, r.action, wants+1)
	}
	if err := r.operands(c, args[:wants]); err != nil {
		return nil, err
	}
	if len(args) > wants {
		return r, r.condition(c, args[wants])
	}
	return r, nil
}

// operands is how many arguments each action takes behind the header's name.
var operands = map[string]int{"add": 1, "append": 1, "merge": 1, "set": 1, "setifempty": 1, "note": 1, "edit": 2, "edit*": 2, "unset": 0, "echo": 0}

func (r *rule) operands(c *module.Command, args []string) (err error) {
	switch r.action {
	case "echo":
		r.pattern, err = regex.Compile(r.name, regex.Flags{IgnoreCase: true})
		if err != nil {
			return fmt.Errorf("Header echo regex could not be compiled: %w", err)
		}
		return nil
	case "edit", "edit*":
		r.pattern, err = regex.Compile(args[0], regex.Flags{})
		if err != nil {
			return fmt.Errorf("Header edit regex could not be compiled: %w", err)
		}
		args = args[1:]
	}
	// "Name:" is accepted for "Name".
	r.name, _, _ = strings.Cut(r.name, ":")
	if len(args) == 0 {
		return nil
	}
	if text, ok := strings.CutPrefix(args[0], "expr="); ok {
		f, err := c.Build.CompileString(text)
		if err != nil {
			return fmt.Errorf("Can't parse value expression : %w", err)
		}
		r.value = f
		return nil
	}
	r.value, err = parseFormat(args[0])
	return err
}

func (r *rule) condition(c *module.Command, arg string) error {
	lower := strings.ToLower(arg)
	switch {
	case lower == "early":
		r.early = true
	case strings.HasPrefix(lower, "env="):
		name, negated := strings.CutPrefix(arg[4:], "!")
		if name == "" {
			return errors.New("error: missing environment variable name. envclause should be in the form env=envar")
		}
		r.when = func(r *module.Request) (bool, error) {
			_, set := r.Env(name)
			return set != negated, nil
		}
	case strings.HasPrefix(lower, "expr="):
		test, err := c.Build.CompileBool(arg[5:])
		if err != nil {
			return fmt.Errorf("Can't parse envclause/expression: %w", err)
		}
		r.when = test
	default:
		return fmt.Errorf("Unknown parameter: %s (expected early, env=... or expr=...; a value with spaces must be quoted)", arg)
	}
	return nil
}
