// Package proxy is mod_proxy: ProxyPass and its kin map requests to URLs, <Proxy> and BalancerMember describe workers, and the
// handler sends requests to them. Schemes such as http come from other modules.
package proxy

import "transom/internal/module"

// Module returns mod_proxy.
func Module() *module.Module {
	m := &module.Module{Name: "mod_proxy", Identifier: "proxy_module", Compile: compile, Hooks: []module.Hook{
		{Phase: module.PostRead, Position: module.First, After: []string{"mod_remoteip"}, Before: []string{"mod_headers"}, Run: stripNamed},
		{Phase: module.PreTranslate, Applies: mapsEncoded, Run: preTranslate},
		{Phase: module.Translate, Position: module.First, After: []string{"mod_rewrite"}, Run: translate},
		{Phase: module.MapToStorage, Position: module.First, Run: mapToStorage},
		{Phase: module.Fixups, Position: module.First, After: []string{"mod_rewrite"}, Run: fixup},
		{Phase: module.Handler, Position: module.First, Run: serve},
	}}
	for _, rows := range [][]module.Directive{passRows, serverRows, workerRows, tunnelRows} {
		m.Directives = append(m.Directives, rows...)
	}
	m.Offers.LogItems = logItems
	m.Offers.StatusSections = []module.StatusSection{statusSection}
	m.Offers.Balancers = append(m.Offers.Balancers, balancersOf)
	return m
}
