// Package autoindex is mod_autoindex: a listing for a directory that has no index.
package autoindex

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

// Module returns mod_autoindex. Nothing is listed where a configuration loads modules, but not this one.
func Module() *module.Module {
	loaded := true
	return &module.Module{Name: "mod_autoindex", Identifier: "autoindex_module", Directives: directives,
		Compile: func(b *module.Build) error {
			loaded = b.Loads("autoindex_module")
			return nil
		},
		Hooks: []module.Hook{{Phase: module.Handler, Run: handle, Applies: func(_, _ *module.Settings) bool { return loaded }}}}
}

var settings = &module.Slot[values]{Merge: merge}

// values are one scope's directives. Lists are searched from the inner scope's first line on.
type values struct {
	icons, alts, descriptions []rule
	ignored                   []string
	ignoreReset               bool
	defaultIcon               string
	header, readme            string
	headInsert, styleSheet    string
	order                     string // IndexOrderDefault: a column's letter and A or D; empty: NA
	options                   options
}

// by says what a rule's pattern is matched against.
type by uint8

const (
	byName by = iota
	byType
	byEncoding
)

// rule gives files an icon, an alternative text, or a description.
type rule struct {
	by      by
	pattern string
	value   string
	alt     string // of an icon
}

func merge(outer, inner *values) *values {
	join := func(inner, outer []rule) []rule { return append(append([]rule{}, inner...), outer...) }
	m := &values{
		icons: join(inner.icons, outer.icons), alts: join(inner.alts, outer.alts), descriptions: join(inner.descriptions, outer.descriptions),
		ignored: inner.ignored, ignoreReset: inner.ignoreReset,
		defaultIcon: module.Inherit(outer.defaultIcon, inner.defaultIcon),
		header:      module.Inherit(outer.header, inner.header), readme: module.Inherit(outer.readme, inner.readme),
		headInsert: module.Inherit(outer.headInsert, inner.headInsert), styleSheet: module.Inherit(outer.styleSheet, inner.styleSheet),
		order: module.Inherit(outer.order, inner.order), options: outer.options.then(inner.options),
	}
	if !inner.ignoreReset {
		m.ignored = append(append([]string{}, inner.ignored...), outer.ignored...)
	}
	return m
}

func row(name string, args module.Arity, syntax, doc string, set func(*module.Command, *values) error) module.Directive {
	return module.Directive{Name: name, Where: module.Anywhere, Override: module.OverrideIndexes, Args: args, Syntax: name + " " + syntax, Doc: doc,
		Set: func(c *module.Command) error { return set(c, settings.Edit(c.Dir)) }}
}

// single is a directive that sets one text.
func single(name, syntax, doc string, field func(*values) *string) module.Directive {
	return row(name, module.One, syntax, doc, func(c *module.Command, v *values) error {
		*field(v) = c.Args[0]
		return nil
	})
}

// rules is a directive that gives a value to what its patterns match.
func rules(name, what string, b by, doc string, field func(*values) *[]rule) module.Directive {
	return row(name, module.TwoPlus, what, doc, func(c *module.Command, v *values) error {
		list := field(v)
		for _, pattern := range c.Args[1:] {
			r := rule{by: b, pattern: pattern, value: c.Args[0]}
			if strings.HasPrefix(name, "AddIcon") {
				if err := r.icon(); err != nil {
					return err
				}
			}
			*list = append(*list, r)
		}
		return nil
	})
}

// icon splits "(ALT,/icons/x.gif)".
func (r *rule) icon() error {
	inner, ok := strings.CutPrefix(r.value, "(")
	if !ok {
		return nil
	}
	inner, closed := strings.CutSuffix(inner, ")")
	if !closed {
		return fmt.Errorf("AddIcon: missing closing paren: %q must be a URL or (alternative text,URL)", r.value)
	}
	r.alt, r.value, _ = strings.Cut(inner, ",") // without a comma all is the text, and the URL is empty
	return nil
}

func iconsOf(v *values) *[]rule { return &v.icons }
func altsOf(v *values) *[]rule  { return &v.alts }

var directives = []module.Directive{
	rules("AddIcon", "icon name [name] ...", byName, "The icon of files whose names match.", iconsOf),
	rules("AddIconByType", "icon media-type [media-type] ...", byType, "The icon of files of a media type.", iconsOf),
	rules("AddIconByEncoding", "icon encoding [encoding] ...", byEncoding, "The icon of files with a content encoding.", iconsOf),
	rules("AddAlt", "text name [name] ...", byName, "What stands for the icon of files whose names match.", altsOf),
	rules("AddAltByType", "text media-type [media-type] ...", byType, "What stands for the icon of files of a media type.", altsOf),
	rules("AddAltByEncoding", "text encoding [encoding] ...", byEncoding, "What stands for the icon of files with a content encoding.", altsOf),
	rules("AddDescription", "text name [name] ...", byName, "The description of files whose names match.", func(v *values) *[]rule { return &v.descriptions }),
	single("DefaultIcon", "URL-path", "The icon of files for which none is configured.", func(v *values) *string { return &v.defaultIcon }),
	single("HeaderName", "filename", "The file whose content stands above the listing.", func(v *values) *string { return &v.header }),
	single("ReadmeName", "filename", "The file whose content stands below the listing.", func(v *values) *string { return &v.readme }),
	single("IndexHeadInsert", "markup", "What is put into the head of the page.", func(v *values) *string { return &v.headInsert }),
	single("IndexStyleSheet", "URL-path", "The style sheet of the page.", func(v *values) *string { return &v.styleSheet }),
	row("IndexIgnore", module.Some, "file [file] ...", "Names that are not listed.", func(c *module.Command, v *values) error {
		v.ignored = append(v.ignored, c.Args...)
		return nil
	}),
	row("IndexIgnoreReset", module.OnOff, "On|Off", "Whether the names that IndexIgnore gave outside count no more.", func(c *module.Command, v *values) error {
		v.ignoreReset = c.Flag() == module.On
		return nil
	}),
	row("IndexOptions", module.AnyArgs, "[+|-]option [[+|-]option] ...", "How a listing looks.", setOptions),
	row("IndexOrderDefault", module.Two, "Ascending|Descending Name|Date|Size|Description", "How a listing is sorted.", setOrder),
}

func setOrder(c *module.Command, v *values) error {
	direction, ok1 := map[string]string{"ascending": "A", "descending": "D"}[strings.ToLower(c.Args[0])]
	column, ok2 := map[string]string{"name": "N", "date": "M", "size": "S", "description": "D"}[strings.ToLower(c.Args[1])]
	if !ok1 || !ok2 {
		return fmt.Errorf("IndexOrderDefault takes Ascending or Descending, and Name, Date, Size or Description")
	}
	v.order = column + direction
	return nil
}
