package alias

import (
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
)

// translate redirects or finds the file of an alias, in this order (mod_alias: Redirects come before Aliases).
func translate(r *module.Request) module.Result {
	if !strings.HasPrefix(r.URI, "/") {
		return module.Declined
	}
	s, section := serverRules.Of(r.Server.Settings), sectionRules.Of(r.Dir)
	// A <Location> that is redirected as a whole is so before anybody asks for a user.
	if res := redirect(r, section.all(), section.relative); res != module.Declined {
		return res
	}
	if res := redirect(r, s.redirects, s.relative); res != module.Declined {
		return res
	}
	for _, list := range [][]*rule{section.aliases, s.aliases} {
		for _, a := range list {
			name, ok, err := a.filename(r)
			if err != nil {
				return failed(r, err)
			}
			if !ok {
				continue
			}
			if rest, ok := strings.CutPrefix(r.URI, a.section); ok && a.dynamic != nil && section.preserve.Or(s.preserve.Or(false)) {
				name = strings.TrimRight(name, "/") + rest
			}
			r.Filename = name
			if r.Trace != nil {
				r.Tracef(a.Pos, a.directive, "%s is %s", r.URI, name)
			}
			if a.script {
				r.Handler = "cgi-script"
				r.SetNote("alias-forced-type", r.Handler)
			}
			if a.path != "" {
				r.SetNote("context-prefix", a.path)
				r.SetNote("context-document-root", a.target)
			}
			return module.OK
		}
	}
	return module.Declined
}

// failed closes what a pattern or an expression could not decide.
func failed(r *module.Request, err error) module.Result {
	r.Logf("alias", observe.Error, "", "%v", err)
	return http.StatusInternalServerError
}

func (a *rule) filename(r *module.Request) (string, bool, error) {
	switch {
	case a.dynamic != nil:
		name, err := a.dynamic(r)
		if name != "" && name[0] != '/' {
			name = r.Site.Build.Path(name)
		}
		return name, err == nil && name != "", err
	case a.pattern != nil:
		m, err := a.pattern.Match(r.URI)
		if err != nil || !m.Matched() {
			return "", false, err
		}
		return r.Site.Build.Path(regex.Expand(a.target, m)), true, nil
	}
	n := covers(r.URI, a.path)
	if n == 0 {
		return "", false, nil
	}
	return a.target + r.URI[n:], true, nil
}

// covers says how much of a path a prefix takes, 0 if it does not cover it: by whole segments, several slashes counting
// as one (alias_matches).
func covers(uri, prefix string) int {
	u, p := 0, 0
	for p < len(prefix) {
		if prefix[p] == '/' {
			if u >= len(uri) || uri[u] != '/' {
				return 0
			}
			for p < len(prefix) && prefix[p] == '/' {
				p++
			}
			for u < len(uri) && uri[u] == '/' {
				u++
			}
			continue
		}
		if u >= len(uri) || uri[u] != prefix[p] {
			return 0
		}
		u++
		p++
	}
	if p > 0 && prefix[p-1] != '/' && u < len(uri) && uri[u] != '/' {
		return 0
	}
	return u
}

// redirectSection answers redirects of sections and .htaccess files.
func redirectSection(r *module.Request) module.Result {
	s := sectionRules.Of(r.Dir)
	return redirect(r, append(s.all(), s.redirects...), s.relative)
}

// all is the redirect of the section as a whole.
func (s *rules) all() []*rule {
	if s.whole == nil {
		return nil
	}
	return []*rule{s.whole}
}

func redirect(r *module.Request, list []*rule, relative module.Flag) module.Result {
	for _, rule := range list {
		to, ok, err := rule.location(r)
		if err != nil {
			return failed(r, err)
		}
		if !ok {
			continue
		}
		if r.Trace != nil {
			r.Tracef(rule.Pos, rule.directive, "%s is answered with %d %s", r.URI, rule.status, to)
		}
		if rule.status < 300 || rule.status > 399 {
			return module.Result(rule.status)
		}
		if strings.HasPrefix(to, "/") && !relative.Or(false) {
			to = r.AbsoluteURL(to)
		}
		if r.Query != "" && !strings.Contains(to, "?") {
			to += "?" + r.Query
		}
		r.Writer.Header().Set("Location", to)
		return module.Result(rule.status)
	}
	return module.Declined
}

// location is where a redirect leads for this request.
func (a *rule) location(r *module.Request) (string, bool, error) {
	switch {
	case a.dynamic != nil:
		to, err := a.dynamic(r)
		return to, err == nil, err
	case a.pattern != nil:
		m, err := a.pattern.Match(r.URI)
		if err != nil || !m.Matched() {
			return "", false, err
		}
		return escapeURL(regex.Expand(a.target, m)), true, nil
	case a.path == "":
		return "", true, nil
	}
	n := covers(r.URI, a.path)
	if n == 0 {
		return "", false, nil
	}
	return a.target + module.EscapePath(r.URI[n:]), true, nil
}

// escapeURL escapes a URL made by a pattern, but for its query and fragment.
func escapeURL(url string) string {
	end := strings.IndexAny(url, "?#")
	if end < 0 {
		return module.EscapePath(url)
	}
	return module.EscapePath(url[:end]) + url[end:]
}
