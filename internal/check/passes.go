package check

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"transom/internal/conf"
)

// scope looks at what belongs together.
func (k *checker) scope(s *scope) {
	k.passOrder(s)
	k.locationOrder(s)
	k.otherPort(s)
	k.mappedBefore(s)
	k.sockets(s)
	k.rewrites(s)
	k.encodedSlashes(s)
	k.proxyEngine(s)
}

// passOrder finds directives that an earlier one leaves nothing to.
func (k *checker) passOrder(s *scope) {
	for i, p := range s.passes {
		if s.node != nil && section(p.node, "VirtualHost") != s.node {
			continue // the main server's: found there
		}
		for _, first := range append(s.inLocations(), s.passes[:i]...) {
			if first.takes(p) {
				k.shadow(p, first)
				break
			}
		}
	}
}

// inLocations are the directives that are asked before all others.
func (s *scope) inLocations() (list []*pass) {
	for _, l := range s.locations {
		if p := passOf(l); p != nil && !p.isMatch {
			list = append(list, p)
		}
	}
	return list
}

func (k *checker) shadow(p, first *pass) {
	switch {
	case p.target == "!" && first.target == "!", p.target == first.target && p.path == first.path && first.inside:
	case first.inside:
		k.add(behindLocation, p.node, "no request gets here: %s in %s takes %s", at(first.node), title(first.node.Parent), p.path)
	case p.target == "!":
		k.add(exclusionBehind, p.node, "%s is proxied: %s stands before it", p.path, at(first.node))
	case isWebSocket(p.target) && !isWebSocket(first.target) && first.target != "!":
		k.add(webSocketBehind, p.node, "no handshake gets here: %s stands before it and takes %s", at(first.node), p.path)
	default:
		k.add(shadowed, p.node, "no request gets here: %s stands before it and takes %s", at(first.node), p.path)
	}
}

// takes says whether nothing that q covers passes p.
func (p *pass) takes(q *pass) bool {
	if p.isMatch {
		return matchesAll(p.path)
	}
	begin := q.path
	if q.isMatch {
		begin = literalPrefix(q.path)
		// The path might end within the next segment: only whole ones are certain.
		if !strings.HasSuffix(p.path, "/") && len(begin) <= len(p.path) {
			return false
		}
	}
	return coversPath(p.path, begin)
}

// coversPath says whether the path of a ProxyPass or Location covers another, by whole segments.
func coversPath(path, other string) bool {
	if !strings.HasPrefix(other, path) {
		return false
	}
	return strings.HasSuffix(path, "/") || len(other) == len(path) || other[len(path)] == '/'
}

var everything = map[string]bool{"^/(.*)$": true, "^/(.*)": true, "^(.*)$": true, "^(.*)": true, "(.*)": true, ".*": true, "^": true, "^/": true,
	"/(.*)": true, "^.*$": true, "^.*": true, ".?": true, "/": true, "^/?(.*)": true, "^/?(.*)$": true, "^/.*": true, "^/.*$": true}

func matchesAll(pattern string) bool { return everything[pattern] }

var special = regexp.MustCompile(`[.*+?()\[\]{}|\\$^]`)

// literalPrefix is what everything that an anchored pattern matches begins with.
func literalPrefix(pattern string) string {
	rest, anchored := strings.CutPrefix(pattern, "^")
	if !anchored || strings.Contains(pattern, "|") {
		return "/"
	}
	rest = strings.TrimPrefix(rest, "(")
	i := special.FindStringIndex(rest)
	if i == nil {
		return rest
	}
	prefix := rest[:i[0]]
	if strings.ContainsRune("*?{", rune(rest[i[0]])) && prefix != "" {
		prefix = prefix[:len(prefix)-1]
	}
	if prefix == "" {
		return "/"
	}
	return prefix
}

func isWebSocket(url string) bool {
	url = strings.ToLower(url)
	return strings.HasPrefix(url, "ws:") || strings.HasPrefix(url, "wss:")
}

