package ssl_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"strings"
	"testing"
	"time"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// proxyConfig is what workers get; as for a worker, the name that was asked for is told to the check.
func proxyConfig(t *testing.T, s *sitetest.Site, name string) (*tls.Config, string) {
	t.Helper()
	c, key, err := s.Site.Site.Offered.ProxyTLS[0](s.Build, s.Servers[0], s.Servers[0].Defaults)
	if err != nil {
		t.Fatal(err)
	}
	if c == nil {
		return nil, ""
	}
	c.ServerName = name
	verify := c.VerifyConnection
	c.VerifyConnection = func(cs tls.ConnectionState) error {
		cs.ServerName = name
		return verify(cs)
	}
	return c, key
}

func TestOrigins(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	middle := issue(t, "Middle", ca, authority)
	origins := map[string]tls.Certificate{
		"good":    issue(t, "app.test", ca, nil).pair(),
		"deep":    issue(t, "app.test", middle, nil).pair(middle),
		"self":    issue(t, "app.test", nil, nil).pair(),
		"other":   issue(t, "other.test", ca, nil).pair(),
		"star":    issue(t, "*.test", ca, nil).pair(),
		"expired": issue(t, "app.test", ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }).pair(),
		"cn":      issue(t, "app.test", ca, func(c *x509.Certificate) { c.DNSNames = nil }).pair(),
	}
	const order = "cn deep expired good other self star"
	const on, trust = "SSLProxyEngine on\n", "SSLProxyEngine on\nSSLProxyCACertificateFile ca.crt\n"
	cases := []struct{ config, admitted string }{
		{on, "cn deep good self star"}, // httpd verifies nothing but name and date
		{on + "SSLProxyCheckPeerName off", "cn deep good other self star"},
		{on + "SSLProxyCheckPeerCN off", "cn deep good other self star"},
		{on + "SSLProxyCheckPeerName on\nSSLProxyCheckPeerCN off", "cn deep good self star"},
		{on + "SSLProxyCheckPeerName off\nSSLProxyCheckPeerCN on", "cn deep good self"},
		{on + "SSLProxyCheckPeerName off\nSSLProxyCheckPeerCN off\nSSLProxyCheckPeerExpire off", order},
		{trust + "SSLProxyVerify require", "cn good star"},
		{trust + "SSLProxyVerify require\nSSLProxyVerifyDepth 2", "cn deep good star"},
		{trust + "SSLProxyVerify optional_no_ca", "cn good self star"},
		{trust + "SSLProxyVerify none", "cn deep good self star"},
		{on + "SSLProxyVerify require", ""},
		{trust + "SSLProxyVerify require\nSSLProxyCheckPeerExpire off", "cn good star"},
		{on + "SSLProxyProtocol TLSv1.2\nSSLProxyCipherSuite ECDHE+AESGCM", "cn deep good self star"},
	}
	for _, c := range cases {
		s := sitetest.NewWith(t, c.config, modules.All(), map[string]string{"ca.crt": ca.certPEM()})
		var admitted []string
		for _, name := range strings.Fields(order) {
			client, _ := proxyConfig(t, s, "app.test")
			srv, _, err := shake(t, &tls.Config{Certificates: []tls.Certificate{origins[name]}}, client)
			if err == nil {
				admitted = append(admitted, name)
			}
			if err == nil && strings.Contains(c.config, "TLSv1.2") && srv.Version != tls.VersionTLS12 {
				t.Errorf("version %x", srv.Version)
			}
		}
		if got := strings.Join(admitted, " "); got != c.admitted {
			t.Errorf("%s:\ngot  %s\nwant %s", c.config, got, c.admitted)
		}
	}
}

func TestOriginByAddress(t *testing.T) {
	origin := issue(t, "", nil, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.IPv4(192, 0, 2, 7)} })
	s := sitetest.New(t, "SSLProxyEngine on", modules.All())
	for name, ok := range map[string]bool{"192.0.2.7": true, "192.0.2.8": false, "": false} {
		client, _ := proxyConfig(t, s, name)
		client.ServerName = ""
		if _, _, err := shake(t, &tls.Config{Certificates: []tls.Certificate{origin.pair()}}, client); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestMachineCertificate(t *testing.T) {
	ca, other := issue(t, "CA", nil, authority), issue(t, "Other CA", nil, func(c *x509.Certificate) {
		authority(c)
		c.Subject = pkix.Name{CommonName: "Other CA"}
	})
	middle := issue(t, "Middle", ca, authority)
	first, second := issue(t, "first", other, nil), issue(t, "second", middle, nil)
	s := sitetest.NewWith(t, "SSLProxyEngine on\nSSLProxyMachineCertificateFile own.pem", modules.All(), map[string]string{
		"own.pem": first.certPEM() + first.keyPEM(t) + second.keyPEM(t) + second.certPEM() + middle.certPEM()})
	origin := issue(t, "app.test", nil, nil)
	for _, c := range []struct {
		roots *identity
		want  string
	}{{ca, "second"}, {other, "first"}, {nil, "first"}, {origin, ""}} {
		server := &tls.Config{Certificates: []tls.Certificate{origin.pair()}, ClientAuth: tls.RequestClientCert, ClientCAs: x509.NewCertPool()}
		if c.roots != nil {
			server.ClientCAs.AddCert(c.roots.cert)
		}
		client, _ := proxyConfig(t, s, "app.test")
		srv, _, err := shake(t, server, client)
		got := ""
		if len(srv.PeerCertificates) > 0 {
			got = srv.PeerCertificates[0].Subject.CommonName
		}
		if err != nil || got != c.want {
			t.Errorf("%v: got %q, want %q", err, got, c.want)
		}
	}
	for name, text := range map[string]string{"key of another": first.keyPEM(t) + second.certPEM(), "no key": first.certPEM()} {
		config := "SSLProxyEngine on\nSSLProxyMachineCertificateFile own.pem\nProxyPass / https://app.test/"
		if _, errs := sitetest.Compile(t, config, modules.All(), map[string]string{"own.pem": text}); len(errs) == 0 {
			t.Errorf("%s: it loads", name)
		}
	}
}

// TestWorkersKey: equal settings have equal keys, and a file that changed is a change.
func TestWorkersKey(t *testing.T) {
	ca, other := issue(t, "CA", nil, authority), issue(t, "CA", nil, authority)
	const config = "SSLProxyEngine on\nSSLProxyCACertificateFile ca.crt\n"
	s := sitetest.NewWith(t, config, modules.All(), map[string]string{"ca.crt": ca.certPEM()})
	_, first := proxyConfig(t, s, "x")
	if _, again := proxyConfig(t, s, "x"); again != first {
		t.Error("the same settings have two keys")
	}
	s.Write(t, "ca.crt", other.certPEM())
	if _, changed := proxyConfig(t, s, "x"); changed == first {
		t.Error("a changed file has the same key")
	}
	if c, _ := proxyConfig(t, sitetest.New(t, "SSLProxyEngine off", modules.All()), "x"); c != nil {
		t.Error("SSLProxyEngine off has settings")
	}
}
