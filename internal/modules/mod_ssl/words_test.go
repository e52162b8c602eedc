package ssl

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"strings"
	"testing"
)

func TestCiphers(t *testing.T) {
	const strong = "ECDHE-ECDSA-AES128-GCM-SHA256 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384"
	const chacha = "ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305"
	cases := []struct{ list, want, missing string }{
		{"EECDH+AESGCM:EDH+AESGCM", strong, "EDH+AESGCM"},
		{"ECDHE+AESGCM+aRSA", "ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-GCM-SHA384", ""},
		{"ECDHE-RSA-AES128-GCM-SHA256,DHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"},
		{"ALL:!AES", chacha, ""},
		{"!AES:ALL", chacha, ""},
		{"ALL:-AES:AES256-SHA", chacha + " AES256-SHA", ""},
		{"HIGH:!kRSA:!SHA:!SHA256:!CHACHA20:@STRENGTH", strong, ""},
		{"TLS_AES_256_GCM_SHA384:AES128-SHA", "AES128-SHA", ""},
		{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", ""},
		{"RC4+RSA:DES-CBC3-SHA", "DES-CBC3-SHA", "RC4+RSA"},
		{"DES-CBC3-SHA:!3DES", "", ""},
		{"kRSA:!AESGCM:!SHA256:+SHA", "AES128-SHA AES256-SHA", ""},
		{"SSLv3", "AES128-SHA AES256-SHA", ""},
		{"LOW:EXP:aNULL", "", "LOW EXP aNULL"},
		{"", "", ""},
	}
	for _, c := range cases {
		got, missing := parseCiphers(c.list)
		var names []string
		for _, id := range got.ids {
			name, _ := cipherName(id)
			names = append(names, name)
		}
		if s := strings.Join(names, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.list, s, c.want)
		}
		if s := strings.Join(missing, " "); s != c.missing {
			t.Errorf("%s: missing %q, want %q", c.list, s, c.missing)
		}
	}
}

// TestStockCiphers reads what CentOS 6 came with.
func TestStockCiphers(t *testing.T) {
	c, missing := parseCiphers("ALL:!ADH:!EXPORT:!SSLv2:RC4+RSA:+HIGH:+MEDIUM:+LOW")
	if len(c.ids) != 17 || strings.Join(missing, ":") != "RC4+RSA" {
		t.Errorf("%d suites, missing %q", len(c.ids), missing)
	}
}

func TestProtocols(t *testing.T) {
	const v10, v11, v12, v13 = tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13
	cases := []struct {
		words    string
		min, max uint16 // 0: an error
		warnings int
	}{
		{"all -SSLv2", v12, v13, 1},
		{"all -SSLv3", v12, v13, 1},
		{"all -SSLv3 -TLSv1 -TLSv1.1", v12, v13, 0},
		{"-all +TLSv1.2", v12, v12, 0},
		{"-all +TLSv1.2 +TLSv1.3", v12, v13, 0},
		{"TLSv1.2 TLSv1.3", v13, v13, 1},
		{"all +TLSv1 +TLSv1.1", v10, v13, 0},
		{"+TLSv1 +TLSv1.2", v12, v12, 0},
		{"TLSv1", v10, v10, 0},
		{"tlsv1.1 +tlsv1.2", v11, v12, 0},
		{"all -TLSv1.3", v12, v12, 1},
		{"SSLv3 +TLSv1.2", v12, v12, 1},
		{"SSLv3", 0, 0, 1},
		{"SSLv2", 0, 0, 0},
		{"-all", 0, 0, 0},
		{"all -TLSv1.2 -TLSv1.3", 0, 0, 1},
		{"TLSv1.4", 0, 0, 0},
		{"", 0, 0, 0},
	}
	for _, c := range cases {
		warnings := 0
		p, err := parseProtocols(strings.Fields(c.words), func(string, ...any) { warnings++ })
		if err != nil {
			p = &protocols{}
		}
		if p.min != c.min || p.max != c.max || warnings != c.warnings {
			t.Errorf("%s: %x to %x with %d warnings, want %x to %x with %d (%v)", c.words, p.min, p.max, warnings, c.min, c.max, c.warnings, err)
		}
	}
}

// TestNames compares with what httpd made of the same names.
func TestNames(t *testing.T) {
	country, org, unit := asn1.ObjectIdentifier{2, 5, 4, 6}, asn1.ObjectIdentifier{2, 5, 4, 10}, asn1.ObjectIdentifier{2, 5, 4, 11}
	odd := asn1.ObjectIdentifier{1, 2, 3, 4}
	raw, err := asn1.Marshal(pkix.RDNSequence{
		{{Type: country, Value: "DE"}}, {{Type: org, Value: "Snake Oil, Ltd. "}}, {{Type: unit, Value: "Staff"}},
		{{Type: unit, Value: "#Dev+Ops"}}, {{Type: odd, Value: "é\n"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(rfc2253(raw)), `1.2.3.4=é\0A,OU=\#Dev\+Ops,OU=Staff,O=Snake Oil\, Ltd.\ ,C=DE<nil>`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprint(legacyName(raw)), `/C=DE/O=Snake Oil, Ltd. /OU=Staff/OU=#Dev+Ops/1.2.3.4=\xC3\xA9\x0A<nil>`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for part, want := range map[string]string{"OU": "Staff", "OU_0": "Staff", "OU_1": "#Dev+Ops", "OU_1_RAW": "#Dev+Ops", "OU_2": "", "CN": "",
		"c": "DE", "NOPE": "", "OU_x": ""} {
		if got, ok := nameComponent(raw, part); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", part, got, ok)
		}
	}
}

func FuzzName(f *testing.F) {
	raw, _ := asn1.Marshal(pkix.Name{Country: []string{"DE"}, CommonName: "a,b"}.ToRDNSequence())
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := rfc2253(raw)
		if err == nil && strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("%q may break lines", s)
		}
		if s, err = legacyName(raw); err == nil && strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("%q may break lines", s)
		}
		component(raw, "CN", 0)
	})
}

func FuzzCiphers(f *testing.F) {
	f.Add("ALL:!ADH:!EXPORT:!SSLv2:RC4+RSA:+HIGH:+MEDIUM:+LOW")
	f.Add("ECDHE+AESGCM:!aNULL:-SHA:@STRENGTH")
	f.Fuzz(func(t *testing.T, list string) {
		c, _ := parseCiphers(list)
		for _, id := range c.ids {
			if name, _ := cipherName(id); strings.Contains(name, "RC4") && !strings.Contains(list, name) && !strings.Contains(list, tls.CipherSuiteName(id)) {
				t.Errorf("%q lets %s in", list, name)
			}
		}
	})
}
