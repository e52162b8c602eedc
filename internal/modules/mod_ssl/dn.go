package ssl

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// attributes are OpenSSL's short names of the parts of a distinguished name.
var attributes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description", "2.5.4.17": "postalCode", "2.5.4.41": "name",
	"2.5.4.42": "GN", "2.5.4.43": "initials", "2.5.4.45": "x500UniqueIdentifier", "2.5.4.46": "dnQualifier", "2.5.4.65": "pseudonym",
	"2.5.4.97": "organizationIdentifier", "1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "UID",
	"0.9.2342.19200300.100.1.25": "DC",
}

// components are the names that may follow SSL_CLIENT_S_DN_ and its kin.
var components = map[string]string{
	"C": "2.5.4.6", "ST": "2.5.4.8", "SP": "2.5.4.8", "L": "2.5.4.7", "O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3", "T": "2.5.4.12",
	"I": "2.5.4.43", "G": "2.5.4.42", "S": "2.5.4.4", "D": "2.5.4.13", "UID": "0.9.2342.19200300.100.1.1", "Email": "1.2.840.113549.1.9.1",
	"DC": "0.9.2342.19200300.100.1.25",
}

func parseName(raw []byte) (pkix.RDNSequence, error) {
	var name pkix.RDNSequence
	_, err := asn1.Unmarshal(raw, &name)
	return name, err
}

func shortName(id asn1.ObjectIdentifier) string {
	if s, ok := attributes[id.String()]; ok {
		return s
	}
	return id.String()
}

// rfc2253 is a name in httpd's present form: from the most specific part to the country, comma between.
func rfc2253(raw []byte) (string, error) {
	name, err := parseName(raw)
	if err != nil {
		return "", err
	}
	var parts []string
	for i := len(name) - 1; i >= 0; i-- {
		var set []string
		for j := len(name[i]) - 1; j >= 0; j-- {
			set = append(set, shortName(name[i][j].Type)+"="+escapeName(text(name[i][j].Value)))
		}
		parts = append(parts, strings.Join(set, "+"))
	}
	return strings.Join(parts, ","), nil
}

// text is an attribute's value; of kinds that are no text, the bytes.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case []byte:
		return "#" + strings.ToUpper(hex.EncodeToString(v))
	}
	return fmt.Sprint(value)
}

// escapeName is RFC 2253 section 2.4. Control characters become \XX.
func escapeName(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, "\\%02X", c)
			continue
		case strings.IndexByte(`,+"\<>;`, c) >= 0, c == '#' && i == 0, c == ' ' && (i == 0 || i == len(s)-1):
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// legacyName is the form of OpenSSL's X509_NAME_oneline, as LegacyDNStringFormat and FakeBasicAuth have it.
func legacyName(raw []byte) (string, error) {
	name, err := parseName(raw)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, set := range name {
		for _, a := range set {
			b.WriteString("/" + shortName(a.Type) + "=")
			for _, c := range []byte(text(a.Value)) {
				if c < ' ' || c > '~' {
					fmt.Fprintf(&b, "\\x%02X", c)
				} else {
					b.WriteByte(c)
				}
			}
		}
	}
	return b.String(), nil
}

// component is the nth value of one kind in a name.
func component(raw []byte, kind string, n int) (string, bool) {
	name, err := parseName(raw)
	if err != nil {
		return "", false
	}
	id := components[kind]
	for _, set := range name {
		for _, a := range set {
			if a.Type.String() != id {
				continue
			}
			if n == 0 {
				return strings.ToValidUTF8(text(a.Value), string(utf8.RuneError)), true
			}
			n--
		}
	}
	return "", false
}
