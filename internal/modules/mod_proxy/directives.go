package proxy

import "transom/internal/module"

const (
	perDir      = module.Servers | module.InLocation | module.InProxy | module.InIf
	perDirAny   = module.Servers | module.Sections
	passWhere   = module.Servers | module.InLocation | module.InProxy
	inProxy     = module.Servers | module.InProxy
	noForward   = "Transom is a reverse proxy only, and fetches nothing on behalf of clients that name a URL themselves"
	noRemote    = "requests to origin servers are sent directly; passing them on to another proxy would need CONNECT and absolute URLs, which are not there"
	onlyForward = "it concerns forward proxies and ProxyRemote only"
)

var passRows = []module.Directive{
	{Name: "ProxyPass", Where: passWhere, Args: module.RawArgs, Syntax: "ProxyPass [path] !|url [key=value [key=value ...]] [nocanon] [interpolate] [noquery]",
		Doc: "Passes requests for a path on to an origin server.", Set: setPass(false)},
	{Name: "ProxyPassMatch", Where: passWhere, Args: module.RawArgs, Syntax: "ProxyPassMatch [regex] !|url [key=value [key=value ...]]",
		Doc: "Passes requests whose path matches a regular expression on to an origin server.", Set: setPass(true)},
	{Name: "ProxyPassReverse", Where: passWhere, Args: module.OneTo3, Syntax: "ProxyPassReverse [path] url [interpolate]",
		Doc: "Translates URLs in the header of responses to those that clients know.", Set: setReverse},
	{Name: "ProxyPassReverseCookieDomain", Where: passWhere, Args: module.TwoOr3, Syntax: "ProxyPassReverseCookieDomain internal-domain public-domain [interpolate]",
		Doc: "Translates the domain of cookies in responses.", Set: setCookie(func(d *dirSettings) *[]mapping { return &d.cookieDomains })},
	{Name: "ProxyPassReverseCookiePath", Where: passWhere, Args: module.TwoOr3, Syntax: "ProxyPassReverseCookiePath internal-path public-path [interpolate]",
		Doc: "Translates the path of cookies in responses.", Set: setCookie(func(d *dirSettings) *[]mapping { return &d.cookiePaths })},
	{Name: "ProxyPassInherit", Where: module.Servers, Args: module.OnOff, Syntax: "ProxyPassInherit On|Off",
		Doc: "Whether a virtual host takes the main server's ProxyPass directives over.", Set: serverFlag(func(s *serverSettings) *module.Flag { return &s.inherit })},
	{Name: "ProxyPassInterpolateEnv", Where: perDirAny, Args: module.OnOff, Syntax: "ProxyPassInterpolateEnv On|Off",
		Doc: "Whether ${NAME} stands for environment variables where interpolate is written.", Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.interpolate })},
	{Name: "ProxyPreserveHost", Where: perDirAny, Args: module.OnOff, Syntax: "ProxyPreserveHost On|Off",
		Doc: "Whether the origin server sees the client's Host.", Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.preserveHost })},
	{Name: "ProxyAddHeaders", Where: perDirAny, Args: module.OnOff, Syntax: "ProxyAddHeaders On|Off",
		Doc: "Whether X-Forwarded-For, -Host and -Server are added.", Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.addHeaders })},
	{Name: "ProxyErrorOverride", Where: perDirAny, Args: module.Some, Syntax: "ProxyErrorOverride On|Off [code [code ...]]",
		Doc: "Whether this server's error pages take the place of the origin server's.", Set: setErrorOverride},
	{Name: "Proxy100Continue", Where: perDirAny, Args: module.OnOff, Syntax: "Proxy100Continue On|Off",
		Doc: "Whether the origin server decides about Expect: 100-continue.", Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.continue100 })},
}

var serverRows = []module.Directive{
	{Name: "ProxyVia", Where: module.Servers, Args: module.One, Syntax: "ProxyVia Off|On|Full|Block",
		Doc: "What happens to Via in requests and responses.", Set: setVia},
	{Name: "ProxyTimeout", Where: module.Servers, Args: module.One, Syntax: "ProxyTimeout seconds",
		Doc: "How long an origin server may be silent; Timeout if not set. Tunnels have timers of their own.", Set: setTimeout},
	{Name: "ProxyMaxForwards", Where: module.Servers, Args: module.One, Syntax: "ProxyMaxForwards number",
		Doc: "The Max-Forwards of requests that have none; -1 sets none.", Set: setMaxForwards},
	{Name: "ProxyIOBufferSize", Where: module.Servers, Args: module.One, Syntax: "ProxyIOBufferSize bytes",
		Doc: "Size of the packets of ajp.", Set: setBuffer(512, func(s *serverSettings) *int { return &s.ioBuffer })},
	{Name: "ProxyReceiveBufferSize", Where: module.Servers, Args: module.One, Syntax: "ProxyReceiveBufferSize bytes",
		Doc: "The system's receive buffer of connections to origin servers.", Set: setBuffer(512, func(s *serverSettings) *int { return &s.receiveBuffer })},
	{Name: "ProxySourceAddress", Where: module.Servers, Args: module.One, Syntax: "ProxySourceAddress address",
		Doc: "The local address of connections to origin servers.", Set: setSource},
	{Name: "ProxyBadHeader", Where: module.Servers, Args: module.One, Syntax: "ProxyBadHeader IsError|Ignore|StartBody",
		Doc: "What happens to a response with a malformed header: it is an error, whatever is written.", Set: setBadHeader},
	{Name: "ProxyBlock", Where: module.Servers, Args: module.Some, Syntax: "ProxyBlock *|word|host|domain [word|host|domain] ...",
		Doc: "Hosts to which nothing is sent.", Set: setBlock},
	{Name: "ProxyStatus", Where: module.Servers, Args: module.One, Syntax: "ProxyStatus Off|On|Full",
		Doc: "Whether server-status shows balancers.", Set: setStatus},
	{Name: "ProxyRequests", Where: module.Servers, Args: module.One, Syntax: "ProxyRequests On|Off",
		Doc: "Whether this is a forward proxy; On is ignored with a warning.", Set: setRequests},
	{Name: "ProxyDomain", Where: module.Servers, Args: module.One, Syntax: "ProxyDomain domain",
		Doc: "The domain of host names without one in a forward proxy's requests.", Support: module.Accepted(onlyForward)},
	{Name: "NoProxy", Where: module.Servers, Args: module.Some, Syntax: "NoProxy host [host] ...",
		Doc: "Hosts that ProxyRemote does not concern.", Support: module.Accepted(onlyForward)},
	{Name: "ProxyRemote", Where: module.Servers, Args: module.TwoOr3, Syntax: "ProxyRemote match remote-server [username:password]",
		Doc: "A proxy through which requests are sent.", Support: module.Refused(noRemote)},
	{Name: "ProxyRemoteMatch", Where: module.Servers, Args: module.TwoOr3, Syntax: "ProxyRemoteMatch regex remote-server [username:password]",
		Doc: "A proxy through which matching requests are sent.", Support: module.Refused(noRemote)},
}

