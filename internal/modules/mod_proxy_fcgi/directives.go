package proxyfcgi

import (
	"errors"
	"fmt"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
)

var settings = &module.Slot[backend]{Merge: merge}

// backend is what is known of the application.
type backend struct {
	kind string // "fpm", "generic" or unset
	sets []*setEnv
}

func merge(outer, inner *backend) *backend {
	return &backend{kind: module.Inherit(outer.kind, inner.kind), sets: append(append([]*setEnv{}, outer.sets...), inner.sets...)}
}

// setEnv is a ProxyFCGISetEnvIf.
type setEnv struct {
	when  func(*module.Request) (bool, error)
	name  string
	unset bool
	value func(*module.Request) (string, error)
}

var directives = []module.Directive{
	{Name: "ProxyFCGIBackendType", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.One, Syntax: "ProxyFCGIBackendType FPM|GENERIC",
		Doc: "Whether SCRIPT_FILENAME is written in the way that php-fpm knows, or as a plain path.", Set: func(c *module.Command) error {
			kind := strings.ToLower(c.Args[0])
			if kind != "fpm" && kind != "generic" {
				return fmt.Errorf("ProxyFCGIBackendType must be FPM or GENERIC, not %q", c.Args[0])
			}
			settings.Edit(c.Dir).kind = kind
			return nil
		}},
	{Name: "ProxyFCGISetEnvIf", Where: module.Anywhere, Override: module.OverrideFileInfo, Args: module.RawArgs,
		Syntax: "ProxyFCGISetEnvIf conditional-expression [!]environment-variable-name [value-expression]",
		Doc:    "Changes a variable just before it is sent.", Set: addSetEnv},
}

func addSetEnv(c *module.Command) (err error) {
	condition, rest := conf.Word(c.Raw)
	name, rest := conf.Word(rest)
	value, rest := conf.Word(rest)
	s := &setEnv{}
	s.name, s.unset = strings.CutPrefix(name, "!")
	switch {
	case s.name == "":
		return errors.New("ProxyFCGISetEnvIf takes a condition, the name of a variable and perhaps a value")
	case strings.TrimSpace(rest) != "":
		return fmt.Errorf("ProxyFCGISetEnvIf: %q is too much: quote a value that has spaces", strings.TrimSpace(rest))
	}
	if s.when, err = c.Build.CompileBool(condition); err != nil {
		return fmt.Errorf("ProxyFCGISetEnvIf: could not parse the condition: %w", err)
	}
	if s.value, err = c.Build.CompileSubstitution(value); err != nil {
		return fmt.Errorf("ProxyFCGISetEnvIf: could not parse the value: %w", err)
	}
	b := settings.Edit(c.Dir)
	b.sets = append(b.sets, s)
	return nil
}
