package check

import (
	"regexp"
	"strings"

	"transom/internal/conf"
)

// rule is a RewriteRule, or a RewriteCond where those matter by their place.
type rule struct {
	node            *conf.Node
	condition       bool
	pattern, target string
	flags           []string
}

func readRule(n *conf.Node) *rule {
	words := n.Words()
	if len(words) < 2 {
		return nil
	}
	r := &rule{node: n, pattern: words[0], target: words[1]}
	if len(words) > 2 {
		for _, f := range strings.Split(strings.Trim(words[2], "[]"), ",") {
			r.flags = append(r.flags, strings.TrimSpace(f))
		}
	}
	return r
}

// has says whether a flag is set, with or without an argument.
func (r *rule) has(flag string) bool {
	for _, f := range r.flags {
		name, _, _ := strings.Cut(f, "=")
		if strings.EqualFold(name, flag) {
			return true
		}
	}
	return false
}

// escapes says whether B escapes these characters of what is captured.
func (r *rule) escapes(chars string) bool {
	for _, f := range r.flags {
		name, list, some := strings.Cut(f, "=")
		if strings.EqualFold(name, "B") {
			return !some || strings.ContainsAny(list, chars)
		}
	}
	return false
}

func (r *rule) proxies() bool { return r.has("P") || r.has("proxy") }

// ends says whether no rule behind this one is tried when it has matched.
func (r *rule) ends() bool {
	for _, f := range []string{"L", "last", "END", "P", "proxy", "F", "forbidden", "G", "gone"} {
		if r.has(f) {
			return true
		}
	}
	return false
}

// rewrites looks at the rules of a server in their order.
func (k *checker) rewrites(s *scope) {
	if !s.says("RewriteEngine", "on") {
		k.engineOff(s)
		return
	}
	var all *rule // matches every request and ends the rules
	pending := 0  // conditions that wait for a rule
	for i, r := range s.rules {
		switch {
		case r.condition && i == len(s.rules)-1:
			k.add(looseCondition, r.node, "no RewriteRule follows")
		case r.condition:
			pending++
			continue
		case all != nil:
			k.add(ruleBehind, r.node, "%s ends rewriting for every request", at(all.node))
		case pending == 0 && matchesAll(r.pattern) && r.target != "-" && r.ends():
			all = r
		}
		pending = 0
	}
	if all == nil || !all.proxies() {
		return
	}
	for _, p := range s.passes {
		if s.node == nil || section(p.node, "VirtualHost") == s.node {
			k.add(passBehindRule, p.node, "%s proxies every request", at(all.node))
		}
	}
}

// engineOff reports the first rule of each group that nobody switches on.
func (k *checker) engineOff(s *scope) {
	for _, r := range s.rules {
		if !r.condition {
			k.add(engineOff, r.node, "the rule is never tried")
			break
		}
	}
	if s.anywhere("RewriteEngine", "on") {
		return
	}
	for _, top := range s.own {
		found := false
		each(top, func(n *conf.Node) {
			if top.Section && !found && n.Is("RewriteRule") {
				found = true
				k.add(engineOff, n, "the rule is never tried")
			}
		})
	}
}

var (
	upgradeName    = regexp.MustCompile(`(?i)^%\{(HTTP:Upgrade|HTTP_UPGRADE)\}$`)
	connectionName = regexp.MustCompile(`(?i)^%\{HTTP:Connection\}$`)
	upgradeExpr    = regexp.MustCompile(`(?i)%\{HTTP:Upgrade\}\s*(==|=|!=|-eq|eq)\s*['"]`)
	wrongVariable  = regexp.MustCompile(`(?i)\$\{(HTTP:[A-Za-z-]+|HTTP_[A-Z]+|REQUEST_[A-Z]+|QUERY_STRING|SERVER_[A-Z]+|ENV:\w+)\}`)
	parameter      = regexp.MustCompile(`\\\?|(^|[^?<!=(])\b[A-Za-z_]+=[A-Za-z_]`)
	captured       = regexp.MustCompile(`[$%][0-9]|%\{(REQUEST_URI|REQUEST_FILENAME)\}`)
)

