package module

import (
	"fmt"
	"strings"

	"transom/internal/conf"
)

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// Check splits a directive's arguments and says whether it may stand in this place with these. It is the only place where
// arity and context are decided, for all rows.
func (d *Directive) Check(c *Command) error {
	if d.Where&c.Where == 0 {
		return fmt.Errorf("%s not allowed here: it may stand in %s", d.Title(), d.Where)
	}
	if d.Support.Level == IsRefused {
		return fmt.Errorf("%s is not supported: %s", d.Title(), d.Support.Reason)
	}
	if d.Args.Raw {
		return nil
	}
	args := conf.Words(c.Raw)
	if len(args) < d.Args.Min || d.Args.Max >= 0 && len(args) > d.Args.Max {
		return fmt.Errorf("%s takes %s, not %s: %s", d.Title(), d.Args, count(len(args)), d.Syntax)
	}
	if d.Args.Flag && !equalFold(args[0], "on") && !equalFold(args[0], "off") {
		return fmt.Errorf("%s must be On or Off, not %q", d.Name, args[0])
	}
	c.Args = args
	return nil
}

// Admitted says whether AllowOverride or AllowOverrideList lets the directive stand in .htaccess.
func (d *Directive) Admitted(c *Command) error {
	if c.Where != InHtaccess || d.Where&InHtaccess == 0 || d.Override&c.Override != 0 || c.Allow != nil && c.Allow.List[strings.ToLower(d.Name)] {
		return nil
	}
	return fmt.Errorf("%s not allowed here: AllowOverride does not admit it", d.Title())
}

// Title is the directive's name as it is written, with angle brackets for a section.
func (d *Directive) Title() string {
	if d.Open != nil {
		return "<" + d.Name + ">"
	}
	return d.Name
}

var counts = [...]string{"none", "one", "two", "three", "four"}

func count(n int) string {
	if n < len(counts) {
		return counts[n]
	}
	return fmt.Sprint(n)
}

func (a Arity) String() string {
	plural := func(n int) string {
		if n == 1 {
			return "argument"
		}
		return "arguments"
	}
	switch {
	case a.Flag:
		return "one argument, On or Off"
	case a.Max < 0 && a.Min == 0:
		return "any number of arguments"
	case a.Max < 0:
		return "at least " + count(a.Min) + " " + plural(a.Min)
	case a.Max == 0:
		return "no arguments"
	case a.Min == a.Max:
		return count(a.Min) + " " + plural(a.Min)
	case a.Min+1 == a.Max:
		return count(a.Min) + " or " + count(a.Max) + " arguments"
	default:
		return count(a.Min) + " to " + count(a.Max) + " arguments"
	}
}

func (w Where) String() string {
	if w == Anywhere {
		return "server config, virtual host, directory, .htaccess"
	}
	var names []string
	for _, p := range []struct {
		bits Where
		name string
	}{{InServer, "server config"}, {InVirtualHost, "virtual host"}, {Sections, "directory"}, {InHtaccess, ".htaccess"}} {
		if w&p.bits == p.bits {
			names = append(names, p.name)
			w &^= p.bits
		}
	}
	for _, p := range []struct {
		bit  Where
		name string
	}{{InDirectory, "<Directory>"}, {InLocation, "<Location>"}, {InFiles, "<Files>"}, {InProxy, "<Proxy>"}, {InIf, "<If>"}} {
		if w&p.bit != 0 {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, ", ")
}
