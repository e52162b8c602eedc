// Package hcheck is mod_proxy_hcheck: members of balancers are asked for signs of life, and taken out while there are none.
package hcheck

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"transom/internal/expr"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
)

// Module returns mod_proxy_hcheck.
func Module() *module.Module {
	return &module.Module{Name: "mod_proxy_hcheck", Identifier: "proxy_hcheck_module", Directives: directives, Compile: compile,
		Offers: module.Offers{WorkerParams: []module.WorkerParams{template}}}
}

// compile plans the checks of all members; they begin when the Site serves, and end with it.
func compile(b *module.Build) error {
	seen := map[*upstream.Worker]bool{}
	var plans []plan
	for _, s := range b.Site.Servers {
		var workers []*upstream.Worker
		for _, w := range members(b.Site, s) {
			if seen[w] || w.HCMethod == "" || w.HCMethod == "NONE" {
				continue
			}
			seen[w] = true
			if _, ok := settings.Of(s.Settings).exprs[w.HCExpr]; w.HCExpr != "" && !ok {
				return fmt.Errorf("hcexpr=%s of %s: no ProxyHCExpr defines it", w.HCExpr, w.Name())
			}
			workers = append(workers, w)
		}
		if len(workers) > 0 {
			plans = append(plans, plan{s, workers})
		}
	}
	if b.Kept == nil {
		return nil
	}
	b.OnServe = append(b.OnServe, func() {
		module.Keep(b.Kept, "mod_proxy_hcheck", func() *running { return &running{} }).restart(plans)
	})
	return nil
}

func members(site *module.Site, s *module.Server) (list []*upstream.Worker) {
	for _, of := range site.Offered.Balancers {
		for _, b := range of(s) {
			list = append(list, b.Members...)
		}
	}
	return list
}

// plan is what one server has to check.
type plan struct {
	server  *module.Server
	workers []*upstream.Worker
}

// running are the checks of the Site that serves.
type running struct {
	mu     sync.Mutex
	cancel context.CancelFunc
}

func (r *running) restart(plans []plan) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	if len(plans) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	for _, p := range plans {
		go p.checker().Run(ctx, p.workers)
	}
}

func (p plan) checker() *upstream.Checker {
	exprs, log := settings.Of(p.server.Settings).exprs, p.server.ErrorLog
	return &upstream.Checker{
		Timeout: module.CoreServer.Of(p.server.Settings).Timeout,
		Passed: func(name string, got upstream.CheckResponse) (bool, error) {
			return exprs[name].Eval(response{got})
		},
		Changed: func(w *upstream.Worker, up bool, why error) {
			if up {
				log.Printf("proxy_hcheck", observe.Info, "AH03302", "Health check ENABLING %s", w.Name())
				return
			}
			log.Printf("proxy_hcheck", observe.Warn, "AH03303", "Health check DISABLING %s: %v", w.Name(), why)
		},
	}
}

var exprOptions = expr.Options{
	Variable: func(name string) bool { return name == "REQUEST_STATUS" },
	Function: func(name string) bool { return name == "hc" },
}

// response is what an expression sees of a check's answer: REQUEST_STATUS, its header, and hc('body').
type response struct{ upstream.CheckResponse }

func (r response) Var(name string) (string, bool) {
	if name == "REQUEST_STATUS" {
		return strconv.Itoa(r.Status), true
	}
	return "", false
}

func (r response) Func(name, arg string) (string, bool, error) {
	switch name {
	case "hc":
		if strings.EqualFold(arg, "body") {
			return string(r.Body), true, nil
		}
	case "req", "req_novary", "resp": // httpd puts the answer's header in both places
		for _, f := range r.Fields {
			if strings.EqualFold(f.Name, arg) {
				return f.Value, true, nil
			}
		}
	}
	return "", false, nil
}

func (r response) List(name, arg string) ([]string, error)      { return nil, nil }
func (r response) Subrequest(op byte, arg string) (bool, error) { return false, nil }
func (r response) ClientAddr() netip.Addr                       { return netip.Addr{} }
