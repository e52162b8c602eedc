package rewrite

import (
	"errors"
	"fmt"
	"strings"

	"transom/internal/module"
)

var directives = []module.Directive{
	{Name: "RewriteEngine", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OnOff, Syntax: "RewriteEngine on|off",
		Doc: "Whether the rules of this scope are applied.", Set: setEngine},
	{Name: "RewriteOptions", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "RewriteOptions option [option] ...",
		Doc: "How rules are inherited, and what they may match.", Set: setOptions},
	{Name: "RewriteBase", Where: module.Sections | module.InHtaccess, Override: module.OverrideFileInfo, Args: module.One, Syntax: "RewriteBase URL-path",
		Doc: "The URL path that relative substitutions in a directory begin with.", Set: setBase},
	{Name: "RewriteCond", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "RewriteCond TestString [!]CondPattern [flags]",
		Doc: "A condition of the next RewriteRule.", Set: addCondition},
	{Name: "RewriteRule", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs, Syntax: "RewriteRule [!]Pattern Substitution [flags]",
		Doc: "Replaces a URL path or file name that a pattern matches.", Set: addRule},
	{Name: "RewriteMap", Where: module.Servers, Args: module.TwoOr3, Syntax: "RewriteMap MapName MapType:MapSource [MapTypeOptions]",
		Doc: "A table, a function or a program for ${MapName:key} in rules.", Set: addMap},
	{Name: "RewriteLog", Where: module.Servers, Args: module.One, Syntax: "RewriteLog file-path",
		Doc: "httpd 2.2: the log of rewriting.", Support: module.Ignored("rewriting is logged to the error log, as in httpd 2.4: LogLevel rewrite:trace3")},
	{Name: "RewriteLogLevel", Where: module.Servers, Args: module.One, Syntax: "RewriteLogLevel level",
		Doc: "httpd 2.2: how much rewriting logs.", Support: module.Ignored("use LogLevel rewrite:trace1 to rewrite:trace8, as in httpd 2.4")},
	{Name: "RewriteLock", Where: module.InServer, Args: module.One, Syntax: "RewriteLock file-path",
		Doc: "httpd 2.2: the lock file of prg: maps.", Support: module.Accepted("one process needs no lock file")},
}

func setEngine(c *module.Command) error {
	d := dirOf(c)
	d.engine = c.Flag()
	if c.Section == nil {
		serverOf(c).engine = d.engine
	}
	return nil
}

func setOptions(c *module.Command) error {
	var o options
	for _, name := range c.Args {
		bit, ok := optionNames[strings.ToLower(name)]
		switch {
		case ok:
			o |= bit
		case strings.HasPrefix(strings.ToLower(name), "maxredirects="):
			c.Warnf("RewriteOptions %s is ignored: the number of internal redirects has a fixed limit", name)
		default:
			return fmt.Errorf("RewriteOptions: unknown option '%s'", name)
		}
	}
	d := dirOf(c)
	d.options |= o
	d.optionsSet = true
	if c.Section == nil {
		s := serverOf(c)
		s.options |= o
		s.optionsSet = true
	}
	return nil
}

func setBase(c *module.Command) error {
	base := c.Args[0]
	if !strings.HasPrefix(base, "/") {
		return fmt.Errorf("RewriteBase: argument is not a valid URL: %q must begin with a slash", base)
	}
	dirOf(c).base = base
	return nil
}

// scopeOf is where a rule or a condition belongs.
func scopeOf(c *module.Command) *ruleset {
	d := dirOf(c)
	if c.Section == nil {
		return &serverOf(c).ruleset
	}
	return &d.ruleset
}

func addCondition(c *module.Command) error {
	line, err := parseLine(c.Raw)
	if err != nil {
		return fmt.Errorf("RewriteCond: %w: %s", err, c.Directive.Syntax)
	}
	cond, err := newCondition(c, line)
	if err != nil {
		return fmt.Errorf("RewriteCond: %w", err)
	}
	s := scopeOf(c)
	s.pending = append(s.pending, cond)
	return nil
}

func addRule(c *module.Command) error {
	line, err := parseLine(c.Raw)
	if err != nil {
		return fmt.Errorf("RewriteRule: %w: %s", err, c.Directive.Syntax)
	}
	r, err := newRule(c, line)
	if err != nil {
		return fmt.Errorf("RewriteRule: %w", err)
	}
	s := scopeOf(c)
	r.conditions, s.pending = s.pending, nil
	s.rules = append(s.rules, r)
	return nil
}

// line is the arguments of RewriteRule and RewriteCond.
type line struct {
	first, second string
	flags         []flag
}

type flag struct{ name, value string }

var errFewArguments = errors.New("bad argument line: two arguments are needed")

// parseLine splits arguments as httpd does for these two directives alone: backslashes stay, and one before a blank keeps
// the blank. What follows the flags is a remark.
func parseLine(raw string) (line, error) {
	var l line
	var ok bool
	l.first, raw, ok = nextArgument(raw)
	if !ok {
		return l, errFewArguments
	}
	l.second, raw, ok = nextArgument(raw)
	if !ok {
		return l, errFewArguments
	}
	text, _, ok := nextArgument(raw)
	if !ok {
		return l, nil
	}
	var err error
	l.flags, err = parseFlags(text)
	return l, err
}

func nextArgument(s string) (arg, rest string, ok bool) {
	s = strings.TrimLeft(s, blanks)
	if s == "" {
		return "", "", false
	}
	quote := byte(0)
	if s[0] == '"' || s[0] == '\'' {
		quote, s = s[0], s[1:]
	}
	for i := 0; i < len(s); i++ {
		switch {
		case quote == 0 && isBlank(s[i]), quote != 0 && s[i] == quote:
			return s[:i], s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && isBlank(s[i+1]):
			i++
		}
	}
	return s, "", true
}

const blanks = " \t\n\v\f\r"

func isBlank(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

func parseFlags(text string) ([]flag, error) {
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return nil, fmt.Errorf("bad flag delimiters: expected [flag,flag] without blanks, or in quotes, as the third argument, found %q", text)
	}
	var flags []flag
	for _, f := range strings.Split(text[1:len(text)-1], ",") {
		name, value, _ := strings.Cut(strings.Trim(f, blanks), "=")
		if name == "" {
			return nil, fmt.Errorf("unknown flag '' in %q: a flag is missing beside a comma", text)
		}
		flags = append(flags, flag{name, value})
	}
	return flags, nil
}
