package check

import (
	"fmt"
	"strings"

	"transom/internal/conf"
)

// node looks at one directive by itself.
func (k *checker) node(n *conf.Node) {
	switch {
	case n.Section:
		k.sectionHeader(n)
	case n.Is("ProxyPass"), n.Is("ProxyPassMatch"):
		k.onePass(n)
	case n.Is("ProxyPassReverse"):
		k.reverse(n)
	case n.Is("RewriteCond"):
		k.condition(n)
	case n.Is("RewriteRule"):
		k.rewriteRule(n)
	case n.Is("Redirect"), n.Is("RedirectMatch"), n.Is("RedirectPermanent"), n.Is("RedirectTemp"):
		k.redirect(n)
	case n.Is("ProxyRequests"):
		k.forwardProxy(n)
	}
	if text := endRemark(n); text != "" {
		kind := remark
		if n.Is("RewriteRule") || n.Is("RewriteCond") {
			kind.Severity = Note // they take no more arguments than they need
		}
		k.add(kind, n, "%q is an argument, not a remark", text)
	}
}

// endRemark is what stands behind a # that begins a word outside quotes, behind another word.
func endRemark(n *conf.Node) string {
	if n.Section {
		return ""
	}
	var quote byte
	for i := 0; i < len(n.Raw); i++ {
		switch c := n.Raw[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && i > 0 && (n.Raw[i-1] == ' ' || n.Raw[i-1] == '\t') && (i+1 == len(n.Raw) || n.Raw[i+1] == ' ' || isLetter(n.Raw[i+1])):
			return n.Raw[i:]
		}
	}
	return ""
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (k *checker) onePass(n *conf.Node) {
	p := readPass(n)
	if p == nil {
		return
	}
	if p.isMatch {
		if !p.inside {
			k.pattern(n, p.path, true)
			k.doubledSlash(n, p.path, p.target)
		}
		return
	}
	if strings.Contains(p.path, "?") {
		k.add(queryPattern, n, "the path has no query in it, so that %s never matches", p.path)
	}
	if p.target == "!" || p.path == "" || strings.HasPrefix(strings.ToLower(p.target), "balancer://") || strings.ContainsAny(p.path, "*[") {
		return
	}
	k.slashes(p)
}

// slashes compares the ends of path and URL.
func (k *checker) slashes(p *pass) {
	url := p.target
	if i := strings.IndexByte(url, '|'); strings.HasPrefix(strings.ToLower(url), "unix:") && i >= 0 {
		url = url[i+1:]
	}
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return
	}
	switch slash := strings.HasSuffix(rest, "/"); {
	case strings.HasSuffix(p.path, "/") && !slash:
		k.add(slashes, p.node, "%spage becomes %spage", p.path, p.target)
	case !strings.HasSuffix(p.path, "/") && slash:
		k.add(slashes, p.node, "%s/page becomes %s/page", p.path, p.target)
	}
}

func (k *checker) reverse(n *conf.Node) {
	words := n.Words()
	if len(words) == 0 {
		return
	}
	in := section(n, "Location", "LocationMatch")
	path, url := "", words[0]
	rest := words[1:]
	if in == nil && len(words) > 1 {
		path, url, rest = words[0], words[1], words[2:]
	}
	switch lower := strings.ToLower(url); {
	case in != nil && (in.Is("LocationMatch") || word(in, 0) == "~"):
		k.add(idleReverse, n, "%s is a pattern, and would be put in place of the URL as it is written", title(in))
	case strings.Contains(path, "://"):
		k.add(idleReverse, n, "the path comes first: ProxyPassReverse %s %s", url, path)
	case strings.HasPrefix(path, "^") || strings.Contains(path, "(.*)") || strings.Contains(url, "$1"):
		k.add(idleReverse, n, "regular expressions are not expanded here")
	case strings.HasPrefix(lower, "ws:") || strings.HasPrefix(lower, "wss:"):
		k.add(wsReverse, n, "no answer redirects to %s", url)
	case in != nil && strings.HasPrefix(url, "/") && len(rest) == 0:
		k.add(idleReverse, n, "%s is no URL of the origin server", url)
	}
	for _, w := range rest {
		if strings.EqualFold(w, "interpolate") || strings.HasPrefix(w, "#") {
			continue
		}
		k.add(reverseWords, n, "%s is ignored", strings.Join(rest, " "))
		break
	}
}

func (k *checker) redirect(n *conf.Node) {
	words := n.Words()
	if len(words) > 0 && (isStatus(words[0]) && (n.Is("Redirect") || n.Is("RedirectMatch"))) {
		words = words[1:]
	}
	if len(words) != 2 {
		return
	}
	path, url := words[0], words[1]
	if strings.Contains(url, "%{") {
		k.add(redirectVariable, n, "%s is sent as it stands", url)
	}
	if n.Is("RedirectMatch") || !strings.HasSuffix(path, "/") || strings.HasSuffix(url, "/") || strings.HasSuffix(url, "=") {
		return
	}
	if _, rest, absolute := strings.Cut(url, "://"); absolute && !strings.Contains(rest, "/") {
		k.add(redirectSlash, n, "%spage leads to %spage", path, url)
	}
}

