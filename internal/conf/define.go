package conf

import (
	"maps"
	"slices"
	"strings"
)

// Defines are the names that Define and -D made, and their values. As in
// httpd, <IfDefine> minds case and ${NAME} does not.
type Defines struct {
	names  map[string]bool
	values map[string]string // by lower-case name
}

func newDefines(list []string) *Defines {
	d := &Defines{names: map[string]bool{}, values: map[string]string{}}
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		d.add(name)
		if ok {
			d.set(name, value)
		}
	}
	return d
}

func (d *Defines) clone() *Defines {
	return &Defines{names: maps.Clone(d.names), values: maps.Clone(d.values)}
}

// Has reports whether the name is defined, with or without a value.
func (d *Defines) Has(name string) bool { return d.names[name] }

// Value gives the value that ${NAME} stands for.
func (d *Defines) Value(name string) (string, bool) {
	v, ok := d.values[strings.ToLower(name)]
	return v, ok
}

// Names lists what is defined, sorted.
func (d *Defines) Names() []string { return slices.Sorted(maps.Keys(d.names)) }

func (d *Defines) add(name string) { d.names[name] = true }

func (d *Defines) set(name, value string) {
	d.add(name)
	d.values[strings.ToLower(name)] = value
}

func (d *Defines) remove(name string) {
	delete(d.names, name)
	delete(d.values, strings.ToLower(name))
}

// expand replaces each ${NAME} in a whole line, before it is split into words.
// What it puts in is not looked at again. A name that is neither defined nor in
// the environment stays as written and is passed to missing. The result is cut
// short somewhere past maxLine bytes.
func expand(s string, lookup func(string) (string, bool), missing func(string)) string {
	start := strings.Index(s, "${")
	if start < 0 {
		return s
	}
	var b strings.Builder
	for start >= 0 && b.Len() <= maxLine {
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			break
		}
		end += start
		name := s[start+2 : end]
		if value, ok := lookup(name); ok {
			b.WriteString(s[:start])
			b.WriteString(value)
		} else {
			b.WriteString(s[:end+1])
			missing(name)
		}
		s = s[end+1:]
		start = strings.Index(s, "${")
	}
	b.WriteString(s)
	return b.String()
}
