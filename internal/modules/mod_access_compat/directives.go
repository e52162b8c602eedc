// Package accesscompat is mod_access_compat: Order, Allow, Deny and Satisfy of httpd 2.2.
package accesscompat

import (
	"fmt"
	"strings"

	"transom/internal/expr"
	"transom/internal/module"
)

// Module returns mod_access_compat.
func Module() *module.Module {
	return &module.Module{Name: "mod_access_compat", Identifier: "access_compat_module", Directives: directives,
		Hooks: []module.Hook{{Phase: module.AccessChecker, Run: check, Applies: settings.InSections}}}
}

const where = module.Sections | module.InHtaccess

var directives = []module.Directive{
	{Name: "Order", Where: where, Override: module.OverrideLimit, Args: module.RawArgs, Syntax: "Order Deny,Allow|Allow,Deny|Mutual-failure",
		Doc: "Which of Allow and Deny has the last word, and what applies to clients that neither names.", Set: setOrder},
	{Name: "Allow", Where: where, Override: module.OverrideLimit, Args: module.TwoPlus, Syntax: "Allow from all|host|env=[!]variable [host|env=[!]variable] ...",
		Doc: "Clients that may come.", Set: func(c *module.Command) error { return addClients(c, &edit(c).allow) }},
	{Name: "Deny", Where: where, Override: module.OverrideLimit, Args: module.TwoPlus, Syntax: "Deny from all|host|env=[!]variable [host|env=[!]variable] ...",
		Doc: "Clients that may not come.", Set: func(c *module.Command) error { return addClients(c, &edit(c).deny) }},
	{Name: "Satisfy", Where: where, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "Satisfy Any|All",
		Doc: "Whether a client needs both an allowed address and an allowed user, or one of them.", Set: setSatisfy},
}

// edit makes the scope's settings be set. Satisfy's go with them: httpd keeps both in one place, and an inner section's
// replace an outer one's as a whole.
func edit(c *module.Command) *dirSettings {
	module.Satisfies.Edit(c.Dir)
	return settings.Edit(c.Dir)
}

func setOrder(c *module.Command) error {
	arg, rest := module.Word(c.Raw)
	if arg == "" || strings.TrimSpace(rest) != "" {
		return fmt.Errorf("order takes one argument, 'allow,deny', 'deny,allow', or 'mutual-failure', without spaces")
	}
	o := orderRule{Pos: c.Pos, title: "Order " + arg, methods: c.Methods}
	switch strings.ToLower(arg) {
	case "deny,allow":
		o.order = denyAllow
	case "allow,deny":
		o.order = allowDeny
	case "mutual-failure":
		o.order = mutualFailure
	default:
		return fmt.Errorf("unknown order %q: it must be 'allow,deny', 'deny,allow' or 'mutual-failure'", arg)
	}
	s := edit(c)
	s.orders = append(s.orders, o)
	return nil
}

func setSatisfy(c *module.Command) error {
	any := strings.EqualFold(c.Args[0], "any")
	if !any && !strings.EqualFold(c.Args[0], "all") {
		return fmt.Errorf("Satisfy either 'any' or 'all'.")
	}
	edit(c)
	s := module.Satisfies.Edit(c.Dir)
	s.Rules = append(s.Rules, module.SatisfyRule{Methods: c.Methods, Any: any})
	return nil
}

func addClients(c *module.Command, list *[]clients) error {
	if !strings.EqualFold(c.Args[0], "from") {
		return fmt.Errorf("allow and deny must be followed by 'from'")
	}
	for _, arg := range c.Args[1:] {
		if strings.Contains(arg, "#") {
			return fmt.Errorf("No comments are allowed here")
		}
		matches, err := parseClients(arg)
		if err != nil {
			return err
		}
		*list = append(*list, clients{c.Pos, c.Name + " " + c.Raw, c.Methods, strings.EqualFold(c.Name, "Allow"), matches})
	}
	return nil
}

func parseClients(arg string) (func(*module.Request) bool, error) {
	lower := strings.ToLower(arg)
	switch {
	case strings.HasPrefix(lower, "env=!"):
		return func(r *module.Request) bool { _, ok := r.Env(arg[5:]); return !ok }, nil
	case strings.HasPrefix(lower, "env="):
		return func(r *module.Request) bool { _, ok := r.Env(arg[4:]); return ok }, nil
	case lower == "all":
		return func(*module.Request) bool { return true }, nil
	case looksLikeIP(arg):
		subnet, err := expr.ParseSubnet(arg)
		if err != nil {
			return nil, err
		}
		return func(r *module.Request) bool { return subnet.Contains(r.UserAgentAddr) }, nil
	case strings.Contains(arg, "/"):
		return nil, fmt.Errorf("An IP address was expected before the slash of %q", arg)
	}
	return func(r *module.Request) bool {
		host := r.VerifiedHost()
		return host != "" && module.InDomain(arg, host)
	}, nil
}

// looksLikeIP is httpd's test whether an argument is meant as an address, so that a wrong one is an error and no host name.
func looksLikeIP(arg string) bool {
	address, _, _ := strings.Cut(arg, "/")
	return strings.Contains(address, ":") || strings.Trim(address, "0123456789.") == ""
}
