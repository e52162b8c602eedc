package ssl_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// host is a virtual host with the certificate of its name.
func host(name, more string) string {
	return "<VirtualHost *:80>\nServerName " + name + "\nSSLEngine on\nSSLCertificateFile " + name + ".crt\nSSLCertificateKeyFile " + name + ".key\n" + more + "\n</VirtualHost>\n"
}

// files are the certificates and keys of hosts signed by one authority, and what more is given.
func files(t *testing.T, ca *identity, more map[string]string, names ...string) map[string]string {
	list := map[string]string{"ca.crt": ca.certPEM()}
	for _, n := range names {
		i := issue(t, n, ca, nil)
		list[n+".crt"], list[n+".key"] = i.certPEM(), i.keyPEM(t)
	}
	for name, text := range more {
		list[name] = text
	}
	return list
}

func config(s *sitetest.Site, server int) *tls.Config {
	return module.TLS.Of(s.Servers[server].Settings).Config
}

// shake makes a handshake and passes a byte each way, so that session tickets arrive too.
func shake(t *testing.T, server, client *tls.Config) (srv, cli tls.ConnectionState, err error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	a.SetDeadline(deadline)
	b.SetDeadline(deadline)
	sc, cc := tls.Server(a, server), tls.Client(b, client)
	done := make(chan error, 1)
	go func() {
		err := sc.Handshake()
		if err == nil {
			_, err = sc.Write([]byte("x"))
		}
		if err != nil {
			a.Close()
		}
		done <- err
	}()
	_, clientErr := cc.Read(make([]byte, 1))
	if clientErr != nil {
		b.Close()
	}
	serverErr := <-done
	srv, cli = sc.ConnectionState(), cc.ConnectionState()
	a.Close()
	b.Close()
	return srv, cli, errors.Join(serverErr, clientErr)
}

func TestHandshakes(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	middle := issue(t, "Middle", ca, authority)
	leaf := issue(t, "www.test", middle, nil)
	rsaLeaf := issueRSA(t, "www.test", middle)
	s := sitetest.NewWith(t, `
<VirtualHost *:80>
ServerName www.test
Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile rsa.pem
SSLCertificateKeyFile rsa.pem
SSLCertificateFile leaf.crt
SSLCertificateKeyFile leaf.key
SSLCertificateChainFile chain.crt
SSLProtocol -all +TLSv1.1 +TLSv1.2
SSLCipherSuite ECDHE+AES128:!AESGCM
</VirtualHost>
<VirtualHost *:80>
ServerName auto.test
SSLEngine on
SSLCertificateFile leaf.crt
SSLCertificateKeyFile leaf.key
SSLCACertificateFile chain.crt
</VirtualHost>
<VirtualHost 192.0.2.9:81>
ServerName other.test
SSLEngine on
SSLCertificateFile rsa.pem
</VirtualHost>`, modules.All(), map[string]string{"leaf.crt": leaf.certPEM(), "leaf.key": leaf.keyPEM(t),
		"rsa.pem": rsaLeaf.keyPEM(t) + rsaLeaf.certPEM(), "chain.crt": leaf.certPEM() + middle.certPEM() + ca.certPEM()})
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	client := &tls.Config{RootCAs: roots, ServerName: "www.test", NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS10}
	_, cs, err := shake(t, config(s, 1), client)
	if err != nil || cs.Version != tls.VersionTLS12 || cs.NegotiatedProtocol != "h2" || cs.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA {
		t.Errorf("%v: %x, %q, %x", err, cs.Version, cs.NegotiatedProtocol, cs.CipherSuite)
	}
	if len(cs.PeerCertificates) < 2 || !cs.PeerCertificates[0].Equal(leaf.cert) {
		t.Errorf("%d certificates came", len(cs.PeerCertificates))
	}
	client.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
	if _, cs, err = shake(t, config(s, 1), client); err != nil || !cs.PeerCertificates[0].Equal(rsaLeaf.cert) {
		t.Errorf("the RSA certificate did not come: %v", err)
	}
	client.CipherSuites = nil
	client.MaxVersion = tls.VersionTLS11
	if _, cs, err = shake(t, config(s, 1), client); err != nil || cs.Version != tls.VersionTLS11 {
		t.Errorf("TLS 1.1: %v", err)
	}
	client.MaxVersion = 0
	// The chain comes from SSLCACertificateFile; the protocols from the first host of the address.
	_, cs, err = shake(t, config(s, 2), client)
	if err != nil || cs.Version != tls.VersionTLS12 || len(cs.PeerCertificates) != 2 || cs.NegotiatedProtocol != "http/1.1" {
		t.Errorf("%v: %x, %d certificates, %q", err, cs.Version, len(cs.PeerCertificates), cs.NegotiatedProtocol)
	}
	client.InsecureSkipVerify, client.MaxVersion = true, tls.VersionTLS11
	if _, _, err = shake(t, config(s, 3), client); err == nil {
		t.Error("a host without SSLProtocol speaks TLS 1.1")
	}
	client.MaxVersion = 0
	if _, cs, err = shake(t, config(s, 3), client); err != nil || cs.Version != tls.VersionTLS13 {
		t.Errorf("TLS 1.3: %v", err)
	}
}

