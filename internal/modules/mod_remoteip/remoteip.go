package remoteip

import (
	"net/netip"
	"strings"

	"transom/internal/expr"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/wire/http1"
)

var settings = &module.Slot[serverSettings]{Merge: func(outer, inner *serverSettings) *serverSettings {
	m := *inner
	m.header = module.Inherit(outer.header, inner.header)
	m.proxiesHeader = module.Inherit(outer.proxiesHeader, inner.proxiesHeader)
	if m.proxies == nil {
		m.proxies = outer.proxies
	}
	return &m
}}

type serverSettings struct {
	header, proxiesHeader string
	proxies               []proxy // none: everyone is trusted, as with RemoteIPTrustedProxy
}

type proxy struct {
	subnet   expr.Subnet
	internal bool
}

// trusts says whether an address may speak for others, and whether as an internal proxy.
func (s *serverSettings) trusts(addr netip.Addr) (trusted, internal bool) {
	if len(s.proxies) == 0 {
		return true, false
	}
	for _, p := range s.proxies {
		if p.subnet.Contains(addr) {
			return true, p.internal
		}
	}
	return false, false
}

// takeHeader believes a PROXY header before any other. It goes through RemoteIPHeader from its end, the connection's peer first: each address is believed as long as the one
// that reported it is trusted. What was not believed stays in the header.
func takeHeader(r *module.Request) module.Result {
	if told := r.Conn.ProxiedFor; told.IsValid() {
		r.UserAgentAddr = told.Addr().Unmap()
		return module.Declined
	}
	s := settings.Of(r.Server.Settings)
	if s.header == "" || !r.Initial() {
		return module.Declined
	}
	values := r.Values(http1.Canonical(s.header))
	if len(values) == 0 {
		return module.Declined
	}
	rest, more := strings.Join(values, ", "), true
	client := r.UserAgentAddr
	var passed []string
	believed := false
	for more {
		trusted, internal := s.trusts(client)
		if !trusted {
			break
		}
		before, last := "", rest
		i := strings.LastIndexByte(rest, ',')
		if i >= 0 {
			before, last = rest[:i], rest[i+1:]
		}
		addr, err := netip.ParseAddr(strings.Trim(last, " "))
		if err != nil || addr.Zone() != "" {
			r.Logf("remoteip", observe.Debug, "AH01568", "RemoteIP: Header %s value of %s cannot be parsed as a client IP", s.header, last)
			break
		}
		addr = addr.Unmap()
		if !internal && !public(addr) {
			r.Logf("remoteip", observe.Debug, "AH01569", "RemoteIP: Header %s value of %s appears to be a private IP or nonsensical.  Ignored", s.header, addr)
			break
		}
		if !internal {
			passed = append(passed, client.String())
		}
		client, rest, more, believed = addr, before, i >= 0, true
	}
	if !believed {
		return module.Declined
	}
	r.UserAgentAddr = client
	if more {
		r.Header().Set(s.header, rest)
	} else {
		r.Header().Del(s.header)
	}
	if len(passed) > 0 {
		list := strings.Join(passed, ", ")
		r.SetNote("remoteip-proxy-ip-list", list)
		if s.proxiesHeader != "" {
			r.Header().Set(s.proxiesHeader, list)
		}
	}
	return module.Declined
}

// public is httpd's idea of an address that a client on the internet can have: not one of RFC 3330's local networks, and for
// IPv6 one of 2000::/3.
func public(a netip.Addr) bool {
	if a.Is4() {
		return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
	}
	return a.As16()[0]&0xe0 == 0x20
}
