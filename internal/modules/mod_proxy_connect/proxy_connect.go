// Package proxyconnect is mod_proxy_connect, as far as a reverse proxy has any: its directive is known, CONNECT is not served.
package proxyconnect

import "transom/internal/module"

// Module returns mod_proxy_connect.
func Module() *module.Module {
	return &module.Module{Name: "mod_proxy_connect", Identifier: "proxy_connect_module", Directives: []module.Directive{
		{Name: "AllowCONNECT", Where: module.Servers, Args: module.Some, Syntax: "AllowCONNECT port[-port] [port[-port]] ...",
			Doc: "Ports that a forward proxy connects to.", Support: module.Ignored("there is no forward proxy, so CONNECT is never let through")},
	}}
}
