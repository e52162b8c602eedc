package accesscompat

import (
	"net/http"

	"transom/internal/module"
	"transom/internal/observe"
)

type order uint8

const (
	denyAllow order = iota
	allowDeny
	mutualFailure
)

type orderRule struct {
	methods *module.Methods
	order   order
}

// clients is one argument of Allow or Deny.
type clients struct {
	methods *module.Methods
	match   func(*module.Request) bool
}

// settings of an inner section replace an outer one's as a whole, as in httpd.
var settings = &module.Slot[dirSettings]{Merge: func(_, inner *dirSettings) *dirSettings { return inner }}

type dirSettings struct {
	orders      []orderRule // the last one that covers a method counts
	allow, deny []clients
}

func (s *dirSettings) order(method string) order {
	found := denyAllow
	for _, o := range s.orders {
		if o.methods.Covers(method) {
			found = o.order
		}
	}
	return found
}

func named(list []clients, r *module.Request) bool {
	for _, c := range list {
		if c.methods.Covers(r.Method) && c.match(r) {
			return true
		}
	}
	return false
}

func check(r *module.Request) module.Result {
	if allowed(settings.Of(r.Dir), r) {
		return module.OK
	}
	if !module.Satisfies.Of(r.Dir).Any(r.Method) {
		place := r.Filename
		if place == "" {
			place = "uri " + r.URI
		}
		r.Logf("access_compat", observe.Error, "AH01797", "client denied by server configuration: %s", place)
	}
	return http.StatusForbidden
}

func allowed(s *dirSettings, r *module.Request) bool {
	if s.order(r.Method) == denyAllow {
		return !named(s.deny, r) || named(s.allow, r)
	}
	return named(s.allow, r) && !named(s.deny, r) // Allow,Deny and Mutual-failure differ in name only
}
