package check

import (
	"net/url"
	"strings"

	"transom/internal/conf"
)

// mappedBefore finds what mod_alias does not get to see, and what goes round in it.
func (k *checker) mappedBefore(s *scope) {
	for _, n := range s.own {
		if n.Section {
			continue
		}
		path := aliasPath(n)
		if path == "" {
			continue
		}
		switch p := s.passFor(path); {
		case p != nil && p.target != "!":
			k.add(mappedBefore, n, "%s is proxied by %s", path, at(p.node))
		default:
			k.redirectLoop(s, n)
		}
	}
}

// aliasPath is the path that a directive of mod_alias is about, or what everything it matches begins with; "" for other directives.
func aliasPath(n *conf.Node) string {
	switch {
	case n.Is("Alias") || n.Is("ScriptAlias"):
		return word(n, 0)
	case n.Is("AliasMatch") || n.Is("ScriptAliasMatch"):
		return literalPrefix(word(n, 0))
	case n.Is("Redirect") || n.Is("RedirectPermanent") || n.Is("RedirectTemp"):
		path, _ := redirection(n)
		return path
	case n.Is("RedirectMatch"):
		path, _ := redirection(n)
		return literalPrefix(path)
	}
	return ""
}

// redirection is the path and the target of a Redirect, behind its status.
func redirection(n *conf.Node) (path, target string) {
	i := 0
	if first := word(n, 0); n.Is("Redirect") && !strings.HasPrefix(first, "/") || n.Is("RedirectMatch") && isStatus(first) {
		i = 1
	}
	return word(n, i), word(n, i+1)
}

func isStatus(word string) bool {
	switch strings.ToLower(word) {
	case "permanent", "temp", "seeother", "gone":
		return true
	}
	return len(word) == 3 && word[0] >= '1' && word[0] <= '5'
}

// passFor is the ProxyPass that takes all below a path, or nil: the last <Location>'s, else the first outside.
func (s *scope) passFor(path string) (found *pass) {
	for _, p := range s.inLocations() {
		if coversPath(p.path, path) {
			found = p
		}
	}
	if found != nil {
		return found
	}
	for _, p := range s.passes {
		if !p.inside && (p.isMatch && matchesAll(p.path) || !p.isMatch && coversPath(p.path, path)) {
			return p
		}
	}
	return nil
}

// redirectLoop finds a Redirect whose new address it covers itself.
func (k *checker) redirectLoop(s *scope, n *conf.Node) {
	path, target := redirection(n)
	if n.Is("RedirectMatch") || !strings.HasPrefix(path, "/") {
		return
	}
	if u, err := url.Parse(target); err == nil && u.IsAbs() {
		if s.node == nil || (u.Scheme == "https") != s.says("SSLEngine", "on") || !s.says("ServerName", u.Hostname()) || u.Port() != "" {
			return
		}
		target = u.EscapedPath() + "/"
	}
	if !strings.HasPrefix(target, "/") || !coversPath(path, target) {
		return
	}
	kind := redirectLoop
	p := s.passFor(target)
	if p != nil && p.target != "!" {
		kind.Severity = Note
		k.add(kind, n, "%s leads back here, were it not for %s", target, at(p.node))
		return
	}
	k.add(kind, n, "%s leads back here", target)
}
