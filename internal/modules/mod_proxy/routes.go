package proxy

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/tunnel"
	"transom/internal/upstream"
)

// routing holds what Compile makes of a server's settings.
var routing = &module.Slot[routes]{Merge: func(outer, inner *routes) *routes { return inner }}

// routes are what requests to a server need.
type routes struct {
	aliases     []*alias
	mapsEncoded bool
	workers     []*definition
	balancers   []*balancer
	generic     *upstream.Worker
	schemes     map[string]*scheme
	relay       tunnel.Relay
	origins     map[string]*origin // those of workers, by the same text
	timeout     time.Duration      // ProxyTimeout, else Timeout
	settings    *serverSettings
}

// scheme is what a module offers for URLs of a kind.
type scheme struct {
	upstream.Scheme
	cgi module.CGIScheme // the same, if it takes a path as CGI does
}

func (rt *routes) isCGI(name string) bool {
	s := rt.schemes[name]
	return s != nil && s.cgi != nil
}

// keptWorkers is the key of the *upstream.Set of all workers that serve.
const keptWorkers = "mod_proxy workers"

func compile(b *module.Build) error {
	schemes := map[string]*scheme{}
	for _, s := range b.Site.Offered.Schemes {
		cgi, _ := s.(module.CGIScheme)
		schemes[s.Name()] = &scheme{s, cgi}
	}
	c := &compiler{build: b, scopes: map[string]int{}, scopeOf: map[*module.Server]string{}}
	for _, s := range b.Site.Servers {
		if routing.Has(s.Settings) {
			continue // shared with the main server, as it has nothing of its own
		}
		settings := servers.Of(s.Settings)
		rt := routing.Edit(s.Settings)
		rt.settings = settings
		rt.aliases, rt.workers, rt.balancers, rt.schemes = settings.aliases, settings.workers, settings.balancers, schemes
		for _, a := range rt.aliases {
			rt.mapsEncoded = rt.mapsEncoded || a.mapping != ""
		}
		for _, d := range rt.workers {
			c.start(d, "")
		}
		for _, d := range rt.balancers {
			c.startBalancer(d)
		}
		rt.generic = c.generic(s)
		rt.timeout = cmp.Or(max(settings.timeout, 0), max(module.CoreServer.Of(s.Settings).Timeout, 0), 60*time.Second)
		rt.findOrigins()
		if b.Kept != nil && !b.Checking {
			rt.relay = module.Tunnels(b.Kept)
		}
	}
	if b.Kept != nil {
		b.OnServe = append(b.OnServe, func() {
			module.Keep(b.Kept, keptWorkers, func() *upstream.Set { return new(upstream.Set) }).Replace(c.workers)
		})
	}
	return nil
}

// compiler makes workers of definitions.
type compiler struct {
	build   *module.Build
	workers []*upstream.Worker
	scopes  map[string]int
	scopeOf map[*module.Server]string
}

// start makes a worker; owner tells the members of a balancer from other workers of the same URL.
func (c *compiler) start(d *definition, owner string) *upstream.Worker {
	if d.worker != nil {
		return d.worker
	}
	w := upstream.NewWorker(d.url, d.member)
	w.Params = d.params
	settings := servers.Of(d.server.Settings)
	standard := upstream.DefaultParams()
	if w.IOBufferSize == standard.IOBufferSize && settings.ioBuffer > 0 {
		w.IOBufferSize = settings.ioBuffer
	}
	if w.ReceiveBufferSize == 0 {
		w.ReceiveBufferSize = settings.receiveBuffer
	}
	w.Scope = c.scope(d.server) + owner
	w.Children = c.build.Process.Processes()
	w.Dialer = dialer(settings.source)
	w.Dialer.WrapRaw = transport
	if err := c.secure(w, d.server, d.name); err != nil {
		c.build.Errorf(d.node, "%v", err)
	}
	c.checkScheme(d)
	d.worker = w.Start()
	c.workers = append(c.workers, w)
	return w
}

