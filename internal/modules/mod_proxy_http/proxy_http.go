// Package proxyhttp is mod_proxy_http: the schemes http and https.
package proxyhttp

import (
	"transom/internal/module"
	"transom/internal/upstream"
)

// Module returns mod_proxy_http.
func Module() *module.Module {
	m := &module.Module{Name: "mod_proxy_http", Identifier: "proxy_http_module"}
	for _, s := range upstream.HTTPSchemes() {
		if s.Name() == "http" || s.Name() == "https" {
			m.Offers.Schemes = append(m.Offers.Schemes, s)
		}
	}
	return m
}
