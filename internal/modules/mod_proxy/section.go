package proxy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/upstream"
)

// openProxy is <Proxy> and <ProxyMatch>.
func openProxy(isRegex bool) func(*module.Command) error {
	return func(c *module.Command) error {
		arg, rest := module.Word(c.Raw)
		if len(arg) > 6 && strings.EqualFold(arg[:6], "proxy:") {
			arg = arg[6:]
		}
		m, err := newMatcher(arg, isRegex)
		if err != nil {
			return err
		}
		s := c.Build.NewSection(module.ProxySection, c.Node, arg, m)
		about := &proxied{url: arg, pattern: isRegex || strings.ContainsAny(arg, "*?[")}
		dirs.Edit(s.Settings).proxied = about
		in := *c
		in.Section, in.Dir, in.Where = s, s.Settings, module.InProxy
		if rest = strings.TrimSpace(rest); rest != "" {
			if !isRegex && !strings.Contains(arg, "://") {
				return fmt.Errorf("arguments are not supported for non url: %s takes parameters behind the URL of a worker; use <ProxyMatch> for a regular expression", c.Directive.Title())
			}
			if err := setProxyParams(&in, about, conf.Words(rest)); err != nil {
				return err
			}
		}
		c.Apply(in, c.Children)
		c.Server.Sections.Proxies = append(c.Server.Sections.Proxies, s)
		return nil
	}
}

// newMatcher is the rule of <Proxy>: what the proxied URL begins with, or a pattern for all of it in which * stands for
// slashes too.
func newMatcher(arg string, isRegex bool) (module.Matcher, error) {
	switch {
	case isRegex:
		m, err := module.RegexMatcher(arg)
		if err != nil {
			return nil, fmt.Errorf("Regex could not be compiled: %w", err)
		}
		return m, nil
	case strings.ContainsAny(arg, "*?["):
		if _, err := path.Match(arg, ""); err != nil {
			return nil, fmt.Errorf("%q is no pattern: %w", arg, err)
		}
		return wildcard(arg), nil
	}
	return beginning(arg), nil
}

type beginning string

func (b beginning) Match(url string) (bool, map[string]string, error) {
	if _, _, socket := cutSocket(string(b)); !socket {
		_, url, _ = cutSocket(url)
	}
	return strings.HasPrefix(url, string(b)), nil, nil
}

type wildcard string

// Match lets * and ? stand for slashes as well: path.Match is given none to stop at.
func (w wildcard) Match(url string) (bool, map[string]string, error) {
	if w == "*" {
		return true, nil, nil
	}
	const slash = "\x01"
	ok, _ := path.Match(strings.ReplaceAll(string(w), "/", slash), strings.ReplaceAll(url, "/", slash))
	return ok, nil, nil
}

// about is the worker or balancer of the enclosing <Proxy>.
func about(c *module.Command) *proxied {
	if c.Section == nil {
		return nil
	}
	return dirs.Edit(c.Section.Settings).proxied
}

// setProxySet is ProxySet: [url] key=value ...
func setProxySet(c *module.Command) error {
	p, words := about(c), conf.Words(c.Raw)
	if p == nil {
		if len(words) == 0 {
			return fmt.Errorf("ProxySet needs a URL outside <Proxy>: %s", c.Directive.Syntax)
		}
		p, words = &proxied{url: words[0]}, words[1:]
		if !defined(c, p.url) {
			return fmt.Errorf("ProxySet can not find '%s': outside <Proxy> it changes what a ProxyPass, or a <Proxy> with parameters, has defined above", p.url)
		}
	}
	if len(words) == 0 {
		return fmt.Errorf("ProxySet needs parameters: %s", c.Directive.Syntax)
	}
	return setProxyParams(c, p, words)
}

// defined says whether there is a worker or a balancer of this URL.
func defined(c *module.Command, url string) bool {
	s := servers.Edit(c.Server.Settings)
	if isBalancerURL(url) {
		return slices.ContainsFunc(s.balancers, func(b *balancer) bool { return b.name == balancerName(url) })
	}
	_, name, err := workerURL(url)
	return err != nil || findDefinition(s.workers, name, len(hostPart(name))) != nil // a URL that is none has an error of its own
}

func setProxyParams(c *module.Command, p *proxied, words []string) error {
	if p.pattern || !strings.Contains(p.url, "://") {
		return fmt.Errorf("parameters need the URL of one worker or balancer, %s is a pattern", p.url)
	}
	params, err := keyValues(words)
	if err != nil {
		return err
	}
	if isBalancerURL(p.url) {
		p.balancer = defineBalancer(c, p.url)
		return setBalancerParams(c, p.balancer, params)
	}
	d, _, err := defineWorker(c, p.url, false)
	if err != nil {
		return fmt.Errorf("%s %w", c.Name, err)
	}
	p.worker = d
	return setWorkerParams(c, d, params)
}

func keyValues(words []string) ([]param, error) {
	var params []param
	for _, w := range words {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return nil, fmt.Errorf("Invalid Proxy parameter %q. Parameter must be in the form 'key=value'", w)
		}
		params = append(params, param{key, value})
	}
	return params, nil
}

// setMember is BalancerMember: [balancer] url key=value ...
func setMember(c *module.Command) error {
	words := conf.Words(c.Raw)
	p := about(c)
	if p == nil {
		if len(words) == 0 || !isBalancerURL(words[0]) {
			return fmt.Errorf("BalancerMember must define balancer name when outside <Proxy > section")
		}
		p, words = &proxied{url: words[0]}, words[1:]
	}
	if !isBalancerURL(p.url) {
		return fmt.Errorf("BalancerMember belongs into <Proxy balancer://...>, this one is %s", p.url)
	}
	if len(words) == 0 {
		return fmt.Errorf("BalancerMember must define remote proxy server")
	}
	u, name, err := workerURL(words[0])
	if err != nil {
		return fmt.Errorf("BalancerMember: %w", err)
	}
	params, err := keyValues(words[1:])
	if err != nil {
		return err
	}
	b := defineBalancer(c, p.url)
	for _, m := range b.members {
		if m.name == name {
			for _, p := range params {
				c.Warnf("Ignoring parameter '%s=%s' for worker '%s' because of worker sharing", p.key, p.value, name)
			}
			return nil
		}
	}
	d := &definition{name: name, refs: hasReference(name), url: u, params: upstream.DefaultParams(), server: c.Server, member: true, node: c.Node}
	b.members = append(b.members, d)
	return setWorkerParams(c, d, params)
}