// TestClients plays clients with every kind of certificate against every level.
func TestClients(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	middle := issue(t, "Middle", ca, authority)
	good, revoked := issue(t, "good", ca, nil), issue(t, "revoked", ca, nil)
	deep := issue(t, "deep", middle, nil)
	expired := issue(t, "expired", ca, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	alien := issue(t, "alien", nil, nil)
	server := issue(t, "server", ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	clients := map[string]*tls.Certificate{"none": nil}
	for name, i := range map[string]*identity{"good": good, "revoked": revoked, "expired": expired, "alien": alien, "server": server} {
		pair := i.pair()
		clients[name] = &pair
	}
	pair := deep.pair(middle)
	clients["deep"] = &pair
	const trust = "SSLCACertificateFile ca.crt\n"
	cases := []struct{ config, admitted string }{
		{trust, "alien deep expired good none revoked server"}, // nobody is asked
		{trust + "SSLVerifyClient optional", "good none revoked"},
		{trust + "SSLVerifyClient require", "good revoked"},
		{trust + "SSLVerifyClient require\nSSLVerifyDepth 2", "deep good revoked"},
		{trust + "SSLVerifyClient require\nSSLVerifyDepth 0", ""},
		{trust + "SSLVerifyClient optional_no_ca", "alien good none revoked"},
		{"SSLVerifyClient require", ""},
		{trust + "SSLVerifyClient require\nSSLCARevocationFile crl\nSSLCARevocationCheck chain", "good"},
		{trust + "SSLVerifyClient require\nSSLCARevocationFile crl\nSSLCARevocationCheck none", "good revoked"},
		{trust + "SSLVerifyClient require\nSSLCARevocationFile crl", "good"},
		{trust + "SSLVerifyClient require\nSSLVerifyDepth 2\nSSLCARevocationFile crl\nSSLCARevocationCheck chain", "good"},
		{trust + "SSLVerifyClient require\nSSLVerifyDepth 2\nSSLCARevocationFile crl\nSSLCARevocationCheck chain no_crl_for_cert_ok", "deep good"},
		{trust + "SSLVerifyClient require\nSSLVerifyDepth 2\nSSLCARevocationFile crl\nSSLCARevocationCheck leaf", "good"},
	}
	extra := map[string]string{"crl": revocations(t, ca, revoked)}
	for _, c := range cases {
		s := sitetest.NewWith(t, host("www.test", c.config), modules.All(), files(t, ca, extra, "www.test"))
		var admitted []string
		for _, name := range strings.Fields("alien deep expired good none revoked server") {
			client := &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if clients[name] == nil {
					return &tls.Certificate{}, nil
				}
				return clients[name], nil
			}}
			if _, _, err := shake(t, config(s, 1), client); err == nil {
				admitted = append(admitted, name)
			}
		}
		if got := strings.Join(admitted, " "); got != c.admitted {
			t.Errorf("%s:\ngot  %s\nwant %s", c.config, got, c.admitted)
		}
	}
}

