package proxy

import (
	"fmt"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/regex"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// setPass is ProxyPass and ProxyPassMatch, in and outside <Location>.
func setPass(isMatch bool) func(*module.Command) error {
	return func(c *module.Command) error {
		words := conf.Words(c.Raw)
		useRegex := isMatch
		inside := c.Section != nil
		path := ""
		if inside {
			path = c.Section.Path
		} else {
			if len(words) > 0 && words[0] == "~" {
				if isMatch {
					return fmt.Errorf("ProxyPassMatch invalid syntax ('~' usage).")
				}
				useRegex, words = true, words[1:]
			}
			if len(words) > 0 {
				path, words = words[0], words[1:]
			}
		}
		if len(words) == 0 {
			return fmt.Errorf("ProxyPass|ProxyPassMatch needs a path when not defined in a location: %s", c.Directive.Syntax)
		}
		a, params, err := readPass(words[0], words[1:], inside)
		if err != nil {
			return err
		}
		if inside && (isRegexSection(c.Section) || strings.ContainsAny(path, "*?[")) {
			useRegex = true
		}
		a.Pos, a.directive, a.path = c.Pos, c.Name+" "+c.Raw, path
		if useRegex {
			if a.re, err = regex.Compile(path, regex.Flags{}); err != nil {
				return fmt.Errorf("Regular expression could not be compiled: %w", err)
			}
		}
		if err := definePass(c, a, params, useRegex); err != nil {
			return err
		}
		if inside {
			dirs.Edit(c.Dir).alias = a
		} else {
			s := servers.Edit(c.Server.Settings)
			s.aliases = append(s.aliases, a)
		}
		return nil
	}
}

func isRegexSection(s *module.Section) bool {
	r, ok := s.Match.(interface{ IsRegex() bool })
	return ok && r.IsRegex()
}

// param is one key=value, in the order written.
type param struct{ key, value string }

func readPass(target string, words []string, inside bool) (*alias, []param, error) {
	a := newAlias(target)
	var params []param
	for _, w := range words {
		key, value, isParam := strings.Cut(w, "=")
		switch {
		case strings.EqualFold(w, "nocanon"):
			a.noCanon = true
		case strings.EqualFold(w, "interpolate"):
			a.interpolate = true
		case strings.EqualFold(w, "noquery"):
			a.noQuery = true
		case !isParam && inside && strings.HasPrefix(target, "/"):
			return nil, nil, fmt.Errorf("ProxyPass|ProxyPassMatch can not have a path when defined in a location.")
		case !isParam:
			return nil, nil, fmt.Errorf("Invalid ProxyPass|ProxyPassMatch parameter %q. Parameter must be in the form 'key=value'.", w)
		case strings.EqualFold(key, "mapping"):
			a.mapping = strings.ToLower(value)
			if a.mapping != "encoded" && a.mapping != "servlet" {
				return nil, nil, fmt.Errorf("mapping=%s: expected encoded or servlet", value)
			}
		default:
			params = append(params, param{key, value})
		}
	}
	return a, params, nil
}

// definePass makes the worker or balancer that a ProxyPass names, or finds the one it shares.
func definePass(c *module.Command, a *alias, params []param, isMatch bool) error {
	if a.target == "!" {
		return nil
	}
	if a.interpolate && strings.Contains(a.target, "${") {
		if i := strings.Index(a.target, "${"); !strings.Contains(a.target[:i], "://") || i <= len(hostPart(a.target)) {
			return nil // its worker is known only with the request
		}
	}
	if isBalancerURL(a.target) {
		return setBalancerParams(c, defineBalancer(c, a.target), params)
	}
	if a.open && !a.hostRefs && !isMatch && strings.HasSuffix(a.path, "/") && c.Section == nil {
		c.Warnf("%s %s: the path ends in a slash and the URL does not, so that all requests but that for %s itself fail; write %s/", c.Name, c.Raw, a.path, a.target)
	}
	d, shared, err := defineWorker(c, a.target, isMatch)
	if err != nil {
		return fmt.Errorf("%s %w", c.Name, err)
	}
	if shared {
		said := d.node.Words()
		for _, p := range params {
			if slices.Contains(said, p.key+"="+p.value) {
				continue // the same again changes nothing
			}
			c.Warnf("Ignoring parameter '%s=%s' for worker '%s' because of worker sharing", p.key, p.value, d.name)
		}
		return nil
	}
	return setWorkerParams(c, d, params)
}

// hostPart is a URL up to the slash behind its authority.
func hostPart(url string) string {
	rest, ok := authorityOf(url)
	if !ok {
		return url
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return url[:len(url)-len(rest)+i]
	}
	return url
}

func isBalancerURL(url string) bool {
	return len(url) > len("balancer://") && http1.EqualFold(url[:len("balancer://")], "balancer://")
}

// balancerName is the balancer that a URL names: its path does not count.
func balancerName(url string) string {
	host, _, _ := strings.Cut(url[len("balancer://"):], "/")
	return "balancer://" + strings.ToLower(host)
}

func defineBalancer(c *module.Command, url string) *balancer {
	s := servers.Edit(c.Server.Settings)
	name := balancerName(url)
	for _, b := range s.balancers {
		if b.name == name {
			return b
		}
	}
	b := &balancer{name: name, params: upstream.DefaultBalancerParams(), server: c.Server, node: c.Node}
	s.balancers = append(s.balancers, b)
	return b
}

func setBalancerParams(c *module.Command, b *balancer, params []param) error {
	for _, p := range params {
		if err := b.params.SetParam(p.key, p.value); err != nil {
			return fmt.Errorf("%s %w", c.Name, err)
		}
	}
	return nil
}

// defineWorker makes the worker of a URL, unless one defined before in this server serves it too: its name is a leading part
// of the URL (worker sharing).
func defineWorker(c *module.Command, text string, isMatch bool) (d *definition, shared bool, err error) {
	u, name, err := workerURL(text)
	if err != nil {
		return nil, false, err
	}
	s := servers.Edit(c.Server.Settings)
	if d := findDefinition(s.workers, name, len(hostPart(name))); d != nil {
		return d, true, nil
	}
	d = &definition{name: name, url: u, params: upstream.DefaultParams(), server: c.Server, node: c.Node}
	d.refs = hasReference(name)
	d.isMatch = isMatch && d.refs
	if d.isMatch {
		d.params.Reuse = upstream.Off
	}
	s.workers = append(s.workers, d)
	return d, false, nil
}

// findDefinition is the worker with the longest name that serves a URL. As in httpd, a name with a back-reference that is longer
// than the URL itself counts less than all others. authority is how much of name is hostPart.
func findDefinition(defs []*definition, name string, authority int) (best *definition) {
	longest := -1
	for _, d := range defs {
		length := len(d.name)
		if length > len(name) {
			length = 0
		}
		if length > longest && d.serves(name, authority) {
			best, longest = d, length
		}
	}
	return best
}

func setWorkerParams(c *module.Command, d *definition, params []param) error {
	for _, p := range params {
		if strings.ContainsAny(p.value, " \t") && strings.Contains(p.value, "=") {
			c.Warnf("%s=%s: several parameters in one pair of quotes are one parameter, of which only the first counts", p.key, p.value)
		}
		if strings.EqualFold(p.key, "hmax") {
			c.Warnf("hmax is ignored: httpd no longer has it, the system frees what is not used")
			continue
		}
		if err := setWorkerParam(c, d, p); err != nil {
			return fmt.Errorf("%s %w", c.Name, err)
		}
	}
	return nil
}

// setWorkerParam sets one parameter. hctemplate stands for those that ProxyHCTemplate names.
func setWorkerParam(c *module.Command, d *definition, p param) error {
	if err := d.params.SetParam(p.key, p.value); err != nil || !strings.EqualFold(p.key, "hctemplate") {
		return err
	}
	for _, find := range c.Build.Site.Offered.WorkerParams {
		for _, in := range []*module.Settings{c.Server.Settings, c.Build.Site.Servers[0].Settings} {
			if apply, ok := find(in, p.value); ok {
				return apply(&d.params)
			}
		}
	}
	return fmt.Errorf("hctemplate=%s: no ProxyHCTemplate above defines it", p.value)
}
