package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

// variable is a server variable of a request; its name may have been written in any case.
func variable(r *module.Request, name string) (string, bool) {
	v, ok := lookup(r, name)
	return v, ok
}

// lookup finds SSL_... for the request's connection; nothing is known of a plain one but the versions of the software.
func lookup(r *module.Request, name string) (string, bool) {
	rest, ok := cutPrefixFold(name, "SSL_")
	if !ok {
		return "", false
	}
	switch strings.ToUpper(rest) {
	case "VERSION_INTERFACE":
		return "mod_ssl/" + module.APIVersion, true
	case "VERSION_LIBRARY", "VERSION_LIBRARY_INTERFACE":
		return "crypto-tls/" + strings.TrimPrefix(runtime.Version(), "go"), true
	}
	cs := r.Conn.TLS
	if cs == nil {
		return "", false
	}
	if f, ok := ofConnection[strings.ToUpper(rest)]; ok {
		return f(cs), true
	}
	legacy := dirs.Of(r.Dir).options.bits()&legacyDN != 0
	if field, ok := cutPrefixFold(rest, "SERVER_"); ok {
		return ofCertificate(of(r).certificate, field, legacy)
	}
	field, ok := cutPrefixFold(rest, "CLIENT_")
	switch {
	case !ok:
		return "", false
	case strings.EqualFold(field, "VERIFY"):
		return of(r).client.clientVerify(cs), true
	case len(cs.PeerCertificates) == 0:
		return "", false
	}
	if n, ok := cutPrefixFold(field, "CERT_CHAIN_"); ok {
		i, err := strconv.ParseUint(n, 10, 15)
		if err != nil || int(i)+1 >= len(cs.PeerCertificates) {
			return "", false
		}
		return certificatePEM(cs.PeerCertificates[i+1]), true
	}
	return ofCertificate(cs.PeerCertificates[0], field, legacy)
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

var ofConnection = map[string]func(*tls.ConnectionState) string{
	"PROTOCOL": func(cs *tls.ConnectionState) string {
		return map[uint16]string{tls.VersionTLS10: "TLSv1", tls.VersionTLS11: "TLSv1.1", tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}[cs.Version]
	},
	"CIPHER":            func(cs *tls.ConnectionState) string { name, _ := cipherName(cs.CipherSuite); return name },
	"CIPHER_USEKEYSIZE": keySize,
	"CIPHER_ALGKEYSIZE": keySize,
	"CIPHER_EXPORT":     func(*tls.ConnectionState) string { return "false" },
	"COMPRESS_METHOD":   func(*tls.ConnectionState) string { return "NULL" },
	"SECURE_RENEG":      func(*tls.ConnectionState) string { return "true" },
	"SESSION_ID":        func(*tls.ConnectionState) string { return "" }, // crypto/tls keeps it to itself
	"SESSION_RESUMED": func(cs *tls.ConnectionState) string {
		if cs.DidResume {
			return "Resumed"
		}
		return "Initial"
	},
	"TLS_SNI": func(cs *tls.ConnectionState) string { return cs.ServerName },
}

func keySize(cs *tls.ConnectionState) string {
	_, bits := cipherName(cs.CipherSuite)
	return strconv.Itoa(bits)
}

// ofCertificate is what follows SSL_CLIENT_ or SSL_SERVER_.
func ofCertificate(c *x509.Certificate, field string, legacy bool) (string, bool) {
	if c == nil {
		return "", false
	}
	name := rfc2253
	if legacy {
		name = legacyName
	}
	switch strings.ToUpper(field) {
	case "S_DN":
		s, err := name(c.RawSubject)
		return s, err == nil
	case "I_DN":
		s, err := name(c.RawIssuer)
		return s, err == nil
	case "M_VERSION":
		return strconv.Itoa(c.Version), true
	case "M_SERIAL":
		return fmt.Sprintf("%X", c.SerialNumber.Bytes()), true
	case "V_START":
		return certificateTime(c.NotBefore), true
	case "V_END":
		return certificateTime(c.NotAfter), true
	case "V_REMAIN":
		return strconv.Itoa(max(0, int(time.Until(c.NotAfter)/(24*time.Hour)))), true
	case "A_SIG":
		return signatureNames[c.SignatureAlgorithm], true
	case "A_KEY":
		return keyNames[c.PublicKeyAlgorithm], true
	case "CERT":
		return certificatePEM(c), true
	case "CERT_RFC4523_CEA":
		issuer, err := rfc2253(c.RawIssuer)
		return fmt.Sprintf(`{ serialNumber %s, issuer rdnSequence:"%s" }`, c.SerialNumber, issuer), err == nil
	}
	if part, ok := cutPrefixFold(field, "S_DN_"); ok {
		return nameComponent(c.RawSubject, part)
	}
	if part, ok := cutPrefixFold(field, "I_DN_"); ok {
		return nameComponent(c.RawIssuer, part)
	}
	if part, ok := cutPrefixFold(field, "SAN_"); ok {
		return alternativeName(c, part)
	}
	return "", false
}

func certificateTime(t time.Time) string { return t.UTC().Format("Jan _2 15:04:05 2006") + " GMT" }

func certificatePEM(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// nameComponent is one part of a name: "OU", "OU_1", perhaps with "_RAW".
func nameComponent(raw []byte, part string) (string, bool) {
	part = strings.TrimSuffix(part, "_RAW")
	kind, number, numbered := strings.Cut(part, "_")
	if strings.EqualFold(kind, "email") {
		kind = "Email"
	} else {
		kind = strings.ToUpper(kind)
	}
	n, err := uint64(0), error(nil)
	if numbered {
		n, err = strconv.ParseUint(number, 10, 15)
	}
	if components[kind] == "" || err != nil {
		return "", false
	}
	return component(raw, kind, int(n))
}

// alternativeName is one of the certificate's subjectAltNames: "DNS_0", "Email_1", "OTHER_msUPN_0", "OTHER_dnsSRV_0".
func alternativeName(c *x509.Certificate, part string) (string, bool) {
	i := strings.LastIndexByte(part, '_')
	if i < 0 {
		return "", false
	}
	n, err := strconv.ParseUint(part[i+1:], 10, 15)
	if err != nil {
		return "", false
	}
	var list []string
	switch strings.ToUpper(part[:i]) {
	case "DNS":
		list = c.DNSNames
	case "EMAIL":
		list = c.EmailAddresses
	case "OTHER_MSUPN":
		list = otherNames(c, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3})
	case "OTHER_DNSSRV":
		list = otherNames(c, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7})
	}
	if int(n) >= len(list) {
		return "", false
	}
	return list[n], true
}