// locationOrder finds sections whose ProxyPass a later section replaces.
func (k *checker) locationOrder(s *scope) {
	for i, l := range s.locations {
		p := passOf(l)
		if p == nil || p.isMatch {
			continue
		}
		for _, n := range l.Children {
			if n.Is("ProxyPass") && n != p.node {
				k.add(locationOrder, n, "%s, in the same section, counts", at(p.node))
			}
		}
		for _, later := range s.locations[i+1:] {
			q := passOf(later)
			if q == nil || q.isMatch || !coversPath(q.path, p.path) || q.path == p.path && q.target == p.target {
				continue
			}
			k.add(locationOrder, p.node, "%s, further down, covers %s too, and its %s counts", at(later), p.path, title(q.node))
			break
		}
	}
}

// passOf is the ProxyPass that a <Location> ends with.
func passOf(l *conf.Node) (p *pass) {
	for _, n := range l.Children {
		if n.Is("ProxyPass") || n.Is("ProxyPassMatch") {
			p = readPass(n)
		}
	}
	return p
}

// otherPort finds a rule for WebSockets that was left behind when the others got the next port.
func (k *checker) otherPort(s *scope) {
	var all *url.URL
	for _, p := range s.passes {
		if u, err := url.Parse(p.target); err == nil && p.path == "/" && !p.isMatch {
			all = u
		}
	}
	if all == nil {
		return
	}
	for _, p := range s.passes {
		u, err := url.Parse(p.target)
		if err != nil || p.isMatch || !isWebSocket(p.target) || u.Hostname() != all.Hostname() || u.Path != p.path {
			continue
		}
		one, _ := strconv.Atoi(u.Port())
		two, _ := strconv.Atoi(all.Port())
		if one != 0 && two != 0 && (one-two == 1 || two-one == 1) {
			k.add(otherPort, p.node, "%s goes to port %d, and all other paths to port %d", p.path, one, two)
		}
	}
}

// hasPathSection says whether some section may cover a proxied path.
func (s *scope) hasPathSection() bool {
	for _, list := range [][]*conf.Node{s.own, s.inherited} {
		for _, n := range list {
			if n.Section && (n.Is("Location") || n.Is("LocationMatch") || n.Is("If")) {
				return true
			}
		}
	}
	return false
}

// encodedSlashes looks for the two halves of what it takes to pass %2F on.
func (k *checker) encodedSlashes(s *scope) {
	for _, n := range s.own {
		if n.Section || !n.Is("AllowEncodedSlashes") || !strings.EqualFold(word(n, 0), "NoDecode") || len(s.passes) == 0 || !s.hasPathSection() {
			continue
		}
		for _, p := range s.passes {
			for _, w := range p.node.Words() {
				if strings.EqualFold(w, "nocanon") {
					return
				}
			}
		}
		k.add(slashesTwice, n, "no ProxyPass of this server has nocanon")
	}
}

// proxyEngine looks for TLS origins where TLS is off. SSLProxyEngine in a <Proxy> section counts for all, to be on the safe side.
func (k *checker) proxyEngine(s *scope) {
	if s.anywhere("SSLProxyEngine", "on") {
		return
	}
	for _, top := range s.own {
		each(top, func(n *conf.Node) {
			target := ""
			switch {
			case n.Section:
			case n.Is("ProxyPass") || n.Is("ProxyPassMatch"):
				if p := readPass(n); p != nil {
					target = p.target
				}
			case n.Is("BalancerMember"):
				target = word(n, 0)
				if strings.HasPrefix(target, "balancer:") {
					target = word(n, 1)
				}
			case n.Is("RewriteRule"):
				if r := readRule(n); r != nil && (r.has("P") || r.has("proxy")) {
					target = r.target
				}
			}
			if t := strings.ToLower(target); strings.HasPrefix(t, "https:") || strings.HasPrefix(t, "wss:") {
				k.add(proxyEngine, n, "%s is reached over TLS, and SSLProxyEngine is off here", target)
			}
		})
	}
}