// TestResumption: a session goes on at its own host, and nowhere else.
func TestResumption(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	s := sitetest.NewWith(t, host("a.test", "")+host("b.test", "")+host("off.test", "SSLSessionTickets off")+
		host("key1.test", "SSLSessionTicketKeyFile secret")+host("key2.test", "SSLSessionTicketKeyFile secret"),
		modules.All(), files(t, ca, map[string]string{"secret": strings.Repeat("s3cret", 8)}, "a.test", "b.test", "off.test", "key1.test", "key2.test"))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, c := range []struct {
			first, second int
			resumed       bool
		}{{1, 1, true}, {1, 2, false}, {3, 3, false}, {4, 5, true}, {4, 1, false}} {
			client := &tls.Config{InsecureSkipVerify: true, ServerName: "x", MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(4)}
			var n int
			outer := &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return config(s, n), nil }}
			for i, host := range []int{c.first, c.second} {
				n = host
				_, cs, err := shake(t, outer, client)
				if err != nil {
					t.Fatal(err)
				}
				if want := i == 1 && c.resumed; cs.DidResume != want {
					t.Errorf("TLS %x, host %d after %d: resumed %v", version, n, c.first, cs.DidResume)
				}
			}
		}
	}
}

func TestRefused(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	encrypted := "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
	old := "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
	list := files(t, ca, map[string]string{"encrypted.key": encrypted, "old.key": old, "empty": "", "text": "no PEM at all\n",
		"broken.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "a.test", "b.test")
	const engine, cert = "SSLEngine on\n", "SSLCertificateFile a.test.crt\n"
	cases := []struct {
		config, want string
		line         int
	}{
		{"SSLEngine optional", "CVE-2025-49812", 1},
		{engine, "there is no certificate", 1},
		{engine + cert + "SSLCertificateKeyFile nowhere.key", "nowhere.key' does not exist or is empty", 3},
		{engine + cert + "SSLCertificateKeyFile empty", "does not exist or is empty", 3},
		{engine + cert + "SSLCertificateKeyFile text", "no private key in PEM", 3},
		{engine + cert + "SSLCertificateKeyFile encrypted.key", "is encrypted", 3},
		{engine + cert + "SSLCertificateKeyFile old.key", "is encrypted", 3},
		{engine + cert + "SSLCertificateKeyFile b.test.key", "does not match", 3},
		{engine + cert, "no private key in PEM", 2},
		{engine + "SSLCertificateFile text\nSSLCertificateKeyFile a.test.key", "no certificate in PEM", 3},
		{engine + "SSLCertificateFile broken.crt\nSSLCertificateKeyFile a.test.key", "certificate 1", 3},
		{engine + cert + "SSLCertificateKeyFile a.test.key\nSSLCertificateChainFile text", "no certificate in PEM", 4},
		{engine + "SSLCertificateFile pkcs11:token=x", "tokens are not supported", 2},
		{engine + cert + "SSLCertificateKeyFile a.test.key\nSSLVerifyClient require\nSSLCACertificateFile text", "no certificate in PEM", 5},
		{engine + cert + "SSLCertificateKeyFile a.test.key\nSSLVerifyClient require\nSSLCACertificateFile ca.crt\nSSLCARevocationFile ca.crt", "no revocation list", 6},
		{engine + cert + "SSLCertificateKeyFile a.test.key\n<Location />\nSSLVerifyClient require\n</Location>", "SSLVerifyClient optional", 5},
		{engine + cert + "SSLCertificateKeyFile a.test.key\nSSLSessionTicketKeyFile text", "48 bytes", 4},
		{"SSLProtocol SSLv2", "SSLv2 is no longer supported", 1},
		{engine + cert + "SSLCertificateKeyFile a.test.key\nSSLCipherSuite EXP:LOW", "Unable to configure permitted SSL ciphers", 4},
		{"ProxyPass /x https://127.0.0.1/\nSSLProxyEngine on\nSSLProxyCipherSuite EXP:LOW", "Unable to configure permitted SSL ciphers", 1},
		{"<Location />\nSSLCipherSuite HIGH\n</Location>", "handshake is not repeated", 2},
		{"<Location />\nSSLVerifyDepth 3\n</Location>", "handshake is not repeated", 2},
		{"SSLVerifyClient perhaps", "it must be none, optional, require", 1},
		{"SSLVerifyDepth x", "a number is due", 1},
		{"SSLOptions +Nonsense", "Illegal option 'Nonsense'", 1},
		{"SSLOCSPEnable on", "not supported", 1},
		{"SSLCompression on", "CRIME", 1},
		{"SSLFIPS on", "not supported", 1},
		{"SSLSRPVerifierFile x", "TLS-SRP", 1},
		{"SSLOpenSSLConfCmd Frobnicate x", "not supported", 1},
		{"<Location />\nSSLRequire %{NOPE\n</Location>", "Cannot parse expression", 2},
		{"SSLProxyEngine maybe", "must be On or Off", 1},
		{"SSLVHostSNIPolicy lax", "Invalid argument", 1},
	}
	for _, c := range cases {
		s, errs := sitetest.Compile(t, c.config, modules.All(), list)
		if s != nil || len(errs) == 0 {
			t.Errorf("%s\nloads", c.config)
			continue
		}
		if got := errs[0]; !strings.Contains(got.Text, c.want) || got.Line != c.line {
			t.Errorf("%s\nline %d: %s; want line %d: %s", c.config, got.Line, got.Text, c.line, c.want)
		}
	}
}

// TestStock is what CentOS 6 and the configurations of the corpus say.
func TestStock(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	s := sitetest.NewWith(t, `
SSLPassPhraseDialog builtin
SSLSessionCache shmcb:/var/cache/mod_ssl/scache(512000)
SSLSessionCacheTimeout 300
SSLMutex default
SSLRandomSeed startup file:/dev/urandom 256
SSLRandomSeed connect builtin
SSLCryptoDevice builtin
SSLStaplingCache shmcb:/x(1)
`+host("www.test", `SSLProtocol all -SSLv2
SSLCipherSuite ALL:!ADH:!EXPORT:!SSLv2:RC4+RSA:+HIGH:+MEDIUM:+LOW
SSLHonorCipherOrder on
SSLCompression off
SSLUseStapling on
SSLOpenSSLConfCmd DHParameters "/etc/dh.pem"
SSLInsecureRenegotiation off
<Files ~ "\.(cgi|shtml|phtml|php3?)$">
SSLOptions +StdEnvVars
</Files>`), modules.All(), files(t, ca, nil, "www.test"))
	var warnings []string
	for _, w := range s.Warnings {
		warnings = append(warnings, w.Directive)
	}
	if got := strings.Join(warnings, " "); got != "SSLProtocol SSLCipherSuite SSLUseStapling" {
		t.Errorf("warnings for %s", got)
	}
	if _, _, err := shake(t, config(s, 1), &tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Error(err)
	}
}

// request is a GET over a connection that a client with these certificates made to a host.
func request(sni, target string, peer []*x509.Certificate, header ...string) func(s *sitetest.Site, t *testing.T) int {
	return func(s *sitetest.Site, t *testing.T) int {
		r := sitetest.Request("GET", target, header...)
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_256_GCM_SHA384, ServerName: sni, PeerCertificates: peer}
		return s.Do(t, r).Code
	}
}

// TestHosts: what httpd 2.4.71 answered for requests whose Host is another than that of the handshake.
func TestHosts(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	list := files(t, ca, nil, "a.test", "b.test")
	for _, n := range []string{"same.test", "trust.test", "strict.test"} {
		list[n+".crt"], list[n+".key"] = list["a.test.crt"], list["a.test.key"]
	}
	base := host("a.test", "SSLVerifyClient optional\nSSLCACertificateFile ca.crt") + host("b.test", "") +
		strings.ReplaceAll(host("same.test", "SSLVerifyClient optional\nSSLCACertificateFile ca.crt"), "File same.", "File a.") +
		strings.ReplaceAll(host("trust.test", ""), "File trust.", "File a.") +
		"<VirtualHost *:80>\nServerName plain.test\n</VirtualHost>\n"
	cases := []struct{ policy, sni, host, want string }{
		{"", "a.test", "a.test", "200"}, {"", "a.test", "b.test", "421"}, {"", "a.test", "same.test", "200"}, {"", "a.test", "plain.test", "421"},
		{"", "plain.test", "plain.test", "200"}, {"", "unknown.test", "unknown.test", "200"}, {"", "b.test", "unknown.test", "421"},
		{"", "", "b.test", "421"}, {"", "", "same.test", "200"}, {"", "a.test", "trust.test", "421"},
		{"strict", "a.test", "same.test", "421"}, {"strict", "a.test", "a.test", "200"},
		{"insecure", "a.test", "b.test", "200"},
		{"authonly", "a.test", "b.test", "421"}, {"authonly", "b.test", "trust.test", "200"},
	}
	for _, c := range cases {
		config := base
		if c.policy != "" {
			config += "SSLVHostSNIPolicy " + c.policy
		}
		s := sitetest.NewWith(t, config, modules.All(), list)
		got := request(c.sni, "/index.html", nil, "Host: "+c.host)(s, t)
		if want := map[string]int{"200": 200, "421": 421}[c.want]; got != want {
			t.Errorf("%s: SNI %q, Host %s: got %d, want %d", c.policy, c.sni, c.host, got, want)
		}
	}
	s := sitetest.NewWith(t, base+host("strict.test", "SSLStrictSNIVHostCheck on"), modules.All(), list)
	if got := request("", "/index.html", nil, "Host: strict.test")(s, t); got != 403 {
		t.Errorf("SSLStrictSNIVHostCheck: %d", got)
	}
}

func TestAccess(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	ann := issue(t, "Ann", ca, func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: "Ann", Organization: []string{"Snake Oil, Ltd."}, OrganizationalUnit: []string{"Dev", "Ops"}}
		c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Value: append([]byte{12, 5}, "snake"...)}}
	})
	alien := issue(t, "Eve", nil, nil)
	dirs := map[string]string{
		"any": "", "ssl": "SSLRequireSSL", "require": "Require ssl", "cert": "Require ssl-verify-client", "client": "SSLVerifyClient require",
		"expr":   `SSLRequire %{SSL_CLIENT_S_DN_O} eq "Snake Oil, Ltd." and %{SSL_CLIENT_S_DN_OU} in {"Staff", "CA", "Dev"}`,
		"list":   `SSLRequire "snake" in PeerExtList("1.2.3.4") and not "snake" in PeerExtList("1.2.3")`,
		"longer": `SSLRequire %{SSL_CIPHER_USEKEYSIZE} >= 128`,
		"user":   "SSLUserName SSL_CLIENT_S_DN_CN\nRequire user Ann\nAuthType None",
		"lax":    "SSLRequireSSL\nSatisfy any\nRequire all granted",
		"strict": "SSLRequireSSL\nSatisfy any\nRequire all granted\nSSLOptions +StrictRequire",
	}
	config := "LogFormat \"%{SSL_PROTOCOL}x %{SSL_CIPHER}x %{version}c %{SSL_CLIENT_S_DN}x %{SSL_CLIENT_S_DN_OU_1}x %{HTTPS}e %{SSL_CLIENT_VERIFY}e\" v\nCustomLog logs/v v\n" +
		"<Location />\nSSLOptions +StdEnvVars\n</Location>\n"
	for name, text := range dirs {
		config += "<Location /" + name + ">\n" + text + "\n</Location>\n"
	}
	config = host("www.test", "SSLVerifyClient optional_no_ca\nSSLCACertificateFile ca.crt\n"+config)
	config = strings.Replace(config, "optional_no_ca", "optional", 1)
	more := map[string]string{}
	for name := range dirs {
		more["htdocs/"+name] = name
	}
	s := sitetest.NewWith(t, config, modules.All(), files(t, ca, more, "www.test"))
	peers := map[string][]*x509.Certificate{"nobody": nil, "Ann": {ann.cert}}
	for _, c := range []struct {
		path, plain, nobody, Ann string
	}{
		{"any", "200", "200", "200"}, {"ssl", "403", "200", "200"}, {"require", "403", "200", "200"}, {"cert", "403", "403", "200"},
		{"client", "200", "403", "200"}, {"expr", "200", "403", "200"}, {"list", "200", "403", "200"}, {"longer", "200", "200", "200"},
		{"lax", "200", "200", "200"}, {"strict", "403", "200", "200"},
	} {
		got := []int{s.Get(t, "/"+c.path, "Host: www.test").Code}
		for _, p := range []string{"nobody", "Ann"} {
			got = append(got, request("www.test", "/"+c.path, peers[p], "Host: www.test")(s, t))
		}
		for i, want := range []string{c.plain, c.nobody, c.Ann} {
			if got[i] != map[string]int{"200": 200, "403": 403}[want] {
				t.Errorf("/%s: got %v, want %s %s %s", c.path, got, c.plain, c.nobody, c.Ann)
				break
			}
		}
	}
	log := strings.Split(strings.TrimSpace(s.Read(t, "logs/v")), "\n")
	if want := "TLSv1.3 TLS_AES_256_GCM_SHA384 TLSv1.3 CN=Ann,OU=Ops+OU=Dev,O=Snake Oil\\\\, Ltd. Ops on SUCCESS"; log[2] != want {
		t.Errorf("got  %s\nwant %s", log[2], want)
	}
	if want := "- - - - - - -"; log[0] != want {
		t.Errorf("got  %s\nwant %s", log[0], want)
	}
	lax := sitetest.NewWith(t, host("www.test", "SSLVerifyClient optional_no_ca\nSSLCACertificateFile ca.crt\n<Location />\nRequire ssl-verify-client\n</Location>"),
		modules.All(), files(t, ca, nil, "www.test"))
	if got := request("www.test", "/index.html", []*x509.Certificate{alien.cert}, "Host: www.test")(lax, t); got != 403 {
		t.Errorf("a certificate of nobody known counts as verified: %d", got)
	}
	if got := request("www.test", "/index.html", []*x509.Certificate{ann.cert}, "Host: www.test")(lax, t); got != 200 {
		t.Errorf("a good certificate under optional_no_ca: %d", got)
	}
}

