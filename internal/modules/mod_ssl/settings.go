package ssl

import (
	"crypto/tls"
	"time"

	"transom/internal/conf"
	"transom/internal/module"
)

// file is a file or a folder that a directive names.
type file struct {
	path string
	node *conf.Node // the directive, for messages
}

// handshake is what both sides of a connection agree on.
type handshake struct {
	protocols *protocols
	ciphers   *ciphers
	curves    []tls.CurveID
}

func (h handshake) inherit(outer handshake) handshake {
	h.protocols = module.Inherit(outer.protocols, h.protocols)
	h.ciphers = module.Inherit(outer.ciphers, h.ciphers)
	if h.curves == nil {
		h.curves = outer.curves
	}
	return h
}

// level is the argument of SSLVerifyClient and SSLProxyVerify.
type level uint8

const (
	unsetLevel level = iota
	verifyNone
	verifyOptional
	verifyRequire
	verifyOptionalNoCA
)

// verification says what the other side's certificate must be.
type verification struct {
	level            level
	node             *conf.Node
	depth            *int // CA certificates above the peer's own; nil: 1
	caFile, caPath   file
	crlFile, crlPath file
	crlCheck         string // "", "none", "leaf", "chain"
	crlMayLack       bool   // no_crl_for_cert_ok
}

func (v verification) inherit(outer verification) verification {
	v.level = module.Inherit(outer.level, v.level)
	v.node = module.Inherit(outer.node, v.node)
	v.depth = module.Inherit(outer.depth, v.depth)
	v.caFile = module.Inherit(outer.caFile, v.caFile)
	v.caPath = module.Inherit(outer.caPath, v.caPath)
	v.crlFile = module.Inherit(outer.crlFile, v.crlFile)
	v.crlPath = module.Inherit(outer.crlPath, v.crlPath)
	if v.crlCheck == "" {
		v.crlCheck, v.crlMayLack = outer.crlCheck, outer.crlMayLack
	}
	return v
}

// servers holds what belongs to a server in front.
var servers = &module.Slot[serverSettings]{Merge: func(outer, inner *serverSettings) *serverSettings {
	m := *inner
	m.engine = inner.engine.Inherit(outer.engine)
	m.engineNode = module.Inherit(outer.engineNode, inner.engineNode)
	if inner.certs == nil {
		m.certs = outer.certs
	}
	if inner.keys == nil {
		m.keys = outer.keys
	}
	m.chain = module.Inherit(outer.chain, inner.chain)
	m.handshake = inner.handshake.inherit(outer.handshake)
	m.client = inner.client.inherit(outer.client)
	m.namesFile = module.Inherit(outer.namesFile, inner.namesFile)
	m.namesPath = module.Inherit(outer.namesPath, inner.namesPath)
	m.tickets = inner.tickets.Inherit(outer.tickets)
	m.ticketKey = module.Inherit(outer.ticketKey, inner.ticketKey)
	m.sessionTimeout = module.Inherit(outer.sessionTimeout, inner.sessionTimeout)
	m.strictSNI = inner.strictSNI.Inherit(outer.strictSNI)
	m.policy = module.Inherit(outer.policy, inner.policy)
	return &m
}}

type serverSettings struct {
	engine      module.Flag
	engineNode  *conf.Node
	certs, keys []file // a key for each certificate; missing ones stand in the certificate's file
	chain       file
	handshake
	client               verification
	namesFile, namesPath file // SSLCADNRequest*
	tickets              module.Flag
	ticketKey            file
	sessionTimeout       time.Duration // 0: 300 s
	strictSNI            module.Flag
	policy               string // SSLVHostSNIPolicy
}

// dirs holds what belongs to sections.
var dirs = &module.Slot[dirSettings]{Merge: func(outer, inner *dirSettings) *dirSettings {
	m := *inner
	m.options = outer.options.then(inner.options)
	m.requireSSL = outer.requireSSL || inner.requireSSL
	m.requirements = append(append([]requirement{}, outer.requirements...), inner.requirements...)
	m.userName = module.Inherit(outer.userName, inner.userName)
	m.verify = module.Inherit(outer.verify, inner.verify)
	m.node = module.Inherit(outer.node, inner.node)
	return &m
}}

type dirSettings struct {
	options      options
	requireSSL   bool
	requirements []requirement
	userName     string
	verify       level      // SSLVerifyClient of a section
	node         *conf.Node // of it
}

// requirement is one SSLRequire.
type requirement struct {
	text string
	met  func(*module.Request) (bool, error)
}

// options are SSLOptions, with their + and - forms.
type options struct {
	set         optionBits
	isSet       bool
	add, remove optionBits
}

type optionBits uint8

const (
	stdEnvVars optionBits = 1 << iota
	exportCertData
	fakeBasicAuth
	strict
	legacyDN
	optRenegotiate
)

func (o options) bits() optionBits { return o.set&^o.remove | o.add }

func (o options) then(inner options) options {
	if inner.isSet {
		return inner
	}
	return options{set: o.set, isSet: o.isSet, add: o.add&^inner.remove | inner.add, remove: o.remove&^inner.add | inner.remove}
}

// proxies holds what belongs to connections to origin servers: of servers and of <Proxy> sections.
var proxies = &module.Slot[proxySettings]{Merge: func(outer, inner *proxySettings) *proxySettings {
	m := *inner
	m.engine = inner.engine.Inherit(outer.engine)
	m.handshake = inner.handshake.inherit(outer.handshake)
	m.peer = inner.peer.inherit(outer.peer)
	m.checkName = inner.checkName.Inherit(outer.checkName)
	m.checkCN = inner.checkCN.Inherit(outer.checkCN)
	m.checkExpire = inner.checkExpire.Inherit(outer.checkExpire)
	m.certFile = module.Inherit(outer.certFile, inner.certFile)
	m.certPath = module.Inherit(outer.certPath, inner.certPath)
	m.certChain = module.Inherit(outer.certChain, inner.certChain)
	return &m
}}

type proxySettings struct {
	engine module.Flag
	handshake
	peer                          verification
	checkName, checkCN            module.Flag
	checkExpire                   module.Flag
	certFile, certPath, certChain file // SSLProxyMachineCertificate*
}
