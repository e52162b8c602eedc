// Package wstunnel is mod_proxy_wstunnel: the schemes ws and wss. They are HTTP with a handshake in it; what is no handshake goes
// out as a plain request, as httpd does since 2.4.47.
package wstunnel

import (
	"transom/internal/module"
	"transom/internal/upstream"
)

// Module returns mod_proxy_wstunnel.
func Module() *module.Module {
	m := &module.Module{Name: "mod_proxy_wstunnel", Identifier: "proxy_wstunnel_module", Directives: directives}
	for _, s := range upstream.HTTPSchemes() {
		if s.Name() == "ws" || s.Name() == "wss" {
			m.Offers.Schemes = append(m.Offers.Schemes, s)
		}
	}
	return m
}