// TestFakeBasicAuth: the certificate's subject is the user, and nobody else can claim to be it.
func TestFakeBasicAuth(t *testing.T) {
	ca := issue(t, "CA", nil, authority)
	ann := issue(t, "Ann", ca, nil)
	list := files(t, ca, map[string]string{"users": "/CN=Ann:$1$OXLyS...$Owx8s2/m9/gfkcRVXzgoE/\n"}, "www.test")
	s := sitetest.NewWith(t, host("www.test", `SSLVerifyClient optional
SSLCACertificateFile ca.crt
<Location />
SSLOptions +FakeBasicAuth
AuthType Basic
AuthName x
AuthBasicProvider file
AuthUserFile users
Require valid-user
</Location>`), modules.All(), list)
	if got := request("www.test", "/index.html", []*x509.Certificate{ann.cert}, "Host: www.test")(s, t); got != 200 {
		t.Errorf("with the certificate: %d", got)
	}
	if got := request("www.test", "/index.html", nil, "Host: www.test")(s, t); got != 401 {
		t.Errorf("without: %d", got)
	}
	if got := request("www.test", "/index.html", nil, "Host: www.test", "Authorization: Basic L0NOPUFubjpwYXNzd29yZA==")(s, t); got != 403 {
		t.Errorf("pretending: %d", got)
	}
}