func (k *checker) forwardProxy(n *conf.Node) {
	if !strings.EqualFold(word(n, 0), "on") {
		return
	}
	siblings := k.siblings(n)
	for _, s := range siblings {
		if !s.Section || !(s.Is("Proxy") || s.Is("ProxyMatch")) {
			continue
		}
		for _, c := range s.Children {
			if c.Is("Deny") || c.Is("Require") && !(strings.EqualFold(c.Raw, "all granted")) || strings.HasPrefix(strings.ToLower(c.Name), "require") && c.Section {
				return
			}
		}
	}
	k.add(openProxy, n, "nothing restricts who may use it")
}

// siblings are the directives of the same scope.
func (k *checker) siblings(n *conf.Node) []*conf.Node {
	if n.Parent != nil {
		return n.Parent.Children
	}
	var list []*conf.Node
	for _, other := range k.nodes {
		if other.Parent == nil {
			list = append(list, other)
		}
	}
	return list
}

func (k *checker) sectionHeader(n *conf.Node) {
	arg := word(n, 0)
	switch {
	case n.Is("Proxy") && arg != "" && arg != "~" && !strings.ContainsAny(arg, "*?[") && !strings.Contains(arg, "://") && !strings.HasPrefix(strings.ToLower(arg), "unix:"):
		k.add(proxyName, n, "%s is no URL", arg)
	case (n.Is("If") || n.Is("ElseIf")) && upgradeExpr.MatchString(n.Raw):
		k.add(upgradeCase, n, "a client that writes Upgrade: WebSocket is taken for another one")
	case n.Is("Location") && strings.Contains(arg, "?") && strings.Contains(arg, "="):
		k.add(queryPattern, n, "the path has no query in it, so that %s never matches", arg)
	}
}

// hosts finds virtual hosts for any port whose ports are taken, and what they do not inherit.
func (k *checker) hosts(t *conf.Tree) {
	var hosts []*conf.Node
	ports := map[string]bool{}
	for _, n := range t.Nodes {
		if n.Section && n.Is("VirtualHost") {
			hosts = append(hosts, n)
			for _, a := range n.Words() {
				if i := strings.LastIndexByte(a, ':'); i >= 0 && a[i+1:] != "*" && (a[:i] == "*" || a[:i] == "_default_") {
					ports[a[i+1:]] = true
				}
			}
		}
	}
	for _, h := range hosts {
		if arg := word(h, 0); len(h.Words()) == 1 && (arg == "*" || arg == "*:*" || arg == "_default_" || arg == "_default_:*") && len(ports) > 0 {
			k.add(hiddenHost, h, "requests to %s belong to the virtual hosts that name the port", portList(ports))
		}
	}
	for _, n := range t.Nodes {
		if !n.Is("AllowEncodedSlashes") || strings.EqualFold(word(n, 0), "off") {
			continue
		}
		for _, h := range hosts {
			if !child(h, "AllowEncodedSlashes") && (child(h, "ProxyPass") || child(h, "ProxyPassMatch")) {
				k.add(slashesNotInherited, n, "%s does not have it", at(h))
				break
			}
		}
	}
}

func portList(ports map[string]bool) string {
	var list []string
	for p := range ports {
		list = append(list, p)
	}
	if len(list) == 1 {
		return "port " + list[0]
	}
	return fmt.Sprintf("%d ports", len(list))
}

func child(n *conf.Node, name string) bool {
	for _, c := range n.Children {
		if c.Is(name) {
			return true
		}
	}
	return false
}

// modules finds schemes for which httpd would have no module. Without any LoadModule line it has all.
func (k *checker) modules(t *conf.Tree) {
	loaded := map[string]bool{}
	t.Walk(func(n *conf.Node) {
		if n.Is("LoadModule") {
			loaded[word(n, 0)] = true
		}
	})
	if !loaded["proxy_module"] {
		return
	}
	needs := map[string][]string{"ws": {"proxy_wstunnel_module"}, "wss": {"proxy_wstunnel_module"}, "http": {"proxy_http_module"}, "https": {"proxy_http_module"},
		"ajp": {"proxy_ajp_module"}, "fcgi": {"proxy_fcgi_module"}, "scgi": {"proxy_scgi_module"}, "uwsgi": {"proxy_uwsgi_module"}, "balancer": {"proxy_balancer_module"},
		"h2": {"proxy_http2_module"}, "h2c": {"proxy_http2_module"}}
	t.Walk(func(n *conf.Node) {
		target := ""
		if n.Is("ProxyPass") || n.Is("ProxyPassMatch") {
			if p := readPass(n); p != nil {
				target = p.target
			}
		} else if n.Is("RewriteRule") {
			if r := readRule(n); r != nil && r.proxies() {
				target = r.target
			}
		}
		scheme, _, ok := strings.Cut(strings.ToLower(target), "://")
		if _, after, socket := strings.Cut(scheme, "|"); socket {
			scheme = after
		}
		for _, m := range needs[scheme] {
			if ok && !loaded[m] {
				k.add(moduleMissing, n, "%s is not loaded", m)
			}
		}
	})
}
