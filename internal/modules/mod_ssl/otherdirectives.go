package ssl

import (
	"crypto/tls"
	"fmt"
	"strings"

	"transom/internal/module"
)

// otherDirectives are those of which crypto/tls has no need, or nothing to offer.
func otherDirectives() []module.Directive {
	row := func(name string, where module.Where, args module.Arity, syntax, doc string, s module.Support) module.Directive {
		return module.Directive{Name: name, Where: where, Args: args, Syntax: name + " " + syntax, Doc: doc, Support: s}
	}
	const main, all = module.InServer, module.Servers
	tickets := module.Accepted("sessions are resumed by tickets, which need no cache; SSLSessionCacheTimeout and SSLSessionTickets hold for them")
	noStapling := module.Ignored("responses of OCSP responders are not stapled: clients ask the responder themselves")
	stapling := module.Accepted("responses of OCSP responders are not stapled")
	noOCSP := module.Accepted("it matters only with SSLOCSPEnable, which is refused")
	list := []module.Directive{
		row("SSLSessionCache", main, module.One, "type", "Where sessions are kept.", tickets),
		row("SSLMutex", main, module.One, "type", "A lock of httpd 2.2.", module.Accepted("there is one process, which needs none")),
		row("SSLRandomSeed", main, module.TwoOr3, "context source [bytes]", "Sources of randomness.", module.Accepted("the system's random numbers are used")),
		row("SSLPassPhraseDialog", main, module.One, "type", "How pass phrases of keys are asked for.",
			module.Accepted("encrypted keys are refused where they are named")),
		row("SSLUseStapling", all, module.OnOff, "on|off", "Whether responses of OCSP responders are stapled.", noStapling),
		row("SSLStaplingCache", main, module.One, "type", "Where those are kept.", stapling),
		row("SSLStaplingErrorCacheTimeout", all, module.One, "seconds", "How long errors are kept.", stapling),
		row("SSLStaplingFakeTryLater", all, module.OnOff, "on|off", "Whether errors become tryLater.", stapling),
		row("SSLStaplingForceURL", all, module.One, "uri", "The responder.", stapling),
		row("SSLStaplingResponderTimeout", all, module.One, "seconds", "How long the responder may take.", stapling),
		row("SSLStaplingResponseMaxAge", all, module.One, "seconds", "How old a response may be.", stapling),
		row("SSLStaplingResponseTimeSkew", all, module.One, "seconds", "How wrong its clock may be.", stapling),
		row("SSLStaplingReturnResponderErrors", all, module.OnOff, "on|off", "Whether errors are stapled.", stapling),
		row("SSLStaplingStandardCacheTimeout", all, module.One, "seconds", "How long responses are kept.", stapling),
		row("SSLOCSPDefaultResponder", all, module.One, "uri", "The responder for clients' certificates.", noOCSP),
		row("SSLOCSPNoverify", all, module.OnOff, "on|off", "Whether its certificate is believed.", noOCSP),
		row("SSLOCSPOverrideResponder", all, module.OnOff, "on|off", "Whether it is always asked.", noOCSP),
		row("SSLOCSPProxyURL", all, module.One, "url", "The proxy that leads to it.", noOCSP),
		row("SSLOCSPResponderCertificateFile", all, module.One, "file", "Its certificates.", noOCSP),
		row("SSLOCSPResponderTimeout", all, module.One, "seconds", "How long it may take.", noOCSP),
		row("SSLOCSPResponseMaxAge", all, module.One, "seconds", "How old its response may be.", noOCSP),
		row("SSLOCSPResponseTimeSkew", all, module.One, "seconds", "How wrong its clock may be.", noOCSP),
		row("SSLOCSPUseRequestNonce", all, module.OnOff, "on|off", "Whether requests to it have a nonce.", noOCSP),
		row("SSLSRPVerifierFile", all, module.One, "file-path", "Users of TLS-SRP.", module.Refused("crypto/tls has no TLS-SRP")),
		row("SSLSRPUnknownUserSeed", all, module.One, "secret-string", "A seed for unknown users.", module.Refused("crypto/tls has no TLS-SRP")),
		row("SSLInsecureRenegotiation", all, module.OnOff, "on|off", "Whether old clients may renegotiate.",
			module.Accepted("no client may renegotiate, be it old or new")),
	}
	onlyOff := func(name string, where module.Where, args module.Arity, syntax, doc, why string) module.Directive {
		d := row(name, where, args, syntax, doc, module.Full)
		d.Set = func(c *module.Command) error {
			if !strings.EqualFold(c.Args[0], "off") {
				return fmt.Errorf("%s is not supported: %s", c.Args[0], why)
			}
			return nil
		}
		return d
	}
	device := row("SSLCryptoDevice", main, module.One, "engine", "An accelerator.", module.Full)
	device.Set = func(c *module.Command) error {
		if !strings.EqualFold(c.Args[0], "builtin") {
			c.Warnf("SSLCryptoDevice is ignored: crypto/tls uses the processor's own instructions")
		}
		return nil
	}
	reneg := row("SSLRenegBufferSize", module.Sections|module.InHtaccess, module.One, "bytes", "A buffer for renegotiation.",
		module.Accepted("there is no renegotiation"))
	reneg.Override = module.OverrideAuthConfig
	return append(list, device, reneg,
		onlyOff("SSLCompression", all, module.OnOff, "on|off", "Whether TLS compresses.", "it gives secrets away (CRIME), and crypto/tls has none"),
		onlyOff("SSLFIPS", main, module.OnOff, "on|off", "Whether the cryptography is FIPS 140's.", "set GODEBUG=fips140=only for the whole process instead"),
		onlyOff("SSLOCSPEnable", all, module.Some, "on|leaf|off [flags]", "Whether clients' certificates are checked with OCSP.",
			"revocation is checked with SSLCARevocationFile only"))
}

