package run

import (
	"net/netip"
	"slices"

	"transom/internal/expr"
	"transom/internal/listen"
	"transom/internal/module"
	"transom/internal/site"
	"transom/internal/wire/http1"
)

// generation is a Site with what its listeners need of it, made once.
type generation struct {
	*site.Site
	settings []*listen.Settings // by Server.Index
}

func newGeneration(s *site.Site) *generation {
	g := &generation{Site: s}
	proxied := newProxied(s.Servers)
	for _, server := range s.Servers {
		settings := settingsOf(server)
		settings.ProxyProtocol = proxied.expects(server)
		g.settings = append(g.settings, settings)
	}
	return g
}

// proxied are the addresses on which connections begin with a PROXY header: those of all servers that say so, but for
// those of which one says that they don't, as mod_remoteip counts.
type proxied map[module.Address]module.Flag

func newProxied(servers []*module.Server) proxied {
	p := proxied{}
	for _, server := range servers {
		flag := module.ProxyProtocol.Of(server.Settings).Expect
		for _, a := range server.Addresses {
			a.Text = ""
			if flag != module.Unset && p[a] != module.Off {
				p[a] = flag
			}
		}
	}
	return p
}

// expects is the listener's question for connections to a server; nil where none begins so.
func (p proxied) expects(server *module.Server) func(netip.Addr) bool {
	settings := module.ProxyProtocol.Of(server.Settings)
	expect := !server.Virtual() && settings.Expect == module.On
	for _, a := range server.Addresses {
		a.Text = ""
		expect = expect || p[a] == module.On
	}
	if !expect {
		return nil
	}
	return func(peer netip.Addr) bool {
		return !slices.ContainsFunc(settings.Except, func(n expr.Subnet) bool { return n.Contains(peer) })
	}
}

// listenSettings are those of the server that a connection or a request belongs to.
func (g *generation) listenSettings(local netip.AddrPort, host string) *listen.Settings {
	return g.settings[g.Pick(local, host).Index]
}

// settingsOf translates core's directives for the listener.
func settingsOf(server *module.Server) *listen.Settings {
	core := module.CoreServer.Of(server.Settings)
	s := listen.DefaultSettings()
	if core.Timeout > 0 {
		s.Timeout = core.Timeout
	}
	s.KeepAlive = core.KeepAlive.Or(true) && core.MaxKeepAliveRequests >= 0
	if core.KeepAliveTimeoutSet {
		s.KeepAliveTimeout = core.KeepAliveTimeout
	}
	if core.MaxKeepAliveSet {
		s.MaxKeepAliveRequests = core.MaxKeepAliveRequests
	}
	limits(&s.Options, core)
	s.TLS = module.TLS.Of(server.Settings).Config
	timeouts := module.ReadTimeouts.Of(server.Settings)
	setPace(&s.HandshakeTimeout, timeouts.Handshake)
	setPace(&s.HeaderTimeout, timeouts.Header)
	setPace(&s.BodyTimeout, timeouts.Body)
	return s
}

func setPace(pace *listen.Pace, configured *module.ReadPace) {
	if configured != nil {
		*pace = listen.Pace(*configured)
	}
}

func limits(o *http1.Options, core *module.CoreServerSettings) {
	if core.LimitRequestLine > 0 {
		o.Limits.Line = core.LimitRequestLine
	}
	if core.LimitFieldsSet {
		o.Limits.Fields = core.LimitRequestFields
	}
	if core.LimitRequestFieldSize > 0 {
		o.Limits.FieldSize = core.LimitRequestFieldSize
	}
	has := func(option string) bool { return slices.Contains(core.ProtocolOptions, option) }
	o.Unsafe = has("unsafe")
	o.RegisteredMethods = has("registeredmethods")
	o.Require10 = has("require1.0")
}
