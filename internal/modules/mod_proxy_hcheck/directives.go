package hcheck

import (
	"fmt"
	"strings"

	"transom/internal/expr"
	"transom/internal/module"
	"transom/internal/upstream"
)

var directives = []module.Directive{
	{Name: "ProxyHCExpr", Where: module.Servers, Args: module.RawArgs, Syntax: "ProxyHCExpr name {ap_expr expression}",
		Doc: "Names a condition by which hcexpr= tells a healthy response.", Set: setExpr},
	{Name: "ProxyHCTemplate", Where: module.Servers, Args: module.TwoPlus, Syntax: "ProxyHCTemplate name parameter=setting [parameter=setting ...]",
		Doc: "Names parameters of health checks for hctemplate=.", Set: setTemplate},
	{Name: "ProxyHCTPsize", Where: module.InServer, Args: module.One, Syntax: "ProxyHCTPsize size",
		Doc: "How many checks may run at a time.", Support: module.Accepted("each check is a goroutine of its own")},
}

var settings = &module.Slot[checks]{Merge: merge}

// checks are the names that a server defines.
type checks struct {
	exprs     map[string]*expr.Bool
	templates map[string][]string // key=value
}

func merge(outer, inner *checks) *checks {
	m := &checks{map[string]*expr.Bool{}, map[string][]string{}}
	for _, c := range []*checks{outer, inner} {
		for name, e := range c.exprs {
			m.exprs[name] = e
		}
		for name, t := range c.templates {
			m.templates[name] = t
		}
	}
	return m
}

func setExpr(c *module.Command) error {
	name, text := module.Word(c.Raw)
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "{"); ok && strings.HasSuffix(inner, "}") {
		text = inner[:len(inner)-1]
	} else if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
		text, _ = module.Word(text)
	}
	if name == "" || text == "" {
		return fmt.Errorf("ProxyHCExpr needs a name and a condition: %s", c.Directive.Syntax)
	}
	e, err := expr.ParseBool(text, exprOptions)
	if err != nil {
		return fmt.Errorf("Could not parse expression %q: %w", text, err)
	}
	s := settings.Edit(c.Server.Settings)
	if s.exprs == nil {
		s.exprs = map[string]*expr.Bool{}
	}
	s.exprs[name] = e
	return nil
}

func setTemplate(c *module.Command) error {
	name, words := c.Args[0], c.Args[1:]
	if err := applyTemplate(words, new(upstream.Params)); err != nil {
		return fmt.Errorf("ProxyHCTemplate %s: %w", name, err)
	}
	s := settings.Edit(c.Server.Settings)
	if s.templates == nil {
		s.templates = map[string][]string{}
	}
	s.templates[name] = words
	return nil
}

func applyTemplate(words []string, p *upstream.Params) error {
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok || len(key) < 2 || !strings.EqualFold(key[:2], "hc") || strings.EqualFold(key, "hctemplate") {
			return fmt.Errorf("%q: expected hcmethod=, hcinterval=, hcpasses=, hcfails=, hcuri= or hcexpr=", w)
		}
		if err := p.SetParam(key, value); err != nil {
			return err
		}
	}
	return nil
}

// template is the offer that hctemplate= asks.
func template(in *module.Settings, name string) (func(*upstream.Params) error, bool) {
	words, ok := settings.Of(in).templates[name]
	return func(p *upstream.Params) error { return applyTemplate(words, p) }, ok
}
