package authzcore

import (
	"net/http"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
)

var hooks = []module.Hook{
	{Phase: module.AccessCheckerX, Position: module.Last, Run: withoutUser, Grants: restrictsNobody},
	{Phase: module.AuthChecker, Position: module.Last, Run: withUser},
}

type logic uint8

const (
	unset logic = iota
	off
	and
	or
)

// rule is one Require (check is set) or a container of rules.
type rule struct {
	conf.Pos // none: the container that no directive names
	title    string
	negate   bool
	check    module.AuthzCheck
	methods  *module.Methods // of the <Limit> around a Require
	op       logic           // of a container: and, or
	rules    []*rule
}

var settings = &module.Slot[dirSettings]{Merge: merge}

type dirSettings struct {
	merging   logic // AuthMerging
	forbidden module.Flag
	rules     *rule // nil: no Require
	open      *rule // while reading: the container that the next Require goes to
}

// merge is httpd's: unless AuthMerging says otherwise, a section with rules of its own replaces those around it.
func merge(outer, inner *dirSettings) *dirSettings {
	m := dirSettings{merging: inner.merging, rules: inner.rules}
	switch {
	case inner.merging == unset && inner.rules == nil:
		m.rules, m.merging = outer.rules, outer.merging
	case inner.merging == unset || inner.merging == off || outer.rules == nil:
	case inner.rules == nil:
		m.rules = outer.rules
	default:
		m.rules = &rule{title: "<RequireAny>", op: inner.merging, rules: []*rule{outer.rules, inner.rules}}
		if inner.merging == and {
			m.rules.title = "<RequireAll>"
		}
	}
	m.forbidden = inner.forbidden.Inherit(outer.forbidden)
	return &m
}

// onlyNegative says that nothing in the container can ever grant.
func (x *rule) onlyNegative() bool {
	for _, r := range x.rules {
		if !r.negate {
			return false
		}
	}
	return true
}

func (x *rule) covers(method string) bool {
	if x.check != nil {
		return x.methods.Covers(method)
	}
	for _, r := range x.rules {
		if r.covers(method) {
			return true
		}
	}
	return false
}

// answer evaluates a rule inside a container with the logic around.
func (x *rule) answer(r *module.Request, around logic) module.AuthzAnswer {
	var a module.AuthzAnswer
	switch {
	case !x.covers(r.Method):
		a = module.AuthzNeutral
		if around == and {
			a = module.AuthzGranted
		}
		x.log(r, a, " (directive limited to other methods)")
		return a
	case x.check != nil:
		a = x.check(r)
	case x.op == and:
		a = x.ask(r, module.AuthzDenied, module.AuthzGranted)
	default:
		a = x.ask(r, module.AuthzGranted, module.AuthzDenied)
	}
	if x.negate {
		a = negated(a)
	}
	x.log(r, a, "")
	return a
}

// ask puts the question to the rules inside until one decides; the other answer only stands where nothing else was said. A rule
// that waits for a user makes the whole wait.
func (x *rule) ask(r *module.Request, decides, other module.AuthzAnswer) module.AuthzAnswer {
	result := module.AuthzNeutral
	for _, child := range x.rules {
		switch a := child.answer(r, x.op); {
		case a == module.AuthzError || a == decides:
			return a
		case a == module.AuthzDeniedNoUser:
			result = a
		case a == other && result == module.AuthzNeutral:
			result = a
		}
	}
	return result
}

// negated never grants: what "not" does not refuse leaves the decision to others.
func negated(a module.AuthzAnswer) module.AuthzAnswer {
	switch a {
	case module.AuthzGranted:
		return module.AuthzDenied
	case module.AuthzDenied, module.AuthzDeniedNoUser:
		return module.AuthzNeutral
	}
	return a
}

// restrictsNobody says that there is neither a Require nor an AuthType, which would want one.
func restrictsNobody(_, sections *module.Settings) bool {
	return settings.Of(sections).rules == nil && module.Auth.Of(sections).Type == nil
}

func withoutUser(r *module.Request) module.Result { return authorize(r, false) }
func withUser(r *module.Request) module.Result    { return authorize(r, true) }

func authorize(r *module.Request, authenticated bool) module.Result {
	s := settings.Of(r.Dir)
	if s.rules == nil {
		if r.ConfiguredAuthType() != "" {
			r.Logf("authz_core", observe.Error, "AH01627", "AuthType configured with no corresponding authorization directives")
			return http.StatusInternalServerError
		}
		return module.OK
	}
	switch s.rules.answer(r, and) {
	case module.AuthzGranted:
		return module.OK
	case module.AuthzDeniedNoUser:
		if !authenticated {
			return module.Declined
		}
		r.Logf("authz_core", observe.Error, "AH01629", "authorization failure (no authenticated user): %s", r.URI)
		return r.Unauthorized()
	case module.AuthzError:
		return http.StatusInternalServerError
	}
	if !authenticated || r.ConfiguredAuthType() == "" {
		r.Logf("authz_core", observe.Error, "AH01630", "client denied by server configuration: %s", place(r))
		return http.StatusForbidden
	}
	r.Logf("authz_core", observe.Error, "AH01631", "user %s: authorization failure for \"%s\": ", r.User, r.URI)
	if s.forbidden.Or(false) {
		return http.StatusForbidden
	}
	return r.Unauthorized()
}

func place(r *module.Request) string {
	if r.Filename != "" {
		return r.Filename
	}
	return "uri " + r.URI
}

var answerNames = [...]string{module.AuthzNeutral: "neutral", module.AuthzGranted: "granted", module.AuthzDenied: "denied",
	module.AuthzDeniedNoUser: "denied (no authenticated user yet)", module.AuthzError: "error"}

func (x *rule) log(r *module.Request, a module.AuthzAnswer, why string) {
	if r.Trace != nil && x.Line != 0 {
		r.Tracef(x.Pos, x.title, "%s%s", answerNames[a], why)
	}
	if r.ErrorLog().Logs("authz_core", observe.Debug) {
		r.Logf("authz_core", observe.Debug, "AH01626", "authorization result of %s: %s%s", x.title, answerNames[a], why)
	}
}
