// Package mime is mod_mime: what a file's extensions say of its content.
package mime

import (
	"fmt"
	"maps"
	"strings"

	"transom/internal/module"
)

// Module returns mod_mime.
func Module() *module.Module {
	return &module.Module{Name: "mod_mime", Identifier: "mime_module", Directives: directives, Compile: compile, Hooks: []module.Hook{
		{Phase: module.TypeChecker, Run: findType, Only: module.Files},
		{Phase: module.InsertFilter, Run: insertFilters, Applies: settings.InSections},
	}}
}

var (
	settings = &module.Slot[values]{Merge: merge}
	types    = &module.Slot[typesFile]{Merge: func(outer, inner *typesFile) *typesFile { return inner }}
)

// typesFile is TypesConfig, which is one for all servers.
type typesFile struct {
	path  string
	types map[string]string
}

// values are the Add directives of one scope: by extension, without its dot and in lower case.
type values struct {
	types, handlers, encodings, languages, charsets, outputs, inputs map[string]string
	defaultLanguage                                                  string
	pathInfo                                                         module.Flag // ModMimeUsePathInfo
	multiviews                                                       multiviewsMatch
}

func (v *values) maps() []*map[string]string {
	return []*map[string]string{&v.types, &v.handlers, &v.encodings, &v.languages, &v.charsets, &v.outputs, &v.inputs}
}

// merge lays the inner scope's extensions over the outer ones; an empty value is one that a Remove directive left.
func merge(outer, inner *values) *values {
	m := &values{defaultLanguage: module.Inherit(outer.defaultLanguage, inner.defaultLanguage), pathInfo: inner.pathInfo.Inherit(outer.pathInfo),
		multiviews: module.Inherit(outer.multiviews, inner.multiviews)}
	from, over := outer.maps(), inner.maps()
	for i, to := range m.maps() {
		*to = maps.Clone(*from[i])
		if *to == nil {
			*to = map[string]string{}
		}
		maps.Copy(*to, *over[i])
	}
	return m
}

// add is a directive that gives extensions a value; remove one that takes it away.
func add(name, what, doc string, field func(*values) *map[string]string) module.Directive {
	return module.Directive{Name: name, Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.TwoPlus,
		Syntax: name + " " + what + " extension [extension] ...", Doc: doc, Set: func(c *module.Command) error {
			value := c.Args[0]
			if name != "AddType" {
				value = strings.ToLower(value)
			}
			if name == "AddOutputFilter" {
				if err := module.CheckFilters(c, strings.Split(value, ";")); err != nil {
					return err
				}
			}
			if name == "AddInputFilter" {
				module.CheckInputFilters(c, strings.Split(value, ";"))
			}
			for _, ext := range c.Args[1:] {
				put(field(settings.Edit(c.Dir)), ext, value)
			}
			return nil
		}}
}

func remove(name, doc string, field func(*values) *map[string]string) module.Directive {
	return module.Directive{Name: name, Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some,
		Syntax: name + " extension [extension] ...", Doc: doc, Set: func(c *module.Command) error {
			for _, ext := range c.Args {
				put(field(settings.Edit(c.Dir)), ext, "")
			}
			return nil
		}}
}

func put(m *map[string]string, ext, value string) {
	if *m == nil {
		*m = map[string]string{}
	}
	(*m)[strings.ToLower(strings.TrimPrefix(ext, "."))] = value
}

func byTypes(v *values) *map[string]string     { return &v.types }
func byHandlers(v *values) *map[string]string  { return &v.handlers }
func byEncodings(v *values) *map[string]string { return &v.encodings }
func byLanguages(v *values) *map[string]string { return &v.languages }
func byCharsets(v *values) *map[string]string  { return &v.charsets }
func byOutputs(v *values) *map[string]string   { return &v.outputs }
func byInputs(v *values) *map[string]string    { return &v.inputs }

