package explain

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"transom/internal/module"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// port is the URL's, else the only one that is listened on, else the scheme's.
func (q *Question) port(b *module.Build) uint16 {
	host, _ := q.parts()
	if _, text, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.ParseUint(text, 10, 16); err == nil {
			return uint16(n)
		}
	}
	standard := uint16(80)
	if q.scheme() == "https" {
		standard = 443
	}
	if ports := listened(b); !slices.Contains(ports, standard) && len(ports) == 1 {
		return ports[0]
	}
	return standard
}

func listened(b *module.Build) (ports []uint16) {
	for _, l := range b.Listen {
		if _, port := split(l); !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}

func split(l module.ListenAddress) (ip netip.Addr, port uint16) {
	host, text, _ := net.SplitHostPort(l.Address)
	n, _ := strconv.ParseUint(text, 10, 16)
	ip, _ = netip.ParseAddr(host)
	return ip, uint16(n)
}

func listens(b *module.Build, local netip.AddrPort) bool {
	for _, l := range b.Listen {
		ip, port := split(l)
		if port == local.Port() && (!ip.IsValid() || ip.IsUnspecified() || ip.Unmap() == local.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// target is the address that a client of the host would connect to: that of a <VirtualHost> of this name if it has one, else
// that of a Listen, else the loopback.
func target(b *module.Build, host string, port uint16) netip.AddrPort {
	for _, s := range b.Site.Servers {
		if !strings.EqualFold(s.Name, host) && !slices.Contains(s.Aliases, strings.ToLower(host)) {
			continue
		}
		for _, a := range s.Addresses {
			if a.IP.IsValid() && (a.Port == 0 || a.Port == int(port)) {
				return netip.AddrPortFrom(a.IP, port)
			}
		}
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip, port)
	}
	for _, l := range b.Listen {
		if ip, p := split(l); p == port && ip.IsValid() && !ip.IsUnspecified() {
			return netip.AddrPortFrom(ip, port)
		}
	}
	return netip.AddrPortFrom(loopback, port)
}

func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return strings.Trim(host, "[]")
}