// otherNames are the otherName entries of one type (RFC 5280 section 4.2.1.6).
func otherNames(c *x509.Certificate, id asn1.ObjectIdentifier) (list []string) {
	for _, e := range c.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var names []asn1.RawValue
		if _, err := asn1.Unmarshal(e.Value, &names); err != nil {
			return nil
		}
		for _, n := range names {
			var other struct {
				ID    asn1.ObjectIdentifier
				Value asn1.RawValue // [0] around the value proper
			}
			var value asn1.RawValue
			if n.Class != asn1.ClassContextSpecific || n.Tag != 0 {
				continue
			}
			if _, err := asn1.UnmarshalWithParams(n.FullBytes, &other, "tag:0"); err != nil || !other.ID.Equal(id) {
				continue
			}
			if _, err := asn1.Unmarshal(other.Value.Bytes, &value); err == nil {
				list = append(list, string(value.Bytes))
			}
		}
	}
	return list
}

// peerExtensions are the texts that the client's certificate holds in extensions of one number: PeerExtList("1.2.3").
func peerExtensions(r *module.Request, id string) (list []string) {
	if r.Conn.TLS == nil || len(r.Conn.TLS.PeerCertificates) == 0 {
		return nil
	}
	for _, e := range r.Conn.TLS.PeerCertificates[0].Extensions {
		var text string
		if e.Id.String() != id {
			continue
		}
		if _, err := asn1.Unmarshal(e.Value, &text); err == nil {
			list = append(list, text)
		}
	}
	return list
}

