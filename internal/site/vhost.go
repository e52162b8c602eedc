package site

import (
	"net/netip"
	"path"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// vhosts picks the server for a request as httpd does (vhosts/details.html of its manual): first the servers whose
// <VirtualHost> address fits the connection best, then among those the name; the first listed is the default.
type vhosts struct {
	main   *module.Server
	exact  map[netip.AddrPort][]*module.Server // port 0 is any port
	few    []atAddress                         // the same, if they are few: found without making a hash
	port   map[int][]*module.Server            // any address, this port
	any    []*module.Server                    // any address, any port
	strict bool                                // some server has StrictHostCheck
}

type atAddress struct {
	ip      netip.Addr
	port    uint16
	servers []*module.Server
}

func newVhosts(servers []*module.Server) *vhosts {
	v := &vhosts{main: servers[0], exact: map[netip.AddrPort][]*module.Server{}, port: map[int][]*module.Server{}}
	for _, s := range servers {
		v.strict = v.strict || module.CoreServer.Of(s.Settings).StrictHostCheck.Or(false)
		for _, a := range s.Addresses {
			switch {
			case a.IP.IsValid():
				key := netip.AddrPortFrom(a.IP.Unmap(), uint16(a.Port))
				v.exact[key] = append(v.exact[key], s)
			case a.Port != 0:
				v.port[a.Port] = append(v.port[a.Port], s)
			default:
				v.any = append(v.any, s)
			}
		}
	}
	if len(v.exact) <= maxFew {
		for address, servers := range v.exact {
			v.few = append(v.few, atAddress{address.Addr(), address.Port(), servers})
		}
	}
	return v
}

const maxFew = 16

// addressed are the servers that say an address itself, first of all with its port.
func (v *vhosts) addressed(local netip.AddrPort) (found []*module.Server) {
	if len(v.exact) > maxFew {
		if l := v.exact[netip.AddrPortFrom(bare(local), local.Port())]; l != nil {
			return l
		}
		return v.exact[netip.AddrPortFrom(bare(local), 0)]
	}
	for i := range v.few {
		a := &v.few[i]
		if a.port != 0 && a.port != local.Port() || a.ip != bare(local) {
			continue
		}
		if found = a.servers; a.port != 0 {
			break
		}
	}
	return found
}

func bare(local netip.AddrPort) netip.Addr { return local.Addr().Unmap().WithZone("") }

// candidates are the servers for a local address; none means the main server. An exact address hides the wildcards, and
// of servers with the same address those with the very port come first.
func (v *vhosts) candidates(local netip.AddrPort) []*module.Server {
	if l := v.addressed(local); l != nil {
		return l
	}
	if l := v.port[int(local.Port())]; l != nil {
		return l
	}
	return v.any
}

// Default is the server for a connection before any name is known.
func (v *vhosts) Default(local netip.AddrPort) *module.Server {
	if l := v.candidates(local); len(l) > 0 {
		return l[0]
	}
	return v.main
}

// pick is the server for a name (lower case, without port and trailing dot; empty if the client gave none).
func (v *vhosts) pick(local netip.AddrPort, host string) *module.Server {
	return v.choose(v.candidates(local), local, host)
}

func (v *vhosts) choose(list []*module.Server, local netip.AddrPort, host string) *module.Server {
	if len(list) == 0 {
		return v.main
	}
	if host == "" || len(list) == 1 {
		return list[0]
	}
	if s := named(list, local, host); s != nil {
		return s
	}
	return list[0]
}

// named is the server that says the name itself, or nil.
func named(list []*module.Server, local netip.AddrPort, host string) *module.Server {
	for _, s := range list {
		if strings.TrimSuffix(s.Name, ".") == host || contains(s.Aliases, host) || matchesAny(s.Wildcards, host) {
			return s
		}
	}
	for _, s := range list {
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
	list := v.candidates(r.Conn.Local)
	if len(list) == 0 {
		list = []*module.Server{first}
	}
	if named(list, r.Conn.Local, r.Host) != nil {
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

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
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
	list := s.vhosts.candidates(local)
	if len(list) < 2 {
		return s.vhosts.choose(list, local, "")
	}
	name, _ := splitHost(host)
	return s.vhosts.choose(list, local, name)
}
