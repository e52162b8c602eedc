package wstunnel

import (
	"fmt"

	"transom/internal/module"
)

var directives = []module.Directive{
	{Name: "ProxyWebsocketFallbackToProxyHttp", Where: module.Servers | module.Sections, Args: module.OnOff, Syntax: "ProxyWebsocketFallbackToProxyHttp On|Off",
		Doc: "Whether handshakes are sent as HTTP first; Off is refused.", Set: setFallback},
	{Name: "ProxyWebsocketAsync", Where: module.Servers | module.Sections, Args: module.OnOff, Syntax: "ProxyWebsocketAsync On|Off",
		Doc: "Whether a quiet tunnel gives its thread back.", Support: module.Accepted("a quiet tunnel never has a thread")},
	{Name: "ProxyWebsocketAsyncDelay", Where: module.Servers | module.Sections, Args: module.One, Syntax: "ProxyWebsocketAsyncDelay number[ms]",
		Doc: "How long a tunnel keeps its thread.", Support: module.Accepted("a quiet tunnel never has a thread")},
	{Name: "ProxyWebsocketIdleTimeout", Where: module.Servers | module.Sections, Args: module.One, Syntax: "ProxyWebsocketIdleTimeout number[ms]",
		Doc: "How long a tunnel may be quiet.", Support: module.Refused("write TransomTunnelIdleTimeout seconds, which holds for every tunnel")},
}

// setFallback refuses the tunnel of old, which was there before any response (CVE-2019-17567).
func setFallback(c *module.Command) error {
	if c.Flag() == module.Off {
		return fmt.Errorf("ProxyWebsocketFallbackToProxyHttp Off is not supported: there is no tunnel without a handshake that the origin server has answered")
	}
	return nil
}
