package wstunnel

import (
	"fmt"

	"transom/internal/module"
)

var directives = []module.Directive{
	{Name: "ProxyWebsocketFallbackToProxyHttp", Where: module.Servers | module.Sections, Args: module.OnOff, Syntax: "ProxyWebsocketFallbackToProxyHttp On|Off",
		Doc: "Whether handshakes are sent as HTTP first, which is the only way here: Off is refused.", Set: setFallback},
}

// setFallback refuses httpd's tunnel of old, which was there before any response (CVE-2019-17567).
func setFallback(c *module.Command) error {
	if c.Flag() == module.Off {
		return fmt.Errorf("ProxyWebsocketFallbackToProxyHttp Off is not supported: there is no tunnel without a handshake that the origin server has answered")
	}
	return nil
}
