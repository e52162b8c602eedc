// Package allowmethods is mod_allowmethods: which methods a section answers to.
package allowmethods

import (
	"fmt"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_allowmethods.
func Module() *module.Module {
	return &module.Module{Name: "mod_allowmethods", Identifier: "allowmethods_module",
		Directives: []module.Directive{
			{Name: "AllowMethods", Where: module.Sections, Args: module.AnyArgs, Syntax: "AllowMethods reset|HTTP-method [HTTP-method]...",
				Doc: "The methods that a section answers to; others get 405.", Set: set},
		},
		Hooks: []module.Hook{{Phase: module.AccessChecker, Position: module.First, Run: check, Applies: settings.InSections}},
	}
}

var settings = &module.Slot[dirSettings]{Merge: func(_, inner *dirSettings) *dirSettings { return inner }}

type dirSettings struct{ methods []string } // none: all

func set(c *module.Command) error {
	if len(c.Args) == 0 {
		return fmt.Errorf("AllowMethods: No method or 'reset' keyword given")
	}
	s := settings.Edit(c.Dir)
	if len(c.Args) == 1 && strings.EqualFold(c.Args[0], "reset") {
		s.methods = nil
		return nil
	}
	for _, m := range c.Args {
		if !module.KnownMethod(m) {
			return fmt.Errorf("AllowMethods: Invalid Method '%s'", m)
		}
		s.methods = append(s.methods, m)
	}
	return nil
}

// check lets TRACE pass, which TraceEnable decides on, and takes GET for HEAD.
func check(r *module.Request) module.Result {
	allowed := settings.Of(r.Dir).methods
	if len(allowed) == 0 || r.Method == http.MethodTrace {
		return module.Declined
	}
	for _, m := range allowed {
		if m == r.Method || m == http.MethodGet && r.Method == http.MethodHead || m == http.MethodHead && r.Method == http.MethodGet {
			return module.OK
		}
	}
	r.Logf("allowmethods", observe.Error, "AH01623", "client method denied by server configuration: '%s' to %s", r.Method, r.URI)
	r.SetErrHeader("Allow", strings.Join(allowed, ","))
	return http.StatusMethodNotAllowed
}
