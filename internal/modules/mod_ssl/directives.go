package ssl

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

func serverDirectives() []module.Directive {
	server := func(c *module.Command) *serverSettings { return servers.Edit(c.Server.Settings) }
	hs := func(c *module.Command) *handshake { return &server(c).handshake }
	client := func(c *module.Command) *verification { return &server(c).client }
	list := []module.Directive{
		{Name: "SSLEngine", Where: module.Servers, Args: module.One, Syntax: "SSLEngine on|off",
			Doc: "Whether TLS is spoken.", Set: setEngine},
		{Name: "SSLCertificateFile", Where: module.Servers, Args: module.One, Syntax: "SSLCertificateFile file-path",
			Doc: "The server's certificate, perhaps with its chain and its key; may be repeated for other kinds of keys.",
			Set: addFile(func(c *module.Command) *[]file { return &server(c).certs })},
		{Name: "SSLCertificateKeyFile", Where: module.Servers, Args: module.One, Syntax: "SSLCertificateKeyFile file-path",
			Doc: "The private key of the certificate; as many as there are certificates.",
			Set: addFile(func(c *module.Command) *[]file { return &server(c).keys })},
		{Name: "SSLCertificateChainFile", Where: module.Servers, Args: module.One, Syntax: "SSLCertificateChainFile file-path",
			Doc: "Certificates of the authorities between the server's and the root.",
			Set: setFile(func(c *module.Command) *file { return &server(c).chain }, checkFile)},
		{Name: "SSLProtocol", Where: module.Servers, Args: module.Some, Syntax: "SSLProtocol [+|-]protocol ...",
			Doc: "The versions of TLS that are spoken; \"all\" begins with TLSv1.2.", Set: setProtocols(hs)},
		{Name: "SSLHonorCipherOrder", Where: module.Servers, Args: module.OnOff, Syntax: "SSLHonorCipherOrder on|off",
			Doc: "Whose order of ciphers decides.", Support: module.Accepted("crypto/tls orders ciphers itself, the secure and fast ones first")},
		{Name: "SSLOpenSSLConfCmd", Where: module.Servers, Args: module.Two, Syntax: "SSLOpenSSLConfCmd command-name command-value",
			Doc: "OpenSSL's own settings.", Set: setConfCmd(hs)},
		{Name: "SSLVerifyDepth", Where: module.Anywhere, Override: module.OverrideAuthConfig, Args: module.One, Syntax: "SSLVerifyDepth number",
			Doc: "How many authorities may stand above a client's certificate.", Set: func(c *module.Command) error {
				if inSection(c) {
					return fmt.Errorf("a section can't change it, as a connection's handshake is not repeated: put it into the virtual host")
				}
				return setDepth(client)(c)
			}},
		{Name: "SSLCipherSuite", Where: module.Anywhere, Override: module.OverrideAuthConfig, Args: module.OneOrTwo, Syntax: "SSLCipherSuite [protocol] cipher-spec",
			Doc: "The ciphers that may be used, in OpenSSL's words.", Set: func(c *module.Command) error {
				if inSection(c) {
					return fmt.Errorf("a section can't change it, as a connection's handshake is not repeated: put it into the virtual host")
				}
				return setCiphers(hs)(c)
			}},
		{Name: "SSLVerifyClient", Where: module.Anywhere, Override: module.OverrideAuthConfig, Args: module.One,
			Syntax: "SSLVerifyClient none|optional|require|optional_no_ca", Doc: "Whether clients must have a certificate.", Set: setVerifyClient},
		{Name: "SSLCADNRequestFile", Where: module.Servers, Args: module.One, Syntax: "SSLCADNRequestFile file-path",
			Doc: "Certificates whose names clients are told.", Set: setFile(func(c *module.Command) *file { return &server(c).namesFile }, checkFile)},
		{Name: "SSLCADNRequestPath", Where: module.Servers, Args: module.One, Syntax: "SSLCADNRequestPath directory-path",
			Doc: "A folder of such.", Set: setFile(func(c *module.Command) *file { return &server(c).namesPath }, checkDir)},
		{Name: "SSLSessionTickets", Where: module.Servers, Args: module.OnOff, Syntax: "SSLSessionTickets on|off",
			Doc: "Whether sessions may be resumed.", Set: func(c *module.Command) error {
				server(c).tickets = c.Flag()
				return nil
			}},
		{Name: "SSLSessionTicketKeyFile", Where: module.Servers, Args: module.One, Syntax: "SSLSessionTicketKeyFile file-path",
			Doc: "48 bytes of which the key of session tickets is made, for several servers that resume each other's.",
			Set: setFile(func(c *module.Command) *file { return &server(c).ticketKey }, checkFile)},
		{Name: "SSLSessionCacheTimeout", Where: module.Servers, Args: module.One, Syntax: "SSLSessionCacheTimeout seconds",
			Doc: "How long a session may be resumed.", Set: func(c *module.Command) error {
				n, err := strconv.ParseUint(c.Args[0], 10, 31)
				server(c).sessionTimeout = time.Duration(n) * time.Second
				if err != nil {
					return fmt.Errorf("Invalid argument: a number of seconds is due, not %q", c.Args[0])
				}
				return nil
			}},
		{Name: "SSLStrictSNIVHostCheck", Where: module.Servers, Args: module.OnOff, Syntax: "SSLStrictSNIVHostCheck on|off",
			Doc: "Whether clients must name the virtual host in the handshake.", Set: func(c *module.Command) error {
				server(c).strictSNI = c.Flag()
				return nil
			}},
		{Name: "SSLVHostSNIPolicy", Where: module.InServer, Args: module.One, Syntax: "SSLVHostSNIPolicy strict|secure|authonly|insecure",
			Doc: "How much the virtual hosts of the handshake and of a request may differ.", Set: func(c *module.Command) error {
				p := strings.ToLower(c.Args[0])
				if p != "strict" && p != "secure" && p != "authonly" && p != "insecure" {
					return fmt.Errorf("Invalid argument '%s': it must be strict, secure, authonly or insecure", c.Args[0])
				}
				server(c).policy = p
				return nil
			}},
	}
	list = append(list, trustDirectives("SSL", module.Servers, client)...)
	return append(list, otherDirectives()...)
}

