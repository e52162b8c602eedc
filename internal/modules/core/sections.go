package core

import (
	"fmt"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
)

var sectionRows = []module.Directive{
	{Name: "Directory", Where: module.Servers, Args: module.RawArgs, Syntax: "<Directory directory-path> ... </Directory>",
		Doc: "Directives for a directory and all below it.", Open: openDirectory(false)},
	{Name: "DirectoryMatch", Where: module.Servers, Args: module.RawArgs, Syntax: "<DirectoryMatch regex> ... </DirectoryMatch>",
		Doc: "Directives for directories that match a regular expression.", Open: openDirectory(true)},
	{Name: "Files", Where: module.Servers | module.InDirectory | module.InIf | module.InHtaccess, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<Files filename> ... </Files>",
		Doc: "Directives for files of a name.", Open: openFiles(false)},
	{Name: "FilesMatch", Where: module.Servers | module.InDirectory | module.InIf | module.InHtaccess, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<FilesMatch regex> ... </FilesMatch>",
		Doc: "Directives for files whose names match a regular expression.", Open: openFiles(true)},
	{Name: "Location", Where: module.Servers, Args: module.RawArgs, Syntax: "<Location URL-path|URL> ... </Location>",
		Doc: "Directives for a URL's path and all below it.", Open: openLocation(false)},
	{Name: "LocationMatch", Where: module.Servers, Args: module.RawArgs, Syntax: "<LocationMatch regex> ... </LocationMatch>",
		Doc: "Directives for URL paths that match a regular expression.", Open: openLocation(true)},
	{Name: "If", Where: module.Anywhere, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<If expression> ... </If>",
		Doc: "Directives for requests of which an expression is true.", Open: openIf},
	{Name: "ElseIf", Where: module.Anywhere, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<ElseIf expression> ... </ElseIf>",
		Doc: "The next condition if the ones before were false.", Open: openIf},
	{Name: "Else", Where: module.Anywhere, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<Else> ... </Else>",
		Doc: "What applies if the conditions before were false.", Open: openIf},
	{Name: "Limit", Where: module.Sections | module.InHtaccess, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<Limit method [method] ...> ... </Limit>",
		Doc: "Access control for some methods only.", Open: openLimit},
	{Name: "LimitExcept", Where: module.Sections | module.InHtaccess, Override: module.OverrideAll, Args: module.RawArgs, Syntax: "<LimitExcept method [method] ...> ... </LimitExcept>",
		Doc: "Access control for all methods but some.", Open: openLimit},
}

// argument reads a section's argument: an optional "~" makes it a regular expression. A missing closing quote is
// accepted, as httpd does.
func argument(c *module.Command, regex bool) (string, bool, error) {
	arg, rest := module.Word(c.Raw)
	if arg == "~" && !regex {
		regex = true
		arg, rest = module.Word(rest)
	}
	if arg == "" {
		return "", regex, fmt.Errorf("<%s> needs an argument: %s", c.Name, c.Directive.Syntax)
	}
	if strings.TrimSpace(rest) != "" {
		return "", regex, fmt.Errorf("<%s> takes one argument: %q is too much; an argument with blanks stands in quotes", c.Name, strings.TrimSpace(rest))
	}
	return arg, regex, nil
}

func openSection(c *module.Command, kind module.SectionKind, where module.Where, m module.Matcher, name string) *module.Section {
	s := c.Build.NewSection(kind, c.Node, name, m)
	s.Outer = c.Section
	in := *c
	in.Section, in.Dir, in.Where = s, s.Settings, where
	if c.Where == module.InHtaccess {
		in.Where = module.InHtaccess
	}
	c.Apply(in, c.Children)
	return s
}

// listsOf is where a section inside the present scope belongs.
func listsOf(c *module.Command) *module.Lists {
	if c.Section != nil {
		return &c.Section.Nested
	}
	return &c.Server.Sections
}

func openDirectory(regex bool) func(*module.Command) error {
	return func(c *module.Command) error {
		arg, regex, err := argument(c, regex)
		if err != nil {
			return err
		}
		var m module.Matcher
		if regex {
			if m, err = module.RegexMatcher(arg); err != nil {
				return fmt.Errorf("Regex could not be compiled: %w", err)
			}
		} else {
			if arg == "" {
				return fmt.Errorf("<Directory> needs a path")
			}
			arg = c.Build.Path(arg)
			m = newDirectoryMatcher(arg)
		}
		list := listsOf(c)
		list.Directories = append(list.Directories, openSection(c, module.DirectorySection, module.InDirectory, m, arg))
		return nil
	}
}

func openFiles(regex bool) func(*module.Command) error {
	return func(c *module.Command) error {
		arg, regex, err := argument(c, regex)
		if err != nil {
			return err
		}
		var m module.Matcher = wildcard{arg}
		if regex {
			if m, err = module.RegexMatcher(arg); err != nil {
				return fmt.Errorf("Regex could not be compiled: %w", err)
			}
		}
		list := listsOf(c)
		list.Files = append(list.Files, openSection(c, module.FilesSection, module.InFiles, m, arg))
		return nil
	}
}

func openLocation(regex bool) func(*module.Command) error {
	return func(c *module.Command) error {
		arg, regex, err := argument(c, regex)
		if err != nil {
			return err
		}
		var m module.Matcher = newLocationMatcher(arg)
		if regex {
			if m, err = module.RegexMatcher(arg); err != nil {
				return fmt.Errorf("Regex could not be compiled: %w", err)
			}
		}
		list := listsOf(c)
		list.Locations = append(list.Locations, openSection(c, module.LocationSection, module.InLocation, m, arg))
		return nil
	}
}

func openIf(c *module.Command) error {
	list := listsOf(c)
	var chain *module.Section
	if !c.Is("If") {
		if len(list.Ifs) == 0 {
			return fmt.Errorf("<%s> section without previous <If> section in same scope", c.Name)
		}
		chain = list.Ifs[len(list.Ifs)-1]
	}
	condition := func(*module.Request) (bool, error) { return true, nil }
	if !c.Is("Else") {
		text := c.Raw
		if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
			text, _ = module.Word(text)
		}
		test, err := c.Build.CompileBool(text)
		if err != nil {
			return fmt.Errorf("Cannot parse condition clause: %w", err)
		}
		condition = test
	}
	s := openSection(c, module.IfSection, module.InIf, nil, c.Raw)
	s.If, s.Chain = condition, chain
	list.Ifs = append(list.Ifs, s)
	return nil
}

func openLimit(c *module.Command) error {
	names := conf.Words(c.Raw)
	if len(names) == 0 {
		return fmt.Errorf("<%s> needs at least one method", c.Name)
	}
	m := &module.Methods{Except: c.Is("LimitExcept")}
	for _, n := range names {
		if n == "TRACE" {
			return fmt.Errorf("TRACE cannot be controlled by <%s>, see TraceEnable", c.Name)
		}
		if n == "HEAD" {
			n = "GET"
		}
		m.Names = append(m.Names, n)
	}
	in := *c
	in.Methods = m
	c.Apply(in, c.Children)
	return nil
}