var curveWords = map[string]tls.CurveID{"prime256v1": tls.CurveP256, "p-256": tls.CurveP256, "secp256r1": tls.CurveP256,
	"secp384r1": tls.CurveP384, "p-384": tls.CurveP384, "secp521r1": tls.CurveP521, "p-521": tls.CurveP521, "x25519": tls.X25519,
	"x25519mlkem768": tls.X25519MLKEM768}

// setConfCmd translates those of OpenSSL's commands that have a meaning here (SSL_CONF_cmd(3)).
func setConfCmd(of func(*module.Command) *handshake) func(*module.Command) error {
	return func(c *module.Command) error {
		name, value := strings.ToLower(c.Args[0]), c.Args[1]
		switch name {
		case "dhparameters":
			return nil // there is no Diffie-Hellman but that of elliptic curves
		case "cipherstring":
			return cipherList(c, of(c), value)
		case "ecdhparameters", "curves", "groups":
			return setCurves(c, of(c), value)
		case "ciphersuites", "options", "signaturealgorithms", "clientsignaturealgorithms", "numtickets":
			c.Warnf("SSLOpenSSLConfCmd %s is ignored: crypto/tls decides on it alone", c.Args[0])
			return nil
		}
		return fmt.Errorf("%s is not supported: known are DHParameters, CipherString and Groups; versions are set by SSLProtocol", c.Args[0])
	}
}

func setCurves(c *module.Command, h *handshake, value string) error {
	if strings.EqualFold(value, "auto") || strings.EqualFold(value, "automatic") {
		return nil
	}
	h.curves = nil
	for _, word := range strings.Split(value, ":") {
		id, ok := curveWords[strings.ToLower(strings.TrimPrefix(word, "?"))]
		if !ok {
			c.Warnf("SSLOpenSSLConfCmd %s: left out, as crypto/tls has no such curve: %s", c.Args[0], word)
			continue
		}
		h.curves = append(h.curves, id)
	}
	if h.curves == nil {
		return fmt.Errorf("%s: none of these curves is available; there are X25519, P-256, P-384 and P-521", value)
	}
	return nil
}
