package accesscompat

import (
	"net/http"

	"transom/internal/conf"
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
	conf.Pos
	title   string
	methods *module.Methods
	order   order
}

// clients is one argument of Allow or Deny.
type clients struct {
	conf.Pos
	title   string
	methods *module.Methods
	allows  bool
	match   func(*module.Request) bool
}

// settings of an inner section replace an outer one's as a whole, as in httpd.
var settings = &module.Slot[dirSettings]{Merge: func(_, inner *dirSettings) *dirSettings { return inner }}

type dirSettings struct {
	orders      []orderRule // the last one that covers a method counts
	allow, deny []clients
}

func (s *dirSettings) order(method string) (found orderRule) {
	for _, o := range s.orders {
		if o.methods.Covers(method) {
			found = o
		}
	}
	return found
}

// named is the argument that covers the client.
func named(list []clients, r *module.Request) *clients {
	for i, c := range list {
		if c.methods.Covers(r.Method) && c.match(r) {
			return &list[i]
		}
	}
	return nil
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
	o := s.order(r.Method)
	first, last := s.allow, s.deny // Allow,Deny and Mutual-failure differ in name only
	if o.order == denyAllow {
		first, last = s.deny, s.allow
	}
	acts := named(first, r)
	if acts == nil {
		acts = &clients{Pos: o.Pos, title: o.title, allows: o.order == denyAllow}
	} else if later := named(last, r); later != nil {
		acts = later
	}
	if r.Trace != nil && acts.Line != 0 {
		r.Tracef(acts.Pos, acts.title, "decides about %v: %s", r.UserAgentAddr, map[bool]string{true: "allowed", false: "denied"}[acts.allows])
	}
	return acts.allows
}
