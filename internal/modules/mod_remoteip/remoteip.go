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

func namesHeader(server, _ *module.Settings) bool { return settings.Of(server).header != "" }

// takeProxied believes a PROXY header before any other.
func takeProxied(r *module.Request) module.Result {
	r.UserAgentAddr = r.Conn.ProxiedFor.Addr().Unmap()
	return module.Declined
}

// takeHeader goes through RemoteIPHeader from its end, the connection's peer first: each address is believed as long as the one
// that reported it is trusted.
func takeHeader(r *module.Request) module.Result {
	if r.Conn.ProxiedFor.IsValid() || !r.Initial() {
		return module.Declined
	}
	s := settings.Of(r.Server.Settings)
	values := r.Values(http1.Canonical(s.header))
	if len(values) == 0 {
		return module.Declined
	}
	w := walk{r: r, s: s, client: r.UserAgentAddr, rest: strings.Join(values, ", "), more: true}
	believed := false
	for w.more && w.step() {
		believed = true
	}
	if believed {
		w.take()
	}
	return module.Declined
}

// walk is a way through the header.
type walk struct {
	r      *module.Request
	s      *serverSettings
	client netip.Addr // believed so far
	passed []string   // proxies on the way that are not internal
	rest   string     // of the header
	more   bool       // there is a rest
}

// step believes the rest's last address, if there is reason to.
func (w *walk) step() bool {
	trusted, internal := w.s.trusts(w.client)
	if !trusted {
		return false
	}
	before, last := "", w.rest
	i := strings.LastIndexByte(last, ',')
	if i >= 0 {
		before, last = last[:i], last[i+1:]
	}
	addr, err := netip.ParseAddr(strings.Trim(last, " "))
	if err != nil || addr.Zone() != "" {
		w.r.Logf("remoteip", observe.Debug, "AH01568", "RemoteIP: Header %s value of %s cannot be parsed as a client IP", w.s.header, last)
		return false
	}
	addr = addr.Unmap()
	if !internal && !public(addr) {
		w.r.Logf("remoteip", observe.Debug, "AH01569", "RemoteIP: Header %s value of %s appears to be a private IP or nonsensical.  Ignored", w.s.header, addr)
		return false
	}
	if !internal {
		w.passed = append(w.passed, w.client.String())
	}
	w.client, w.rest, w.more = addr, before, i >= 0
	return true
}

// take makes the request the client's. What was not believed stays in the header.
func (w *walk) take() {
	r := w.r
	r.UserAgentAddr = w.client
	if w.more {
		r.Header().Set(w.s.header, w.rest)
	} else {
		r.Header().Del(w.s.header)
	}
	if len(w.passed) == 0 {
		return
	}
	list := strings.Join(w.passed, ", ")
	r.SetNote("remoteip-proxy-ip-list", list)
	if w.s.proxiesHeader != "" {
		r.Header().Set(w.s.proxiesHeader, list)
	}
}

// public is httpd's idea of an address that a client on the internet can have: not one of RFC 3330's local networks, and for
// IPv6 one of 2000::/3.
func public(a netip.Addr) bool {
	if a.Is4() {
		return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
	}
	return a.As16()[0]&0xe0 == 0x20
}