var signatureNames = map[x509.SignatureAlgorithm]string{
	x509.MD5WithRSA: "md5WithRSAEncryption", x509.SHA1WithRSA: "sha1WithRSAEncryption", x509.SHA256WithRSA: "sha256WithRSAEncryption",
	x509.SHA384WithRSA: "sha384WithRSAEncryption", x509.SHA512WithRSA: "sha512WithRSAEncryption", x509.ECDSAWithSHA1: "ecdsa-with-SHA1",
	x509.ECDSAWithSHA256: "ecdsa-with-SHA256", x509.ECDSAWithSHA384: "ecdsa-with-SHA384", x509.ECDSAWithSHA512: "ecdsa-with-SHA512",
	x509.SHA256WithRSAPSS: "rsassaPss", x509.SHA384WithRSAPSS: "rsassaPss", x509.SHA512WithRSAPSS: "rsassaPss", x509.PureEd25519: "ED25519",
}

var keyNames = map[x509.PublicKeyAlgorithm]string{x509.RSA: "rsaEncryption", x509.DSA: "dsaEncryption", x509.ECDSA: "id-ecPublicKey", x509.Ed25519: "ED25519"}

// exported are the variables of StdEnvVars; those of names and alternative names follow one by one.
var exported = strings.Fields(`VERSION_INTERFACE VERSION_LIBRARY PROTOCOL SECURE_RENEG COMPRESS_METHOD CIPHER CIPHER_EXPORT CIPHER_USEKEYSIZE
	CIPHER_ALGKEYSIZE CLIENT_VERIFY CLIENT_M_VERSION CLIENT_M_SERIAL CLIENT_V_START CLIENT_V_END CLIENT_V_REMAIN CLIENT_S_DN CLIENT_I_DN
	CLIENT_A_KEY CLIENT_A_SIG CLIENT_CERT_RFC4523_CEA SERVER_M_VERSION SERVER_M_SERIAL SERVER_V_START SERVER_V_END SERVER_A_SIG SERVER_A_KEY
	SERVER_S_DN SERVER_I_DN SESSION_ID SESSION_RESUMED`)

func exportVariables(r *module.Request, bits optionBits) {
	set := func(name string) bool {
		v, ok := lookup(r, name)
		if v != "" {
			r.SetEnv(name, v)
		}
		return ok
	}
	if bits&stdEnvVars != 0 {
		for _, name := range exported {
			set("SSL_" + name)
		}
		for _, side := range []string{"SSL_CLIENT_", "SSL_SERVER_"} {
			for kind := range components {
				set(side + "S_DN_" + kind)
				set(side + "I_DN_" + kind)
			}
			for _, kind := range []string{"DNS_", "Email_", "OTHER_msUPN_", "OTHER_dnsSRV_"} {
				for i := 0; set(side + "SAN_" + kind + strconv.Itoa(i)); i++ {
				}
			}
		}
	}
	if bits&exportCertData != 0 {
		set("SSL_SERVER_CERT")
		set("SSL_CLIENT_CERT")
		for i := 0; set("SSL_CLIENT_CERT_CHAIN_" + strconv.Itoa(i)); i++ {
		}
	}
}

func logVariable(r *module.Request, name string) string {
	if v, ok := lookup(r, name); ok {
		return v
	}
	v, _ := r.Var(strings.ToUpper(name))
	return v
}

// logCryptography is %{...}c, which is older than %{...}x.
func logCryptography(r *module.Request, name string) string {
	known := map[string]string{"version": "SSL_PROTOCOL", "cipher": "SSL_CIPHER", "subjectdn": "SSL_CLIENT_S_DN", "issuerdn": "SSL_CLIENT_I_DN"}
	v, _ := lookup(r, known[name])
	return v // a connection whose verification failed has no requests, hence no errcode and errstr
}
