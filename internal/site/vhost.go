package site

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// vhosts picks the server for a request as httpd does (vhosts/details.html of its manual): first the servers whose
// <VirtualHost> address fits the connection best, then among those the name; the first listed is the default.
type vhosts struct {
	main   *group
	few    []address                 // the best fit comes first; searched if there are no more than maxFew
	many   map[netip.AddrPort]*group // the same: no address is any address, port 0 any port
	strict bool                      // some server has StrictHostCheck
}

// address is one that <VirtualHost> names: an address or any, a port or any (0).
type address struct {
	ip   netip.Addr
	port uint16
	*group
}

// group are the servers of an address, in the file's order.
type group struct {
	servers []*module.Server
	names   map[string]*module.Server // whom the names lead to that stand in ServerName and, without wildcards, in ServerAlias
	wild    []*module.Server          // those with wildcards
}

func newVhosts(servers []*module.Server) *vhosts {
	v := &vhosts{main: newGroup(servers[:1]), many: map[netip.AddrPort]*group{}}
	of := map[netip.AddrPort][]*module.Server{}
	for _, s := range servers {
		v.strict = v.strict || module.CoreServer.Of(s.Settings).StrictHostCheck.Or(false)
		for _, a := range s.Addresses {
			key := netip.AddrPortFrom(a.IP.Unmap(), uint16(a.Port))
			of[key] = append(of[key], s)
		}
	}
	for key, servers := range of {
		v.many[key] = newGroup(servers)
		v.few = append(v.few, address{key.Addr(), key.Port(), v.many[key]})
	}
	slices.SortFunc(v.few, func(a, b address) int {
		return cmp.Or(-a.ip.Compare(b.ip), -cmp.Compare(a.port, b.port))
	})
	return v
}

const maxFew = 16

func newGroup(servers []*module.Server) *group {
	g := &group{servers: servers, names: map[string]*module.Server{}}
	for _, s := range servers {
		for _, name := range append([]string{strings.TrimSuffix(s.Name, ".")}, s.Aliases...) {
			if g.names[name] == nil {
				g.names[name] = cmp.Or(g.covering(name), s)
			}
		}
		if len(s.Wildcards) > 0 {
			g.wild = append(g.wild, s)
		}
	}
	return g
}

// covering is the first server with a wildcard that covers a name, or nil.
func (g *group) covering(host string) *module.Server {
	for _, s := range g.wild {
		if matchesAny(s.Wildcards, host) {
			return s
		}
	}
	return nil
}

func bare(ip netip.Addr) netip.Addr {
	if ip.Is4() {
		return ip
	}
	return ip.Unmap().WithZone("")
}

// candidates are the servers for a local address. An exact address hides the wildcards, and of servers with the same address those
// with the very port come first.
func (v *vhosts) candidates(local netip.AddrPort) *group {
	ip, port := bare(local.Addr()), local.Port()
	if len(v.few) > maxFew {
		return v.among(ip, port)
	}
	for i := range v.few {
		a := &v.few[i]
		if (a.port == port || a.port == 0) && (a.ip == ip || !a.ip.IsValid()) {
			return a.group
		}
	}
	return v.main
}

// among finds the best of many.
func (v *vhosts) among(ip netip.Addr, port uint16) *group {
	for _, key := range [...]netip.AddrPort{netip.AddrPortFrom(ip, port), netip.AddrPortFrom(ip, 0),
		netip.AddrPortFrom(netip.Addr{}, port), {}} {
		if g := v.many[key]; g != nil {
			return g
		}
	}
	return v.main
}

// Default is the server for a connection before any name is known.
func (v *vhosts) Default(local netip.AddrPort) *module.Server { return v.candidates(local).servers[0] }

// pick is the server for a name (lower case, without port and trailing dot; empty if the client gave none).
func (v *vhosts) pick(local netip.AddrPort, host string) *module.Server {
	g := v.candidates(local)
	if host == "" || len(g.servers) == 1 {
		return g.servers[0]
	}
	if s := g.named(local, host); s != nil {
		return s
	}
	return g.servers[0]
}

// named is the server that says the name itself, or nil.
func (g *group) named(local netip.AddrPort, host string) *module.Server {
	if s := g.names[host]; s != nil {
		return s
	}
	if s := g.covering(host); s != nil {
		return s
	}
	for _, s := range g.servers {
		if namedByAddress(s, host, int(local.Port())) {
			return s
		}
	}
	return nil
}

// strange says whether the default server's StrictHostCheck refuses a name that no server of the address says.
func (v *vhosts) strange(r *module.Request) bool {
	if !v.strict || r.Host == "" {
		return false
	}
	first := v.Default(r.Conn.Local)
	if !module.CoreServer.Of(first.Settings).StrictHostCheck.Or(false) {
		return false
	}
	if v.candidates(r.Conn.Local).named(r.Conn.Local, r.Host) != nil {
		return false
	}
	if !first.Virtual() {
		r.Logf("core", observe.Warn, "AH10156", "Requested hostname '%s' is not the ServerName of the main server", r.Host)
	} else {
		r.Logf("core", observe.Warn, "AH10157", "Requested hostname '%s' is no ServerName and no ServerAlias here; the default virtual host is that of %s", r.Host, first.Pos)
	}
	return true
}

// namedByAddress says whether <VirtualHost> itself gives the name, which counts last.
func namedByAddress(s *module.Server, host string, port int) bool {
	for _, a := range s.Addresses {
		if strings.EqualFold(a.Host(), host) && (a.Port == 0 || a.Port == port) {
			return true
		}
	}
	return false
}

func matchesAny(patterns []string, host string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(p, host); ok {
			return true
		}
	}
	return false
}

// Pick is the server for a connection to local and a host name, which may have a port or be empty.
func (s *Site) Pick(local netip.AddrPort, host string) *module.Server {
	if g := s.vhosts.candidates(local); len(g.servers) == 1 {
		return g.servers[0]
	}
	name, _ := splitHost(host)
	return s.vhosts.pick(local, name)
}