func (c *compiler) startBalancer(d *balancer) {
	if d.running != nil {
		return
	}
	b := upstream.NewBalancer(d.name)
	b.BalancerParams = d.params
	b.Scope = c.scope(d.server)
	for _, m := range d.members {
		w := c.start(m, " "+d.name)
		b.Members = append(b.Members, w)
	}
	d.running = b.Start()
}

// generic is the worker of URLs that no other serves.
func (c *compiler) generic(s *module.Server) *upstream.Worker {
	w := upstream.NewGenericWorker()
	w.Dialer = dialer(servers.Of(s.Settings).source)
	w.Dialer.WrapRaw = transport
	if err := c.secure(w, s, ""); err != nil {
		c.build.Errorf(nil, "%v", err)
	}
	return w
}

// secure asks the module that knows SSLProxyEngine and its kin for the worker's TLS settings.
func (c *compiler) secure(w *upstream.Worker, s *module.Server, name string) (err error) {
	dir := s.Defaults
	for _, section := range s.Sections.Proxies {
		ok, _, err := section.Match.Match(name)
		if err != nil {
			return err
		}
		if ok && name != "" {
			dir = module.Merge(dir, section.Settings)
		}
	}
	for _, offer := range c.build.Site.Offered.ProxyTLS {
		if w.TLS, w.TLSKey, err = offer(c.build, s, dir); w.TLS != nil || err != nil {
			return err
		}
	}
	return nil
}

// checkScheme warns of URLs that nothing will serve; as in httpd, that is an error of the request only.
func (c *compiler) checkScheme(d *definition) {
	for _, s := range c.build.Site.Offered.Schemes {
		if s.Name() == d.url.Scheme {
			return
		}
	}
	c.build.Warnf(d.node, "requests for %s will fail with 500: the scheme %s is not supported", d.name, d.url.Scheme)
}

// scope names a server across reloads: by its own name and addresses, and by its place among those that have the same.
func (c *compiler) scope(s *module.Server) string {
	if !s.Virtual() {
		return ""
	}
	if name, ok := c.scopeOf[s]; ok {
		return name
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d", s.Name, s.Port)
	for _, a := range s.Addresses {
		b.WriteString(" " + a.Text)
	}
	name := b.String()
	c.scopes[name]++
	if n := c.scopes[name]; n > 1 {
		name = fmt.Sprintf("%s #%d", name, n)
	}
	c.scopeOf[s] = name
	return name
}

// dialer connects from ProxySourceAddress.
func dialer(source string) upstream.Dialer {
	if source == "" {
		return upstream.Dialer{}
	}
	local := &net.TCPAddr{IP: net.ParseIP(source)}
	return upstream.Dialer{
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			d := net.Dialer{KeepAlive: -1}
			if network == "tcp" {
				d.LocalAddr = local
			}
			return d.DialContext(ctx, network, addr)
		},
	}
}

// transport lets the relay take a TLS connection out of Go's poller.
func transport(c net.Conn) net.Conn { return tunnel.NewTransport(c) }

// balancersOf lists the balancers that requests to a server may use.
func balancersOf(s *module.Server) []*upstream.Balancer {
	rt := routing.Of(s.Settings)
	var list []*upstream.Balancer
	for _, b := range rt.balancers {
		if running := rt.balancer(b.name); !slices.Contains(list, running) {
			list = append(list, running)
		}
	}
	return list
}

// find is the worker for a canonical URL whose path begins at path, and whether that has the worker's own origin.
func (rt *routes) find(url string, path int) (w *upstream.Worker, own bool) {
	if d := findDefinition(rt.workers, url, path); d != nil {
		return d.worker, !d.refs || !hasReference(hostPart(d.name))
	}
	return rt.generic, false
}

func (rt *routes) balancer(url string) *upstream.Balancer {
	name := balancerName(url)
	var empty *upstream.Balancer
	for _, b := range rt.balancers {
		switch {
		case b.name != name:
		case len(b.members) > 0:
			return b.running
		case empty == nil:
			empty = b.running
		}
	}
	return empty
}
