package proxy

import (
	"time"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/upstream"
)

// servers are the settings of a server, httpd's proxy_server_conf.
var servers = &module.Slot[serverSettings]{Merge: mergeServer}

type serverSettings struct {
	aliases         []*alias
	inherit         module.Flag // ProxyPassInherit
	workers         []*definition
	balancers       []*balancer
	balancerInherit module.Flag

	via            via
	timeout        time.Duration
	maxForwards    int // valid if maxForwardsSet
	maxForwardsSet bool
	ioBuffer       int
	receiveBuffer  int
	source         string
	blocks         []string
}

type via uint8

const (
	viaUnset via = iota
	viaOff
	viaOn
	viaFull
	viaBlock
)

func mergeServer(outer, inner *serverSettings) *serverSettings {
	m := *inner
	m.inherit = inner.inherit.Inherit(outer.inherit)
	m.balancerInherit = inner.balancerInherit.Inherit(outer.balancerInherit)
	if m.inherit.Or(true) {
		m.aliases = join(outer.aliases, inner.aliases)
	}
	if m.inherit.Or(true) && m.balancerInherit.Or(true) {
		m.workers = join(outer.workers, inner.workers)
		m.balancers = join(outer.balancers, inner.balancers)
	}
	m.via = module.Inherit(outer.via, inner.via)
	m.timeout = module.Inherit(outer.timeout, inner.timeout)
	if !inner.maxForwardsSet {
		m.maxForwards, m.maxForwardsSet = outer.maxForwards, outer.maxForwardsSet
	}
	m.ioBuffer = module.Inherit(outer.ioBuffer, inner.ioBuffer)
	m.receiveBuffer = module.Inherit(outer.receiveBuffer, inner.receiveBuffer)
	m.source = module.Inherit(outer.source, inner.source)
	m.blocks = join(outer.blocks, inner.blocks)
	return &m
}

// dirs are the settings of a section, httpd's proxy_dir_conf, and of Transom's tunnels.
var dirs = &module.Slot[dirSettings]{Merge: mergeDir}

type dirSettings struct {
	alias         *alias // ProxyPass inside <Location>
	reverse       []mapping
	cookieDomains []mapping
	cookiePaths   []mapping
	preserveHost  module.Flag
	addHeaders    module.Flag
	interpolate   module.Flag
	continue100   module.Flag
	override      module.Flag
	overrideCodes []int
	proxied       *proxied // of a <Proxy> section

	webSocket  module.Flag
	ping       limit
	idle       limit
	lifetime   limit
	maxMessage limit
	strict     module.Flag
	tunnelLog  module.Flag
}

// limit is a number of seconds or bytes that knows "unset"; 0 sets no limit.
type limit struct {
	n   int64
	set bool
}

func (l limit) inherit(outer limit) limit {
	if l.set {
		return l
	}
	return outer
}

func (l limit) seconds() time.Duration { return time.Duration(l.n) * time.Second }

func mergeDir(outer, inner *dirSettings) *dirSettings {
	m := *inner
	m.alias = module.Inherit(outer.alias, inner.alias)
	m.reverse = join(outer.reverse, inner.reverse)
	m.cookieDomains = join(outer.cookieDomains, inner.cookieDomains)
	m.cookiePaths = join(outer.cookiePaths, inner.cookiePaths)
	m.preserveHost = inner.preserveHost.Inherit(outer.preserveHost)
	m.addHeaders = inner.addHeaders.Inherit(outer.addHeaders)
	m.interpolate = inner.interpolate.Inherit(outer.interpolate)
	m.continue100 = inner.continue100.Inherit(outer.continue100)
	if inner.override == module.Unset {
		m.override, m.overrideCodes = outer.override, outer.overrideCodes
	}
	m.proxied = nil
	m.webSocket = inner.webSocket.Inherit(outer.webSocket)
	m.ping = inner.ping.inherit(outer.ping)
	m.idle = inner.idle.inherit(outer.idle)
	m.lifetime = inner.lifetime.inherit(outer.lifetime)
	m.maxMessage = inner.maxMessage.inherit(outer.maxMessage)
	m.strict = inner.strict.Inherit(outer.strict)
	m.tunnelLog = inner.tunnelLog.Inherit(outer.tunnelLog)
	return &m
}

func join[T any](a, b []T) []T {
	if len(a) == 0 {
		return b
	}
	return append(a[:len(a):len(a)], b...)
}

// proxied is what a <Proxy URL> section is about: a worker or a balancer, made by the first directive that needs it.
type proxied struct {
	url      string
	pattern  bool // wildcards or a regular expression: no worker
	worker   *definition
	balancer *balancer
}

// definition is a worker being configured.
type definition struct {
	name    string // as in URLs; back-references may stand in it
	url     upstream.URL
	params  upstream.Params
	server  *module.Server
	refs    bool // there are back-references in name
	isMatch bool // they are ProxyPassMatch's
	member  bool // of a balancer
	node    *conf.Node
	worker  *upstream.Worker
}

// balancer is a balancer being configured.
type balancer struct {
	name    string // "balancer://cluster"
	params  upstream.BalancerParams
	members []*definition
	server  *module.Server
	node    *conf.Node
	running *upstream.Balancer
}
