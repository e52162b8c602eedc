// Package alias is mod_alias: URLs for files elsewhere, and redirects.
package alias

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/regex"
)

// Module returns mod_alias.
func Module() *module.Module {
	return &module.Module{Name: "mod_alias", Identifier: "alias_module", Directives: directives, Hooks: []module.Hook{
		{Phase: module.Translate, Run: translate, Applies: hasRules, Before: []string{"mod_vhost_alias", "mod_userdir"}, After: []string{"mod_proxy", "mod_rewrite"}},
		{Phase: module.Fixups, Run: redirectSection, Applies: sectionRules.InSections},
	}}
}

// rules are one scope's directives, in the file's order.
type rules struct {
	aliases   []*rule
	redirects []*rule
	whole     *rule       // a section's Redirect without a path; the last one counts
	relative  module.Flag // RedirectRelative
	preserve  module.Flag // AliasPreservePath
}

var (
	serverRules  = &module.Slot[rules]{Merge: merge}
	sectionRules = &module.Slot[rules]{Merge: merge}
)

func hasRules(server, sections *module.Settings) bool {
	return serverRules.Has(server) || sectionRules.Has(sections)
}

// merge puts an inner scope's rules first: the first one that matches counts.
func merge(outer, inner *rules) *rules {
	return &rules{
		aliases:   append(append([]*rule{}, inner.aliases...), outer.aliases...),
		redirects: append(append([]*rule{}, inner.redirects...), outer.redirects...),
		whole:     module.Inherit(outer.whole, inner.whole),
		relative:  inner.relative.Inherit(outer.relative),
		preserve:  inner.preserve.Inherit(outer.preserve),
	}
}

// rule is one directive: what it covers and what it leads to.
type rule struct {
	conf.Pos
	directive string // as written

	path    string       // prefix; or
	pattern *regex.Regex // regular expression; or neither, in a section
	target  string
	dynamic func(*module.Request) (string, error) // in a section, instead of target
	section string                                // of dynamic: the <Location>'s path
	status  int                                   // of a redirect
	script  bool
}

const redirectSyntax = "[status] [URL-path] [URL]"

var directives = []module.Directive{
	{Name: "Alias", Where: module.Servers | module.InLocation, Args: module.OneOrTwo, Syntax: "Alias [URL-path] file-path|directory-path",
		Doc: "A URL path whose files lie outside DocumentRoot.", Set: setAlias(false, false)},
	{Name: "AliasMatch", Where: module.Servers, Args: module.Two, Syntax: "AliasMatch regex file-path|directory-path",
		Doc: "Alias for URL paths that match a regular expression.", Set: setAlias(true, false)},
	{Name: "ScriptAlias", Where: module.Servers | module.InLocation, Args: module.OneOrTwo, Syntax: "ScriptAlias [URL-path] file-path|directory-path",
		Doc: "An alias whose files are CGI scripts. They are never run here, and never shown.", Set: setAlias(false, true)},
	{Name: "ScriptAliasMatch", Where: module.Servers, Args: module.Two, Syntax: "ScriptAliasMatch regex file-path|directory-path",
		Doc: "ScriptAlias for URL paths that match a regular expression.", Set: setAlias(true, true)},
	{Name: "AliasPreservePath", Where: module.Servers | module.Sections, Args: module.OnOff, Syntax: "AliasPreservePath On|Off",
		Doc: "Whether an Alias in a section keeps the rest of the path.", Set: func(c *module.Command) error {
			scope(c).preserve = c.Flag()
			return nil
		}},
	{Name: "Redirect", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OneTo3, Syntax: "Redirect " + redirectSyntax,
		Doc: "Sends the client to another URL.", Set: setRedirect(0, false)},
	{Name: "RedirectTemp", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Two, Syntax: "RedirectTemp URL-path URL",
		Doc: "Redirect with status 302.", Set: setRedirect(302, false)},
	{Name: "RedirectPermanent", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.Two, Syntax: "RedirectPermanent URL-path URL",
		Doc: "Redirect with status 301.", Set: setRedirect(301, false)},
	{Name: "RedirectMatch", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.OneTo3, Syntax: "RedirectMatch [status] regex [URL]",
		Doc: "Redirect for URL paths that match a regular expression.", Set: setRedirect(0, true)},
	{Name: "RedirectRelative", Where: module.Servers | module.Sections, Args: module.OnOff, Syntax: "RedirectRelative On|Off",
		Doc: "Whether a redirect to a path is sent as one.", Set: func(c *module.Command) error {
			scope(c).relative = c.Flag()
			return nil
		}},
}

// scope is where a directive's rule belongs.
func scope(c *module.Command) *rules {
	if c.Section != nil || c.Where == module.InHtaccess {
		return sectionRules.Edit(c.Dir)
	}
	return serverRules.Edit(c.Server.Settings)
}

