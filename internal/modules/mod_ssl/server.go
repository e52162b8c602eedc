package ssl

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"transom/internal/conf"
	"transom/internal/module"
)

// running is what requests need to know of a server's TLS.
var running = &module.Slot[runningServer]{Merge: func(_, inner *runningServer) *runningServer { return inner }}

type runningServer struct {
	certificate *x509.Certificate // the first one; nil: no TLS
	client      *verifier         // nil: clients aren't asked for certificates
	identity    string            // certificates, protocols and ciphers, for comparison
	trust       string            // what clients must prove, for comparison
}

func compile(b *module.Build) error {
	for _, s := range b.Site.Servers {
		if running.Has(s.Settings) {
			continue // shared with the main server, as it has nothing of its own
		}
		settings := servers.Of(s.Settings)
		run := running.Edit(s.Settings)
		if settings.engine != module.On {
			continue
		}
		protocols := settings.protocols
		if protocols == nil {
			protocols = baseProtocols(b.Site.Servers, s)
		}
		run.identity = fmt.Sprint(paths(settings.certs), paths(settings.keys), *protocols, settings.ciphers.list())
		v := settings.client
		run.trust = fmt.Sprint(v.level, v.depthOr(1), v.caFile.path, v.caPath.path, v.crlFile.path, v.crlPath.path, v.crlCheck, v.crlMayLack)
		config, node, err := serverConfig(b, s, settings, run)
		if err != nil {
			b.Errorf(node, "%s: %v", node.Name, err)
			continue
		}
		config.MinVersion, config.MaxVersion = protocols.min, protocols.max
		module.TLS.Edit(s.Settings).Config = config
	}
	checkSections(b)
	return nil
}

// serverConfig makes a server's TLS settings. The node is the directive that an error is about.
func serverConfig(b *module.Build, s *module.Server, settings *serverSettings, run *runningServer) (*tls.Config, *conf.Node, error) {
	c := &tls.Config{NextProtos: alpn(module.CoreServer.Of(s.Settings)), CurvePreferences: settings.curves}
	if settings.ciphers != nil {
		if settings.ciphers.refused != nil {
			return nil, settings.ciphers.node, settings.ciphers.refused
		}
		c.CipherSuites = settings.ciphers.ids
	}
	if node, err := addCertificates(c, settings); err != nil {
		return nil, node, err
	}
	run.certificate = c.Certificates[0].Leaf
	if node, err := askClients(b, c, settings, run); err != nil {
		return nil, node, err
	}
	if settings.tickets == module.Off {
		c.SessionTicketsDisabled = true
		return c, nil, nil
	}
	return c, settings.ticketKey.node, resumeSessions(c, settings)
}

// alpn is what Protocols offers in the handshake.
func alpn(core *module.CoreServerSettings) []string {
	if len(core.Protocols) == 0 {
		return []string{"http/1.1"}
	}
	list := slices.Clone(core.Protocols)
	if !slices.Contains(list, "http/1.1") {
		list = append(list, "http/1.1")
	}
	return list
}

func addCertificates(c *tls.Config, settings *serverSettings) (*conf.Node, error) {
	if len(settings.certs) == 0 {
		return settings.engineNode, fmt.Errorf("there is no certificate: SSLCertificateFile and SSLCertificateKeyFile must name one and its key")
	}
	var chain []*x509.Certificate
	if settings.chain.path != "" {
		var err error
		if chain, err = readCertificates(settings.chain.path); err != nil {
			return settings.chain.node, err
		}
	}
	for i, cert := range settings.certs {
		key := file{node: cert.node}
		if i < len(settings.keys) {
			key = settings.keys[i]
		}
		pair, err := readPair(cert.path, key.path, chain)
		if err != nil {
			return key.node, err
		}
		if len(pair.Certificate) == 1 {
			// An unreadable bundle is reported where clients are asked for certificates.
			cas, _ := readCAs(settings.client.caFile, settings.client.caPath)
			for _, ca := range issuers(pair.Leaf, cas) {
				pair.Certificate = append(pair.Certificate, ca.Raw)
			}
		}
		c.Certificates = append(c.Certificates, pair)
	}
	// crypto/tls takes the first that the client can do. An ECDSA signature costs a tenth of an RSA one, and is what OpenSSL
	// and today's clients prefer.
	slices.SortStableFunc(c.Certificates, func(a, b tls.Certificate) int { return rsaLast(a) - rsaLast(b) })
	return nil, nil
}

func rsaLast(c tls.Certificate) int {
	if c.Leaf.PublicKeyAlgorithm == x509.RSA {
		return 1
	}
	return 0
}

