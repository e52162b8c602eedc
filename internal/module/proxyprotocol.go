package module

import "transom/internal/expr"

// ProxyProtocol says whether connections begin with a PROXY header (RemoteIPProxyProtocol): mod_remoteip writes it, the
// listener's settings read it. It holds for the addresses of a server, hence for all servers that share them.
var ProxyProtocol = &Slot[ProxyProtocolSettings]{Merge: func(outer, inner *ProxyProtocolSettings) *ProxyProtocolSettings {
	m := &ProxyProtocolSettings{Expect: inner.Expect.Inherit(outer.Expect), Except: inner.Except}
	if m.Except == nil {
		m.Except = outer.Except
	}
	return m
}}

type ProxyProtocolSettings struct {
	Expect Flag
	Except []expr.Subnet // peers whose connections begin without one
}
