// Package balancer is mod_proxy_balancer: the balancer manager. Balancing itself is mod_proxy's, and the methods are upstream's.
package balancer

import "transom/internal/module"

// Module returns mod_proxy_balancer.
func Module() *module.Module {
	return &module.Module{Name: "mod_proxy_balancer", Identifier: "proxy_balancer_module", Offers: module.Offers{
		Handlers:       []module.NamedHandler{{Name: "balancer-manager", Serve: serveManager}},
		StatusSections: []module.StatusSection{status},
	}}
}

// ByRequests returns mod_lbmethod_byrequests, which is always there, as are the other two.
func ByRequests() *module.Module { return method("byrequests") }

// ByTraffic returns mod_lbmethod_bytraffic.
func ByTraffic() *module.Module { return method("bytraffic") }

// ByBusyness returns mod_lbmethod_bybusyness.
func ByBusyness() *module.Module { return method("bybusyness") }

func method(name string) *module.Module {
	return &module.Module{Name: "mod_lbmethod_" + name, Identifier: "lbmethod_" + name + "_module"}
}
