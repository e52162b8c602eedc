package authzcore

import (
	"fmt"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

var providers = []module.AuthzProvider{
	{Name: "all", Parse: parseAll},
	{Name: "env", Parse: parseEnv},
	{Name: "method", Parse: parseMethod},
	{Name: "expr", Parse: parseExpr},
}

func parseAll(_ *module.Command, args string) (module.AuthzCheck, error) {
	word, rest := module.Word(args)
	granted := strings.EqualFold(word, "granted")
	if !granted && !strings.EqualFold(word, "denied") || strings.TrimSpace(rest) != "" {
		return nil, fmt.Errorf("Argument for 'Require all' must be 'granted' or 'denied'")
	}
	return func(*module.Request) module.AuthzAnswer { return module.Verdict(granted) }, nil
}

func parseEnv(_ *module.Command, args string) (module.AuthzCheck, error) {
	names := conf.Words(args)
	return func(r *module.Request) module.AuthzAnswer {
		return module.Verdict(slices.ContainsFunc(names, func(name string) bool { _, ok := r.Env(name); return ok }))
	}, nil
}

// parseMethod takes HEAD for GET, as httpd counts methods.
func parseMethod(_ *module.Command, args string) (module.AuthzCheck, error) {
	methods := &module.Methods{}
	for _, name := range conf.Words(args) {
		if !module.KnownMethod(name) {
			return nil, fmt.Errorf("Invalid Method '%s'", name)
		}
		if name == "HEAD" {
			name = "GET"
		}
		methods.Names = append(methods.Names, name)
	}
	return func(r *module.Request) module.AuthzAnswer { return module.Verdict(methods.Covers(r.Method)) }, nil
}

func parseExpr(c *module.Command, args string) (module.AuthzCheck, error) {
	text := strings.TrimSpace(args)
	if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
		text = text[1 : len(text)-1]
	}
	test, err := c.Build.CompileBool(text)
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %w", err)
	}
	return func(r *module.Request) module.AuthzAnswer {
		ok, err := test(r)
		if err != nil {
			r.Logf("authz_core", observe.Error, "AH02320", "expr: require evaluation failed: %v", err)
			return module.AuthzError
		}
		return module.Verdict(ok)
	}, nil
}
