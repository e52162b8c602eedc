package ssl

import (
	"crypto/tls"
	"slices"
	"strings"

	"transom/internal/conf"
)

// ciphers is what an OpenSSL cipher list admits of the suites that crypto/tls has for TLS up to 1.2. The order is that of
// crypto/tls, and TLS 1.3's three suites are always on offer.
type ciphers struct {
	ids     []uint16
	refused error      // why nothing may be served with this list
	node    *conf.Node // that it is about
}

// suite is one of them in OpenSSL's words. Weak ones come in by their full name only.
type suite struct {
	id   uint16
	name string
	bits int
	weak bool
	tags string
}

var suites = []suite{
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256", 128, false, "EC aECDSA AES AES128 AESGCM TLSv1.2"},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", 128, false, "EC aRSA AES AES128 AESGCM TLSv1.2"},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384", 256, false, "EC aECDSA AES AES256 AESGCM TLSv1.2"},
	{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", 256, false, "EC aRSA AES AES256 AESGCM TLSv1.2"},
	{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", 256, false, "EC aECDSA CHACHA20 TLSv1.2"},
	{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", 256, false, "EC aRSA CHACHA20 TLSv1.2"},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", 128, false, "EC aECDSA AES AES128 SHA TLSv1"},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", 128, false, "EC aRSA AES AES128 SHA TLSv1"},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", 256, false, "EC aECDSA AES AES256 SHA TLSv1"},
	{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", 256, false, "EC aRSA AES AES256 SHA TLSv1"},
	{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, "ECDHE-ECDSA-AES128-SHA256", 128, false, "EC aECDSA AES AES128 SHA256 TLSv1.2"},
	{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256", 128, false, "EC aRSA AES AES128 SHA256 TLSv1.2"},
	{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, "AES128-GCM-SHA256", 128, false, "kRSA aRSA AES AES128 AESGCM TLSv1.2"},
	{tls.TLS_RSA_WITH_AES_256_GCM_SHA384, "AES256-GCM-SHA384", 256, false, "kRSA aRSA AES AES256 AESGCM TLSv1.2"},
	{tls.TLS_RSA_WITH_AES_128_CBC_SHA, "AES128-SHA", 128, false, "kRSA aRSA AES AES128 SHA SSLv3"},
	{tls.TLS_RSA_WITH_AES_256_CBC_SHA, "AES256-SHA", 256, false, "kRSA aRSA AES AES256 SHA SSLv3"},
	{tls.TLS_RSA_WITH_AES_128_CBC_SHA256, "AES128-SHA256", 128, false, "kRSA aRSA AES AES128 SHA256 TLSv1.2"},
	{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA, "ECDHE-RSA-DES-CBC3-SHA", 112, true, "EC aRSA 3DES SHA TLSv1"},
	{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, "DES-CBC3-SHA", 112, true, "kRSA aRSA 3DES SHA SSLv3"},
	{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, "ECDHE-ECDSA-RC4-SHA", 128, true, "EC aECDSA RC4 SHA TLSv1"},
	{tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, "ECDHE-RSA-RC4-SHA", 128, true, "EC aRSA RC4 SHA TLSv1"},
	{tls.TLS_RSA_WITH_RC4_128_SHA, "RC4-SHA", 128, true, "kRSA aRSA RC4 SHA SSLv3"},
}

// synonyms are OpenSSL's words for those of the table.
var synonyms = map[string]string{
	"kECDHE": "EC", "kEECDH": "EC", "ECDHE": "EC", "EECDH": "EC", "ECDH": "EC", "kECDH": "EC",
	"RSA": "kRSA", "ECDSA": "aECDSA", "SHA1": "SHA", "TLSv1.0": "TLSv1",
}

// has says whether a word of a cipher list stands for the suite.
func (s *suite) has(word string) bool {
	switch word {
	case "ALL", "DEFAULT":
		return true
	case "HIGH", "FIPS":
		return !s.weak
	case "MEDIUM":
		return s.weak
	}
	if other, ok := synonyms[word]; ok {
		word = other
	}
	return slices.Contains(strings.Fields(s.tags), word)
}

func (s *suite) named(word string) bool {
	return word == s.name || word == tls.CipherSuiteName(s.id)
}

// matches says whether the suite is in a term like "ECDHE+AESGCM".
func (s *suite) matches(term string) bool {
	for _, word := range strings.Split(term, "+") {
		if !s.named(word) && !s.has(word) {
			return false
		}
	}
	return true
}

// parseCiphers reads an OpenSSL cipher list (ciphers(1)). Missing are the terms that would add suites, none of which is
// available.
func parseCiphers(list string) (c *ciphers, missing []string) {
	in, dead := map[uint16]bool{}, map[uint16]bool{}
	for _, term := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		operator := term[0]
		switch operator {
		case '@':
			continue // an order, or a security level that crypto/tls exceeds
		case '!', '-', '+':
			term = term[1:]
		}
		found := strings.HasPrefix(term, "TLS_AES_") || strings.HasPrefix(term, "TLS_CHACHA20_") // of TLS 1.3
		for i := range suites {
			s := &suites[i]
			if !s.matches(term) {
				continue
			}
			switch {
			case operator == '!':
				delete(in, s.id)
				dead[s.id] = true
			case operator == '-':
				delete(in, s.id)
			case operator == '+':
			case !s.weak || s.named(term):
				in[s.id] = !dead[s.id]
				found = true
			}
		}
		if !found && !strings.ContainsRune("!-+", rune(operator)) {
			missing = append(missing, term)
		}
	}
	c = &ciphers{}
	for i := range suites {
		if in[suites[i].id] {
			c.ids = append(c.ids, suites[i].id)
		}
	}
	return c, missing
}

// cipherName is a suite's name in OpenSSL's words, and the bits of its key.
func cipherName(id uint16) (name string, bits int) {
	for i := range suites {
		if suites[i].id == id {
			return suites[i].name, suites[i].bits
		}
	}
	if id == tls.TLS_AES_128_GCM_SHA256 {
		return tls.CipherSuiteName(id), 128
	}
	return tls.CipherSuiteName(id), 256
}
