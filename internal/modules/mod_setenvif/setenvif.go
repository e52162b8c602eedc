package setenvif

import (
	"net/http"
	"sort"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
)

// attribute is what a rule looks at. It gives one value, or several if a pattern names several headers.
type attribute func(r *module.Request) ([]string, error)

var special = map[string]func(*module.Request) string{
	"remote_host":      func(r *module.Request) string { return r.UserAgentAddr.String() },
	"remote_addr":      func(r *module.Request) string { return r.UserAgentAddr.String() },
	"server_addr":      func(r *module.Request) string { return r.Conn.Local.Addr().Unmap().String() },
	"request_method":   func(r *module.Request) string { return r.Method },
	"request_protocol": func(r *module.Request) string { return r.Protocol },
	"request_uri":      func(r *module.Request) string { return pathOf(r) },
}

// pathOf is the decoded path; when server rules run it may not be decoded yet.
func pathOf(r *module.Request) string {
	if r.URI != "" {
		return r.URI
	}
	path, _ := r.Var("REQUEST_URI")
	return path
}

// attributeOf reads an attribute's name: a special one, a header, a variable set before, or a pattern of headers.
func attributeOf(name string) (attribute, error) {
	if f, ok := special[strings.ToLower(name)]; ok {
		return func(r *module.Request) ([]string, error) { return []string{f(r)}, nil }, nil
	}
	if strings.ContainsAny(name, `^$.*+?()[]\|{}`) {
		re, err := regex.Compile(name, regex.Flags{IgnoreCase: true})
		if err != nil {
			return nil, err
		}
		return headersLike(re), nil
	}
	header := headerAttribute(name)
	return func(r *module.Request) ([]string, error) {
		if values, err := header(r); values[0] != "" || present(r, name) {
			return values, err
		}
		// Not a header of the request: a variable that an earlier rule has set.
		v, _ := r.Env(name)
		return []string{v}, nil
	}, nil
}

func present(r *module.Request, name string) bool {
	if strings.EqualFold(name, "host") {
		return r.HTTP.Host != ""
	}
	_, ok := r.Joined(http.CanonicalHeaderKey(name))
	return ok
}

func headerAttribute(name string) attribute {
	key := http.CanonicalHeaderKey(name)
	return func(r *module.Request) ([]string, error) {
		if key == "Host" {
			return []string{r.HTTP.Host}, nil
		}
		value, _ := r.Joined(key)
		return []string{value}, nil
	}
}

// headersLike gives the values of the headers whose names match; if there is none, the empty value.
func headersLike(re *regex.Regex) attribute {
	return func(r *module.Request) ([]string, error) {
		var names []string
		for name := range r.Header() {
			ok, err := re.MatchString(name)
			if err != nil {
				return nil, err
			}
			if ok {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return []string{""}, nil
		}
		sort.Strings(names)
		values := make([]string, len(names))
		for i, n := range names {
			values[i] = strings.Join(r.Header()[n], ", ")
		}
		return values, nil
	}
}

func matchServer(r *module.Request) module.Result {
	return apply(r, serverRules.Of(r.Server.Settings).list)
}

func matchSections(r *module.Request) module.Result { return apply(r, sectionRules.Of(r.Dir).list) }

func apply(r *module.Request, list []*rule) module.Result {
	for _, rule := range list {
		if rule.test != nil {
			ok, err := rule.test(r)
			if err != nil {
				r.Logf("setenvif", observe.Error, "", "SetEnvIfExpr: %v", err)
				return http.StatusInternalServerError
			}
			if ok {
				rule.assign(r, r.Capture)
			}
			continue
		}
		values, err := rule.attribute(r)
		if err != nil {
			return undecided(r, rule, err)
		}
		for _, value := range values {
			m, err := rule.pattern.Match(value)
			if err != nil {
				return undecided(r, rule, err)
			}
			if m.Matched() {
				rule.assign(r, m)
				break
			}
		}
	}
	return module.Declined
}

// undecided ends the request: whatever the variable decides must not be decided by a pattern that did not end.
func undecided(r *module.Request, rule *rule, err error) module.Result {
	r.Logf("setenvif", observe.Error, "", "%s at %s:%d: %v", rule.directive, rule.File, rule.Line, err)
	return http.StatusInternalServerError
}

func (rule *rule) assign(r *module.Request, m regex.Match) {
	for _, a := range rule.set {
		switch {
		case a.unset:
			r.UnsetEnv(a.name)
		case strings.Contains(a.value, "$"):
			r.SetEnv(a.name, regex.Expand(a.value, m))
		default:
			r.SetEnv(a.name, a.value)
		}
		if a.name == "nokeepalive" && !a.unset {
			r.Conn.CloseAfter()
		}
		if value, ok := r.Env(a.name); ok {
			r.Tracef(rule.Pos, rule.directive, "%s is %q", a.name, value)
		} else {
			r.Tracef(rule.Pos, rule.directive, "no %s", a.name)
		}
	}
}