// condition looks at one RewriteCond.
func (k *checker) condition(n *conf.Node) {
	words := n.Words()
	if len(words) < 2 {
		return
	}
	test, pattern, flags := words[0], strings.TrimPrefix(words[1], "!"), ""
	if len(words) > 2 {
		flags = strings.ToUpper(strings.Trim(words[2], "[]"))
	}
	noCase := false
	for _, f := range strings.Split(flags, ",") {
		noCase = noCase || f == "NC" || f == "NOCASE"
	}
	switch {
	case wrongVariable.MatchString(test):
		k.add(wrongBraces, n, "%s is no variable of the request", wrongVariable.FindString(test))
	case upgradeName.MatchString(test) && !noCase && strings.Contains(strings.ToLower(pattern), "websocket") && !strings.Contains(pattern, "(?i"):
		k.add(upgradeCase, n, "a client that writes Upgrade: WebSocket is taken for another one")
	case connectionName.MatchString(test) && (strings.HasPrefix(strings.ToLower(pattern), "^upgrade$") || strings.EqualFold(pattern, "=upgrade")):
		k.add(connectionWhole, n, "a client that sends Connection: keep-alive, Upgrade is left out")
	}
}

// rewriteRule looks at one RewriteRule by itself.
func (k *checker) rewriteRule(n *conf.Node) {
	r := readRule(n)
	if r == nil {
		return
	}
	if f := word(n, 2); strings.HasPrefix(f, "[") && !strings.HasSuffix(f, "]") {
		k.add(cutFlags, n, "%s does not end in ]", f)
	}
	pattern := strings.TrimPrefix(r.pattern, "!")
	switch {
	case section(n, "Location", "LocationMatch") != nil:
		kind := rewriteInSection
		if matchesAll(pattern) && !strings.Contains(r.target, "$") {
			kind.Severity = Note // whatever it is compared with
		}
		k.add(kind, n, "in %s the pattern is not compared with the path of the URL", title(section(n, "Location", "LocationMatch")))
		return
	case section(n, "Directory", "DirectoryMatch", "Files") != nil:
		if strings.HasPrefix(pattern, "^/") && !strings.HasPrefix(pattern, "^/?") {
			k.add(rewriteInSection, n, "what the pattern is compared with has no slash at its beginning here, so that it never matches")
		}
		return
	}
	k.pattern(n, pattern, r.proxies())
	if r.proxies() {
		k.doubledSlash(n, pattern, r.target)
	}
	if r.proxies() && (r.has("NE") || r.has("noescape")) && !r.escapes(" ?") && captured.MatchString(r.target) && !k.rawCapture(r) {
		k.add(blanks, n, "a path with %%20 or %%3F in it is refused")
	}
}

// rawCapture says that what the target takes comes from the request line, which is still encoded.
func (k *checker) rawCapture(r *rule) bool {
	if strings.Contains(r.target, "$") || strings.Contains(r.target, "%{") {
		return false
	}
	siblings := []*conf.Node(nil)
	if r.node.Parent != nil {
		siblings = r.node.Parent.Children
	}
	for i, n := range siblings {
		if n != r.node {
			continue
		}
		for j := i - 1; j >= 0 && siblings[j].Is("RewriteCond"); j-- {
			if strings.EqualFold(word(siblings[j], 0), "%{THE_REQUEST}") {
				return true
			}
		}
	}
	return false
}

// anchored patterns begin with ^, maybe inside groups and behind (?i).
var anchored = regexp.MustCompile(`^(\(\?[a-z]+\)|\((\?:)?)*(\^|\\A)`)

var capturesAll = regexp.MustCompile(`^\^?\(\.[*+]\)`)

// doubledSlash finds a whole path that is put behind a slash.
func (k *checker) doubledSlash(n *conf.Node, pattern, target string) {
	if i := strings.Index(target, "/$1"); capturesAll.MatchString(pattern) && i > 0 && strings.Contains(target[:i], "://") {
		k.add(doubledSlash, n, "/page becomes %s", strings.Replace(strings.Replace(target, "$1", "/page", 1), "$2", "", 1))
	}
}

// pattern looks at a regular expression for the path.
func (k *checker) pattern(n *conf.Node, pattern string, maps bool) {
	if parameter.MatchString(pattern) {
		k.add(queryPattern, n, "the path has no query in it, so that %s never matches one", pattern)
	}
	if !maps || anchored.MatchString(pattern) || matchesAll(pattern) || strings.HasPrefix(pattern, "(.*)") || strings.HasPrefix(pattern, ".*") {
		return
	}
	k.add(unanchored, n, "%s matches in the middle of a path too", pattern)
}
