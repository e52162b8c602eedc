package ssl

import (
	"transom/internal/module"
)

// proxyDirectives are about connections to origin servers; they stand in servers and in <Proxy>.
func proxyDirectives() []module.Directive {
	const where = module.Servers | module.InProxy
	proxy := func(c *module.Command) *proxySettings { return proxies.Edit(c.Dir) }
	peer := func(c *module.Command) *verification { return &proxy(c).peer }
	flag := func(of func(*proxySettings) *module.Flag) func(*module.Command) error {
		return func(c *module.Command) error {
			*of(proxy(c)) = c.Flag()
			return nil
		}
	}
	hs := func(c *module.Command) *handshake { return &proxy(c).handshake }
	list := []module.Directive{
		{Name: "SSLProxyEngine", Where: where, Args: module.OnOff, Syntax: "SSLProxyEngine on|off",
			Doc: "Whether origin servers may be reached by TLS (https:// and wss://).",
			Set: flag(func(s *proxySettings) *module.Flag { return &s.engine })},
		{Name: "SSLProxyProtocol", Where: where, Args: module.Some, Syntax: "SSLProxyProtocol [+|-]protocol ...",
			Doc: "The versions of TLS that are spoken with origin servers.", Set: setProtocols(hs)},
		{Name: "SSLProxyCipherSuite", Where: where, Args: module.OneOrTwo, Syntax: "SSLProxyCipherSuite [protocol] cipher-spec",
			Doc: "The ciphers that may be used with origin servers.", Set: setCiphers(hs)},
		{Name: "SSLProxyVerify", Where: where, Args: module.One, Syntax: "SSLProxyVerify none|optional|require|optional_no_ca",
			Doc: "Whether origin servers' certificates must be those of a trusted authority.", Set: func(c *module.Command) error {
				l, err := parseLevel(c.Args[0])
				peer(c).level, peer(c).node = l, c.Node
				return err
			}},
		{Name: "SSLProxyVerifyDepth", Where: where, Args: module.One, Syntax: "SSLProxyVerifyDepth number",
			Doc: "How many authorities may stand above an origin server's certificate.", Set: setDepth(peer)},
		{Name: "SSLProxyCheckPeerName", Where: where, Args: module.OnOff, Syntax: "SSLProxyCheckPeerName on|off",
			Doc: "Whether an origin server's certificate must have the name that was asked for.",
			Set: flag(func(s *proxySettings) *module.Flag { return &s.checkName })},
		{Name: "SSLProxyCheckPeerCN", Where: where, Args: module.OnOff, Syntax: "SSLProxyCheckPeerCN on|off",
			Doc: "The same, by the common name alone if SSLProxyCheckPeerName is off.",
			Set: flag(func(s *proxySettings) *module.Flag { return &s.checkCN })},
		{Name: "SSLProxyCheckPeerExpire", Where: where, Args: module.OnOff, Syntax: "SSLProxyCheckPeerExpire on|off",
			Doc: "Whether an origin server's certificate must be of today.",
			Set: flag(func(s *proxySettings) *module.Flag { return &s.checkExpire })},
		{Name: "SSLProxyMachineCertificateFile", Where: where, Args: module.One, Syntax: "SSLProxyMachineCertificateFile filename",
			Doc: "Certificates and keys by which the proxy proves itself to origin servers.",
			Set: setFile(func(c *module.Command) *file { return &proxy(c).certFile }, checkFile)},
		{Name: "SSLProxyMachineCertificatePath", Where: where, Args: module.One, Syntax: "SSLProxyMachineCertificatePath directory",
			Doc: "A folder of such files.", Set: setFile(func(c *module.Command) *file { return &proxy(c).certPath }, checkDir)},
		{Name: "SSLProxyMachineCertificateChainFile", Where: where, Args: module.One, Syntax: "SSLProxyMachineCertificateChainFile filename",
			Doc: "Certificates of the authorities between those and the root.",
			Set: setFile(func(c *module.Command) *file { return &proxy(c).certChain }, checkFile)},
	}
	return append(list, trustDirectives("SSLProxy", where, peer)...)
}