// askClients makes the handshake ask for a certificate. It is checked here rather than by crypto/tls, which knows nothing of
// depth, of revocation lists, or of names other than those of the trusted certificates.
func askClients(b *module.Build, c *tls.Config, settings *serverSettings, run *runningServer) (*conf.Node, error) {
	v := settings.client
	if v.level == unsetLevel || v.level == verifyNone {
		return nil, nil
	}
	roots, err := readCAs(v.caFile, v.caPath)
	if err != nil {
		return v.caNode(), err
	}
	if len(roots) == 0 && v.level == verifyRequire {
		b.Warnf(v.node, "you want to request client authentication, but no CAs are known for verification [Hint: SSLCACertificateFile]")
	}
	names := roots
	if settings.namesFile.path != "" || settings.namesPath.path != "" {
		if names, err = readCAs(settings.namesFile, settings.namesPath); err != nil {
			return v.node, err
		}
	}
	if run.client, err = newVerifier(v, roots, x509.ExtKeyUsageClientAuth); err != nil {
		return v.crlNode(), err
	}
	c.ClientCAs, c.ClientAuth, c.VerifyConnection = pool(names), tls.RequestClientCert, run.client.connection
	if v.level == verifyRequire {
		c.ClientAuth = tls.RequireAnyClientCert
	}
	return nil, nil
}

// resumeSessions gives the server tickets of its own. With GetConfigForClient, crypto/tls would take the keys of the Config that
// the listener began with, for all hosts of its address, and a session of one could go on at another.
func resumeSessions(c *tls.Config, settings *serverSettings) error {
	if settings.ticketKey.path != "" {
		secret, err := os.ReadFile(settings.ticketKey.path)
		if err != nil {
			return err
		}
		if len(secret) < 48 {
			return fmt.Errorf("%s must hold 48 bytes of random data", settings.ticketKey.path)
		}
		c.SetSessionTicketKeys([][32]byte{sha256.Sum256(secret[:48])})
	}
	timeout := settings.sessionTimeout
	if timeout == 0 {
		timeout = 300 * time.Second
	}
	c.WrapSession = func(cs tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		s.Extra = append(s.Extra, binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix())))
		return c.EncryptTicket(cs, s)
	}
	c.UnwrapSession = func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
		s, err := c.DecryptTicket(ticket, cs)
		if err != nil || s == nil || len(s.Extra) == 0 {
			return nil, err
		}
		began := s.Extra[len(s.Extra)-1]
		if len(began) != 8 || time.Since(time.Unix(int64(binary.BigEndian.Uint64(began)), 0)) > timeout {
			return nil, nil
		}
		return s, nil
	}
	return nil
}

// baseProtocols are those of a virtual host without SSLProtocol: of the first host of its address, as in httpd.
func baseProtocols(all []*module.Server, s *module.Server) *protocols {
	for _, first := range all[1:] {
		for _, a := range first.Addresses {
			if slices.ContainsFunc(s.Addresses, func(b module.Address) bool { return strings.EqualFold(a.Text, b.Text) }) {
				if p := servers.Of(first.Settings).protocols; p != nil {
					return p
				}
				return &defaultProtocols
			}
		}
	}
	return &defaultProtocols
}

// checkSections refuses what would need another handshake in the middle of a connection: crypto/tls makes none.
func checkSections(b *module.Build) {
	for _, s := range b.Site.Servers {
		server := servers.Of(s.Settings)
		if server.engine != module.On {
			continue
		}
		eachSection(s.Sections, func(section *module.Section) {
			d := dirs.Of(section.Settings)
			if d.verify == unsetLevel || d.verify == verifyNone || d.verify == server.client.level {
				return
			}
			if server.client.level == verifyRequire || server.client.level == verifyOptional {
				return // the certificate was asked for when the connection began
			}
			b.Errorf(d.node, "SSLVerifyClient in a section can't ask for a certificate, as a connection's handshake is not repeated: "+
				"put \"SSLVerifyClient optional\" into the virtual host, and this line will then insist on it here")
		})
	}
}

func eachSection(l module.Lists, f func(*module.Section)) {
	for _, list := range [][]*module.Section{l.Directories, l.Files, l.Locations, l.Proxies, l.Ifs} {
		for _, s := range list {
			f(s)
			eachSection(s.Nested, f)
		}
	}
}

func paths(files []file) []string {
	var list []string
	for _, f := range files {
		list = append(list, f.path)
	}
	return list
}

func (c *ciphers) list() []uint16 {
	if c == nil {
		return nil
	}
	return c.ids
}

func (v verification) depthOr(def int) int {
	if v.depth != nil {
		return *v.depth
	}
	return def
}

func (v verification) caNode() *conf.Node {
	if v.caFile.node != nil {
		return v.caFile.node
	}
	return v.caPath.node
}

func (v verification) crlNode() *conf.Node {
	if v.crlFile.node != nil {
		return v.crlFile.node
	}
	if v.crlPath.node != nil {
		return v.crlPath.node
	}
	return v.node
}