func setAlias(match, script bool) func(*module.Command) error {
	return func(c *module.Command) error {
		r := &rule{Pos: c.Pos, directive: c.Name + " " + c.Raw, script: script}
		switch {
		case len(c.Args) == 2 && c.Section != nil:
			return fmt.Errorf("%s in <%s> takes one argument, the file path; the URL path is the section's", c.Name, c.Section.Title)
		case len(c.Args) == 1 && c.Section == nil:
			return fmt.Errorf("%s takes two arguments here: %s", c.Name, c.Directive.Syntax)
		case len(c.Args) == 1:
			value, err := c.Build.CompileString(c.Args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			r.dynamic = value
			if c.Section.Kind == module.LocationSection {
				r.section = strings.TrimRight(c.Section.Path, "/")
			}
			sectionRules.Edit(c.Dir).aliases = append([]*rule{r}, sectionRules.Edit(c.Dir).aliases...)
			return nil
		case match:
			re, err := regex.Compile(c.Args[0], regex.Flags{})
			if err != nil {
				return fmt.Errorf("%s: Regular expression could not be compiled: %w", c.Name, err)
			}
			r.pattern, r.target = re, c.Args[1]
		default:
			r.path, r.target = c.Args[0], c.Build.Path(c.Args[1])
			if strings.HasSuffix(c.Args[1], "/") && !strings.HasSuffix(r.target, "/") {
				r.target += "/"
			}
		}
		s := serverRules.Edit(c.Server.Settings)
		s.aliases = append(s.aliases, r)
		return nil
	}
}

var statusWords = map[string]int{"permanent": http.StatusMovedPermanently, "temp": http.StatusFound, "seeother": http.StatusSeeOther, "gone": http.StatusGone}

func setRedirect(status int, match bool) func(*module.Command) error {
	return func(c *module.Command) error {
		r := &rule{Pos: c.Pos, directive: c.Name + " " + c.Raw, status: status}
		args := c.Args
		if status == 0 {
			r.status = http.StatusFound
			s, ok := statusOf(args[0])
			if ok {
				r.status, args = s, args[1:]
			} else if len(args) == 3 {
				return fmt.Errorf("%s: invalid first argument (of three): %q is no status such as permanent or 301", c.Name, args[0])
			}
		}
		needsURL := r.status >= 300 && r.status < 400
		inSection := c.Section != nil && !match
		if len(args) == 0 && !needsURL && !match && c.Section == nil {
			c.Warnf("%s %s is ignored: it covers no path outside a section; httpd's process would end at the first request. Write %s %s /", c.Name, c.Raw, c.Name, c.Raw)
			return nil
		}
		if r.status < 200 || r.status > 599 {
			c.Warnf("%s: no response ends with status %d: it will be 500", c.Name, r.status)
			r.status = http.StatusInternalServerError
		}
		if err := r.read(c, args, match, inSection && len(args) < 2 && needsURL, needsURL); err != nil {
			return err
		}
		s := scope(c)
		if r.path == "" && r.pattern == nil {
			s.whole = r
		} else {
			s.redirects = append(s.redirects, r)
		}
		return nil
	}
}

func statusOf(word string) (int, bool) {
	if s, ok := statusWords[strings.ToLower(word)]; ok {
		return s, true
	}
	n, err := strconv.Atoi(word)
	return n, err == nil && n >= 0
}

// read takes what stands behind the status: a path or a pattern, and a URL.
func (r *rule) read(c *module.Command, args []string, match, dynamic, needsURL bool) error {
	if dynamic {
		if len(args) != 1 {
			return fmt.Errorf("%s needs a URL: %s", c.Name, c.Directive.Syntax)
		}
		value, err := c.Build.CompileString(args[0])
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		r.dynamic = value
		return nil
	}
	switch {
	case len(args) == 0 && c.Section != nil && !needsURL && !match:
		return nil
	case len(args) == 0:
		return fmt.Errorf("%s needs a URL path: %s", c.Name, c.Directive.Syntax)
	case len(args) == 1 && needsURL:
		return fmt.Errorf("URL to redirect to is missing: %s", c.Directive.Syntax)
	case len(args) == 2 && !needsURL:
		return fmt.Errorf("Redirect URL not valid for this status: %d takes no URL", r.status)
	case len(args) > 2:
		return fmt.Errorf("%s takes at most a status, a path and a URL: %s", c.Name, c.Directive.Syntax)
	}
	if len(args) == 2 {
		r.target = args[1]
		if !match && !strings.Contains(r.target, "://") && !strings.HasPrefix(r.target, "/") {
			return fmt.Errorf("Redirect to non-URL: %q must be a URL or begin with a slash", r.target)
		}
	}
	if !match {
		r.path = args[0]
		if !strings.HasPrefix(r.path, "/") {
			c.Warnf("%s: no request has the URL path %q: it would begin with a slash", c.Name, r.path)
		}
		return nil
	}
	re, err := regex.Compile(args[0], regex.Flags{})
	if err != nil {
		return fmt.Errorf("Regular expression could not be compiled: %w", err)
	}
	r.pattern = re
	return nil
}