// trustDirectives are the same for both sides, SSLCA... and SSLProxyCA....
func trustDirectives(prefix string, where module.Where, of func(*module.Command) *verification) []module.Directive {
	return []module.Directive{
		{Name: prefix + "CACertificateFile", Where: where, Args: module.One, Syntax: prefix + "CACertificateFile file-path",
			Doc: "Certificates of the authorities that are trusted.", Set: setFile(func(c *module.Command) *file { return &of(c).caFile }, checkFile)},
		{Name: prefix + "CACertificatePath", Where: where, Args: module.One, Syntax: prefix + "CACertificatePath directory-path",
			Doc: "A folder of such, by hash names (c_rehash).", Set: setFile(func(c *module.Command) *file { return &of(c).caPath }, checkDir)},
		{Name: prefix + "CARevocationFile", Where: where, Args: module.One, Syntax: prefix + "CARevocationFile file-path",
			Doc: "Revocation lists.", Set: setFile(func(c *module.Command) *file { return &of(c).crlFile }, checkFile)},
		{Name: prefix + "CARevocationPath", Where: where, Args: module.One, Syntax: prefix + "CARevocationPath directory-path",
			Doc: "A folder of such, by hash names.", Set: setFile(func(c *module.Command) *file { return &of(c).crlPath }, checkDir)},
		{Name: prefix + "CARevocationCheck", Where: where, Args: module.Some, Syntax: prefix + "CARevocationCheck chain|leaf|none [no_crl_for_cert_ok]",
			Doc: "Which certificates are looked up in the revocation lists.", Set: func(c *module.Command) error {
				v := of(c)
				switch v.crlCheck = strings.ToLower(c.Args[0]); v.crlCheck {
				case "chain", "leaf", "none":
				default:
					return fmt.Errorf("Invalid argument '%s': it must be chain, leaf or none", c.Args[0])
				}
				v.crlMayLack = false
				for _, flag := range c.Args[1:] {
					if !strings.EqualFold(flag, "no_crl_for_cert_ok") {
						return fmt.Errorf("unrecognized flag '%s'; there is no_crl_for_cert_ok", flag)
					}
					v.crlMayLack = true
				}
				return nil
			}},
	}
}