var directives = []module.Directive{
	add("AddType", "media-type", "The media type of files with these extensions.", byTypes),
	add("AddHandler", "handler-name", "The handler of files with these extensions.", byHandlers),
	add("AddEncoding", "encoding", "The content encoding of files with these extensions.", byEncodings),
	add("AddLanguage", "language-tag", "The language of files with these extensions.", byLanguages),
	add("AddCharset", "charset", "The charset of files with these extensions.", byCharsets),
	add("AddOutputFilter", "filter[;filter...]", "Filters for responses from files with these extensions.", byOutputs),
	add("AddInputFilter", "filter[;filter...]", "Filters for request bodies for files with these extensions.", byInputs),
	remove("RemoveType", "Takes AddType back.", byTypes),
	remove("RemoveHandler", "Takes AddHandler back.", byHandlers),
	remove("RemoveEncoding", "Takes AddEncoding back.", byEncodings),
	remove("RemoveLanguage", "Takes AddLanguage back.", byLanguages),
	remove("RemoveCharset", "Takes AddCharset back.", byCharsets),
	remove("RemoveOutputFilter", "Takes AddOutputFilter back.", byOutputs),
	remove("RemoveInputFilter", "Takes AddInputFilter back.", byInputs),
	{Name: "DefaultLanguage", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "DefaultLanguage language-tag",
		Doc: "The language of files whose extensions name none.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).defaultLanguage = c.Args[0]
			return nil
		}},
	{Name: "ModMimeUsePathInfo", Where: module.Sections, Args: module.OnOff, Syntax: "ModMimeUsePathInfo On|Off",
		Doc: "Whether the path behind a file's name counts for its extensions.", Set: func(c *module.Command) error {
			settings.Edit(c.Dir).pathInfo = c.Flag()
			return nil
		}},
	{Name: "MultiviewsMatch", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Some, Syntax: "MultiviewsMatch Any|NegotiatedOnly|Filters|Handlers [Handlers|Filters]",
		Doc: "Which extensions a variant that MultiViews finds may have.", Set: setMultiviewsMatch},
	{Name: "TypesConfig", Where: module.InServer, Args: module.One, Syntax: "TypesConfig file-path",
		Doc: "The file that lists media types and their extensions.", Set: setTypesConfig},
}

func setTypesConfig(c *module.Command) error {
	path := c.Build.Path(c.Args[0])
	list, err := readTypes(path)
	if err != nil {
		return fmt.Errorf("could not open mime types config file %s: %w", path, err)
	}
	*types.Edit(c.Server.Settings) = typesFile{path, list}
	return nil
}

// compile reads httpd's default file if TypesConfig names none; without one a table of our own does.
func compile(b *module.Build) error {
	for _, s := range b.Site.Servers {
		t := types.Edit(s.Settings)
		if t.types != nil {
			continue
		}
		if list, err := readTypes(b.Path("conf/mime.types")); err == nil {
			t.types = list
		} else {
			t.types = builtin
		}
	}
	return nil
}

// multiviewsMatch says which extensions count as known to MultiViews; zero is unset.
type multiviewsMatch uint8

const (
	multiviewsNegotiated multiviewsMatch = 1 << iota
	multiviewsHandlers
	multiviewsFilters
	multiviewsAny
)

func setMultiviewsMatch(c *module.Command) error {
	words := map[string]multiviewsMatch{"any": multiviewsAny, "negotiatedonly": multiviewsNegotiated, "handlers": multiviewsHandlers, "filters": multiviewsFilters}
	var m multiviewsMatch
	for _, arg := range c.Args {
		bit, ok := words[strings.ToLower(arg)]
		if !ok {
			return fmt.Errorf("MultiviewsMatch knows Any, NegotiatedOnly, Handlers and Filters, not %q", arg)
		}
		m |= bit
	}
	if len(c.Args) > 1 && m&(multiviewsAny|multiviewsNegotiated) != 0 {
		return fmt.Errorf("MultiviewsMatch Any and NegotiatedOnly stand alone")
	}
	settings.Edit(c.Dir).multiviews = m
	return nil
}
