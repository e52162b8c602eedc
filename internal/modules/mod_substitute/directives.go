// Package substitute is mod_substitute: search and replace in responses.
package substitute

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/regex"
)

// Module returns mod_substitute.
func Module() *module.Module {
	return &module.Module{Name: "mod_substitute", Identifier: "substitute_module", Directives: directives, Offers: module.Offers{
		Filters: []module.NamedFilter{{Name: "SUBSTITUTE", Rank: module.ResourceRank, Wrap: substitute, NoCache: true}}}}
}

var settings = &module.Slot[values]{Merge: merge}

type values struct {
	rules      []*rule
	maxLine    int         // bytes; 0: unset
	outerFirst module.Flag // SubstituteInheritBefore
}

// rule is one s/pattern/replacement/flags.
type rule struct {
	pattern     *regex.Regex
	fixed       string         // with the flag n, instead of pattern
	anyCase     *regexp.Regexp // of fixed, with the flag i
	replacement string
}

func merge(outer, inner *values) *values {
	m := &values{maxLine: module.Inherit(outer.maxLine, inner.maxLine), outerFirst: inner.outerFirst.Inherit(outer.outerFirst)}
	first, second := inner.rules, outer.rules
	if m.outerFirst == module.On {
		first, second = second, first
	}
	m.rules = append(append([]*rule{}, first...), second...)
	return m
}

var directives = []module.Directive{
	{Name: "Substitute", Where: module.Sections | module.InHtaccess | module.Servers, Override: module.OverrideFileInfo, Args: module.One, Syntax: "Substitute s/pattern/substitution/[infq]",
		Doc: "Replaces what matches in the lines of responses that pass the filter SUBSTITUTE.", Set: setSubstitute},
	{Name: "SubstituteMaxLineLength", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "SubstituteMaxLineLength bytes[b|k|m|g]",
		Doc: "The longest line that is searched; a longer one ends the response.", Set: setMaxLine},
	{Name: "SubstituteInheritBefore", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OnOff, Syntax: "SubstituteInheritBefore On|Off",
		Doc: "Whether rules from outside are applied before those of a section.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).outerFirst = c.Flag()
			return nil
		}},
}

func setSubstitute(c *module.Command) error {
	text := c.Args[0]
	if len(text) < 2 || text[0] != 's' && text[0] != 'S' {
		return fmt.Errorf("Bad Substitute format, must be an s/// pattern: %q", text)
	}
	parts := strings.Split(text[2:], text[1:2])
	if len(parts) == 2 {
		parts = append(parts, "") // httpd does without the last delimiter
	}
	if len(parts) != 3 {
		return fmt.Errorf("Bad Substitute format, must be a complete s/// pattern: %q", text)
	}
	r := &rule{replacement: parts[1]}
	flags := regex.Flags{}
	for _, f := range parts[2] {
		switch f {
		case 'i':
			flags.IgnoreCase = true
		case 'n':
			r.fixed = parts[0]
		case 'f', 'q': // whether httpd joins its buffers between rules: no difference here
		default:
			return fmt.Errorf("Bad Substitute flag %q, only s///[infq] are supported", f)
		}
	}
	if flags.IgnoreCase && r.fixed != "" {
		var err error
		if r.anyCase, err = regexp.Compile("(?i)" + regexp.QuoteMeta(r.fixed)); err != nil {
			return fmt.Errorf("Substitute with the flags n and i: %w", err)
		}
	}
	if parts[0] == "" {
		return fmt.Errorf("Substitute: the pattern is empty")
	}
	if r.fixed == "" {
		re, err := regex.Compile(parts[0], flags)
		if err != nil {
			return fmt.Errorf("Substitute could not compile regex: %w", err)
		}
		r.pattern = re
	}
	s := settings.Edit(c.Dir)
	s.rules = append(s.rules, r)
	return nil
}

func setMaxLine(c *module.Command) error {
	text := strings.ToLower(c.Args[0])
	units := map[byte]int{'b': 1, 'k': 1 << 10, 'm': 1 << 20, 'g': 1 << 30}
	unit := 1
	if u, ok := units[text[max(0, len(text)-1)]]; ok {
		unit, text = u, text[:len(text)-1]
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > (1<<31-1)/unit {
		return fmt.Errorf("SubstituteMaxLineLength must be a number, optionally with b, k, m or g, not %q", c.Args[0])
	}
	settings.Edit(c.Dir).maxLine = n * unit
	return nil
}
