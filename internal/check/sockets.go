package check

import (
	"strconv"
	"strings"

	"transom/internal/conf"
)

// sockets looks at what surrounds the rules for WebSockets.
func (k *checker) sockets(s *scope) {
	for _, p := range s.passes {
		if s.node != nil && section(p.node, "VirtualHost") != s.node || !p.tunnels() {
			continue
		}
		if seconds, err := strconv.Atoi(p.parameter("timeout")); err == nil && seconds < 30 {
			k.add(shortTimeout, p.node, "timeout=%d is shorter than most applications' pings are apart", seconds)
		}
		if p.isMatch {
			continue
		}
		for _, list := range [][]*conf.Node{s.own, s.inherited} {
			for _, n := range list {
				if n.Section && (n.Is("Proxy") && word(n, 0) == "*" || n.Is("Location") && coversPath(word(n, 0), p.path)) && asksForPassword(n) {
					k.add(basicSocket, p.node, "%s asks for a password", at(n))
					return
				}
			}
		}
	}
}

// tunnels says whether the rule is meant for WebSockets.
func (p *pass) tunnels() bool {
	upgrade := p.parameter("upgrade")
	return isWebSocket(p.target) || upgrade != "" && !strings.EqualFold(upgrade, "none")
}

// parameter is the value of key=value on the line, or "".
func (p *pass) parameter(key string) string {
	for _, w := range p.node.Words() {
		if name, value, ok := strings.Cut(w, "="); ok && strings.EqualFold(name, key) {
			return value
		}
	}
	return ""
}

// asksForPassword says whether a section wants a user by Basic authentication, whatever the request.
func asksForPassword(n *conf.Node) bool {
	basic, user, other := false, false, false
	each(n, func(n *conf.Node) {
		first := strings.ToLower(word(n, 0))
		switch {
		case n.Section:
		case n.Is("AuthType"):
			basic = first == "basic"
		case n.Is("Require"):
			user = user || first == "valid-user" || first == "user" || first == "group"
			other = other || first != "valid-user" && first != "user" && first != "group"
		case n.Is("Satisfy"):
			other = other || first == "any"
		}
	})
	return basic && user && !other
}
