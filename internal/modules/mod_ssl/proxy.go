package ssl

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"transom/internal/module"
)

// proxyConfig is the module's word on connections to one worker's origin server (module.ProxyTLS).
func proxyConfig(b *module.Build, _ *module.Server, dir *module.Settings) (*tls.Config, string, error) {
	s := proxies.Of(dir)
	if s.engine != module.On {
		return nil, "", nil
	}
	roots, err := readCAs(s.peer.caFile, s.peer.caPath)
	if err != nil {
		return nil, "", fmt.Errorf("SSLProxyCACertificateFile: %w", err)
	}
	own, between, err := s.machineCertificates()
	if err != nil {
		return nil, "", err
	}
	roots = append(roots, between...) // as the manual says of SSLProxyMachineCertificateChainFile
	v, err := newVerifier(s.peer, roots, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return nil, "", fmt.Errorf("SSLProxyCARevocationFile: %w", err)
	}
	check := &originCheck{verifier: v, settings: s}
	c := &tls.Config{
		InsecureSkipVerify:   true, // crypto/tls has one rule for all; the check has httpd's
		VerifyConnection:     check.connection,
		CurvePreferences:     s.curves,
		GetClientCertificate: func(ask *tls.CertificateRequestInfo) (*tls.Certificate, error) { return choose(own, ask), nil },
	}
	p := module.Inherit(&defaultProtocols, s.protocols)
	c.MinVersion, c.MaxVersion = p.min, p.max
	if s.ciphers != nil {
		if s.ciphers.refused != nil {
			return nil, "", fmt.Errorf("%s of %s: %w", s.ciphers.node.Name, s.ciphers.node.Pos, s.ciphers.refused)
		}
		c.CipherSuites = s.ciphers.ids
	}
	key, err := s.key()
	return c, key, err
}

// originCheck is what httpd checks of an origin server's certificate. Name and dates count even if SSLProxyVerify is none.
type originCheck struct {
	*verifier
	settings *proxySettings
}

func (o *originCheck) connection(cs tls.ConnectionState) error {
	cert := cs.PeerCertificates[0]
	if o.level == verifyOptional || o.level == verifyRequire || o.level == verifyOptionalNoCA {
		if err := o.verifier.connection(cs); err != nil {
			return err
		}
	}
	if now := time.Now(); o.settings.checkExpire.Or(true) && (now.Before(cert.NotBefore) || now.After(cert.NotAfter)) {
		return errors.New("SSL Proxy: Peer certificate is expired [Hint: SSLProxyCheckPeerExpire]")
	}
	name, cn := o.settings.checkName, o.settings.checkCN
	switch {
	case name != module.Off && (cn != module.Off || name == module.On):
		if !matchesName(cert, cs.ServerName) {
			return fmt.Errorf("SSL Proxy: Peer certificate does not match for hostname %s [Hint: SSLProxyCheckPeerName]", cs.ServerName)
		}
	case cn == module.On:
		if !strings.EqualFold(cert.Subject.CommonName, cs.ServerName) {
			return fmt.Errorf("SSL Proxy: Peer certificate CN mismatch: Certificate CN: %s Requested hostname: %s", cert.Subject.CommonName, cs.ServerName)
		}
	}
	return nil
}

// matchesName compares with the alternative names and, as httpd, the common names. A pattern *.x stands for one label.
func matchesName(c *x509.Certificate, host string) bool {
	host = strings.Trim(strings.TrimSuffix(host, "."), "[]")
	if host == "" {
		return false
	}
	for _, ip := range c.IPAddresses {
		if ip.String() == host {
			return true
		}
	}
	names := c.DNSNames
	for _, a := range c.Subject.Names {
		if cn, ok := a.Value.(string); ok && a.Type.String() == components["CN"] {
			names = append(names[:len(names):len(names)], cn)
		}
	}
	for _, n := range names {
		_, rest, dotted := strings.Cut(host, ".")
		if strings.EqualFold(n, host) || dotted && strings.HasPrefix(n, "*.") && strings.EqualFold(n[2:], rest) {
			return true
		}
	}
	return false
}

