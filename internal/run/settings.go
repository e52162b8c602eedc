package run

import (
	"net/netip"
	"slices"

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
	for _, server := range s.Servers {
		g.settings = append(g.settings, settingsOf(server))
	}
	return g
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
	s.KeepAlive = core.KeepAlive.Or(true)
	if core.KeepAliveTimeoutSet {
		s.KeepAliveTimeout = core.KeepAliveTimeout
	}
	if core.MaxKeepAliveSet {
		s.MaxKeepAliveRequests = core.MaxKeepAliveRequests
	}
	limits(&s.Options, core)
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