var workerRows = []module.Directive{
	{Name: "Proxy", Where: module.Servers, Args: module.RawArgs, Syntax: "<Proxy wildcard-url> ... </Proxy>",
		Doc: "Directives for what is sent to URLs that begin so, and a place for a balancer's members.", Open: openProxy(false)},
	{Name: "ProxyMatch", Where: module.Servers, Args: module.RawArgs, Syntax: "<ProxyMatch regex> ... </ProxyMatch>",
		Doc: "Directives for what is sent to URLs that match a regular expression.", Open: openProxy(true)},
	{Name: "ProxySet", Where: inProxy, Args: module.RawArgs, Syntax: "ProxySet [url] key=value [key=value ...]",
		Doc: "Parameters of a worker or a balancer.", Set: setProxySet},
	{Name: "BalancerMember", Where: inProxy, Args: module.RawArgs, Syntax: "BalancerMember [balancerurl] url [key=value [key=value ...]]",
		Doc: "A member of a balancer.", Set: setMember},
	{Name: "BalancerInherit", Where: module.Servers, Args: module.OnOff, Syntax: "BalancerInherit On|Off",
		Doc: "Whether a virtual host takes the main server's balancers and workers over.", Set: serverFlag(func(s *serverSettings) *module.Flag { return &s.balancerInherit })},
	{Name: "BalancerGrowth", Where: module.Servers, Args: module.One, Syntax: "BalancerGrowth number",
		Doc: "How many balancers may be added while running.", Support: module.Accepted("no room needs to be reserved")},
	{Name: "BalancerPersist", Where: module.Servers, Args: module.OnOff, Syntax: "BalancerPersist On|Off",
		Doc: "Whether changes by the balancer manager outlive a restart.", Set: setPersist},
}

var tunnelRows = []module.Directive{
	{Name: "TransomWebSocket", Where: perDirAny, Args: module.OnOff, Syntax: "TransomWebSocket On|Off",
		Doc: "Whether WebSocket handshakes on http:// and https:// workers open tunnels without upgrade=websocket. On by default.",
		Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.webSocket })},
	{Name: "TransomTunnelPing", Where: perDirAny, Args: module.One, Syntax: "TransomTunnelPing seconds",
		Doc: "After how long a silent side of a WebSocket is pinged; it is closed when it stays silent as long again. 0, the default, never.",
		Set: setLimit(func(d *dirSettings) *limit { return &d.ping })},
	{Name: "TransomTunnelIdleTimeout", Where: perDirAny, Args: module.One, Syntax: "TransomTunnelIdleTimeout seconds",
		Doc: "After how long without a byte a tunnel is closed. 0, the default, never.", Set: setLimit(func(d *dirSettings) *limit { return &d.idle })},
	{Name: "TransomTunnelLifetime", Where: perDirAny, Args: module.One, Syntax: "TransomTunnelLifetime seconds",
		Doc: "How long a tunnel may last. 0, the default, for ever.", Set: setLimit(func(d *dirSettings) *limit { return &d.lifetime })},
	{Name: "TransomTunnelMaxMessage", Where: perDirAny, Args: module.One, Syntax: "TransomTunnelMaxMessage bytes",
		Doc: "The longest message; a longer one closes the tunnel with 1009. 0, the default, sets no limit.", Set: setLimit(func(d *dirSettings) *limit { return &d.maxMessage })},
	{Name: "TransomTunnelStrict", Where: perDirAny, Args: module.OnOff, Syntax: "TransomTunnelStrict On|Off",
		Doc: "Whether invalid framing closes a tunnel with 1002; otherwise it is carried as it is.", Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.strict })},
	{Name: "TransomTunnelLog", Where: perDirAny, Args: module.OnOff, Syntax: "TransomTunnelLog On|Off",
		Doc: "Whether the error log gets a line when a tunnel opens; the access log has one when it ends.", Set: dirFlag(func(d *dirSettings) *module.Flag { return &d.tunnelLog })},
	{Name: "TransomTunnelDrain", Where: module.InServer, Args: module.One, Syntax: "TransomTunnelDrain seconds",
		Doc: "Over how long a graceful stop spreads the end of WebSockets (Close 1001).", Set: setDrain},
}