// machineCertificates are the pairs of certificate and key by which the proxy proves itself, and the other certificates that
// stand among them.
func (s *proxySettings) machineCertificates() (own []tls.Certificate, between []*x509.Certificate, err error) {
	if s.certChain.path != "" {
		if between, err = readCertificates(s.certChain.path); err != nil {
			return nil, nil, fmt.Errorf("SSLProxyMachineCertificateChainFile: %w", err)
		}
	}
	var certs []*x509.Certificate
	var keys [][]byte
	paths, err := s.machineFiles()
	if err != nil {
		return nil, nil, fmt.Errorf("SSLProxyMachineCertificatePath: %w", err)
	}
	for _, path := range paths {
		blocks, err := readPEM(path)
		if err != nil {
			return nil, nil, fmt.Errorf("SSLProxyMachineCertificateFile: %w", err)
		}
		for _, b := range blocks {
			switch {
			case isKey(b) && isEncrypted(b):
				return nil, nil, fmt.Errorf("SSLProxyMachineCertificateFile: a private key in %s is encrypted: decrypt it (openssl pkey)", path)
			case isKey(b):
				keys = append(keys, pem.EncodeToMemory(b))
			case isCertificate(b):
				c, err := x509.ParseCertificate(b.Bytes)
				if err != nil {
					return nil, nil, fmt.Errorf("SSLProxyMachineCertificateFile: %s: %w", path, err)
				}
				certs = append(certs, c)
			}
		}
	}
	return pairUp(certs, keys, between, paths)
}

func (s *proxySettings) machineFiles() (paths []string, err error) {
	if s.certFile.path != "" {
		paths = append(paths, s.certFile.path)
	}
	if s.certPath.path == "" {
		return paths, nil
	}
	entries, err := os.ReadDir(s.certPath.path)
	for _, e := range entries {
		if !e.IsDir() {
			paths = append(paths, filepath.Join(s.certPath.path, e.Name()))
		}
	}
	return paths, err
}

// pairUp finds each key's certificate, and completes its chain; the authorities among the rest are returned.
func pairUp(certs []*x509.Certificate, keys [][]byte, between []*x509.Certificate, paths []string) ([]tls.Certificate, []*x509.Certificate, error) {
	for _, c := range certs {
		if c.IsCA {
			between = append(between, c)
		}
	}
	var own []tls.Certificate
	for _, key := range keys {
		found := false
		for _, c := range certs {
			pair, err := tls.X509KeyPair([]byte(certificatePEM(c)), key)
			if err != nil {
				continue
			}
			for _, ca := range issuers(c, between) {
				pair.Certificate = append(pair.Certificate, ca.Raw)
			}
			own, found = append(own, pair), true
			break
		}
		if !found {
			return nil, nil, fmt.Errorf("SSLProxyMachineCertificateFile: a private key in %s belongs to none of the certificates", strings.Join(paths, ", "))
		}
	}
	if len(keys) == 0 && len(certs) > 0 {
		return nil, nil, fmt.Errorf("SSLProxyMachineCertificateFile: %s has certificates without private keys", strings.Join(paths, ", "))
	}
	return own, between, nil
}

// choose is the first certificate that the origin server accepts, or none.
func choose(own []tls.Certificate, ask *tls.CertificateRequestInfo) *tls.Certificate {
	for i := range own {
		if len(ask.AcceptableCAs) == 0 || ask.SupportsCertificate(&own[i]) == nil {
			return &own[i]
		}
	}
	return &tls.Certificate{}
}

// key tells settings apart across reloads: by what the directives say, and by what their files hold.
func (s *proxySettings) key() (string, error) {
	h := sha256.New()
	fmt.Fprint(h, s.protocols, s.ciphers.list(), s.curves, s.peer.level, s.peer.depthOr(1), s.peer.crlCheck, s.peer.crlMayLack,
		s.checkName, s.checkCN, s.checkExpire)
	files, err := s.machineFiles()
	for _, crls := range []bool{false, true} {
		bundle, dir := s.peer.caFile, s.peer.caPath
		if crls {
			bundle, dir = s.peer.crlFile, s.peer.crlPath
		}
		more, e := filesOf(bundle, dir, crls)
		files, err = append(files, more...), errors.Join(err, e)
	}
	if s.certChain.path != "" {
		files = append(files, s.certChain.path)
	}
	for _, path := range files {
		fmt.Fprintf(h, "\x00%s\x00", path)
		f, e := os.Open(path)
		if e != nil {
			return "", e
		}
		_, e = io.Copy(h, f)
		f.Close()
		err = errors.Join(err, e)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