func inSection(c *module.Command) bool { return c.Where&module.Servers == 0 }

func setEngine(c *module.Command) error {
	s := servers.Edit(c.Server.Settings)
	switch strings.ToLower(c.Args[0]) {
	case "on":
		s.engine = module.On
	case "off":
		s.engine = module.Off
	case "optional":
		return fmt.Errorf("optional is not supported: a connection that begins in the clear can be kept there by whoever stands between (CVE-2025-49812)")
	default:
		return fmt.Errorf("Argument must be On or Off")
	}
	s.engineNode = c.Node
	return nil
}

func setFile(of func(*module.Command) *file, check func(string) error) func(*module.Command) error {
	return func(c *module.Command) error {
		path := c.Build.Path(c.Args[0])
		if strings.HasPrefix(c.Args[0], "pkcs11:") {
			return fmt.Errorf("keys and certificates in tokens are not supported: name a file")
		}
		*of(c) = file{path, c.Node}
		return check(path)
	}
}

func addFile(of func(*module.Command) *[]file) func(*module.Command) error {
	return func(c *module.Command) error {
		var one file
		err := setFile(func(*module.Command) *file { return &one }, checkFile)(c)
		*of(c) = append(*of(c), one)
		return err
	}
}

func setProtocols(of func(*module.Command) *handshake) func(*module.Command) error {
	return func(c *module.Command) error {
		p, err := parseProtocols(c.Args, func(format string, args ...any) {
			c.Warnf("%s: %s", c.Directive.Name, fmt.Sprintf(format, args...))
		})
		of(c).protocols = p
		return err
	}
}

func setCiphers(of func(*module.Command) *handshake) func(*module.Command) error {
	return func(c *module.Command) error {
		if len(c.Args) == 2 {
			switch strings.ToLower(c.Args[0]) {
			case "tlsv1.3":
				c.Warnf("%s TLSv1.3 is ignored: all three suites of TLS 1.3 that crypto/tls has are on offer, in its own order", c.Directive.Name)
				return nil
			case "ssl":
			default:
				return fmt.Errorf("procotol '%s' not supported: it must be SSL or TLSv1.3", c.Args[0])
			}
		}
		return cipherList(c, of(c), c.Args[len(c.Args)-1])
	}
}

func cipherList(c *module.Command, h *handshake, list string) error {
	parsed, missing := parseCiphers(list)
	if len(parsed.ids) == 0 {
		parsed.node = c.Node
		parsed.refused = fmt.Errorf("Unable to configure permitted SSL ciphers: %s leaves none of those that are available; "+
			"there are ECDHE suites with AES-GCM, ChaCha20 and AES-CBC, and RSA ones with AES", list)
	}
	if len(missing) > 0 {
		c.Warnf("%s: left out, as crypto/tls has no such suites or they are weak: %s", c.Directive.Name, strings.Join(missing, ":"))
	}
	h.ciphers = parsed
	return nil
}

func setDepth(of func(*module.Command) *verification) func(*module.Command) error {
	return func(c *module.Command) error {
		n, err := strconv.ParseUint(c.Args[0], 10, 15)
		if err != nil {
			return fmt.Errorf("Invalid argument: a number is due, not %q", c.Args[0])
		}
		depth := int(n)
		of(c).depth = &depth
		return nil
	}
}

var levels = map[string]level{"none": verifyNone, "off": verifyNone, "optional": verifyOptional, "require": verifyRequire, "on": verifyRequire,
	"optional_no_ca": verifyOptionalNoCA}

func parseLevel(word string) (level, error) {
	l, ok := levels[strings.ToLower(word)]
	if !ok {
		return l, fmt.Errorf("Invalid argument '%s': it must be none, optional, require or optional_no_ca", word)
	}
	return l, nil
}

func setVerifyClient(c *module.Command) error {
	l, err := parseLevel(c.Args[0])
	if err != nil {
		return err
	}
	if inSection(c) {
		d := dirs.Edit(c.Dir)
		d.verify, d.node = l, c.Node
		return nil
	}
	v := &servers.Edit(c.Server.Settings).client
	v.level, v.node = l, c.Node
	return nil
}
