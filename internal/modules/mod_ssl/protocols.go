package ssl

import (
	"crypto/tls"
	"fmt"
	"strings"
)

// protocols is the set of versions that SSLProtocol or SSLProxyProtocol admits.
type protocols struct{ min, max uint16 }

var defaultProtocols = protocols{tls.VersionTLS12, tls.VersionTLS13}

type versions uint8

const (
	ssl3 versions = 1 << iota
	tls10
	tls11
	tls12
	tls13
)

var versionWords = map[string]versions{"sslv3": ssl3, "tlsv1": tls10, "tlsv1.1": tls11, "tlsv1.2": tls12, "tlsv1.3": tls13,
	"all": tls10 | tls11 | tls12 | tls13}

// parseProtocols reads SSLProtocol's arguments as httpd does: words with + and - change what is set, a word without replaces
// it. What comes in by "all" alone begins at TLS 1.2.
func parseProtocols(words []string, warn func(format string, args ...any)) (*protocols, error) {
	named, inAll := versions(0), versions(0)
	for _, w := range words {
		sign := byte(0)
		if w != "" && (w[0] == '+' || w[0] == '-') {
			sign, w = w[0], w[1:]
		}
		v, ok := versionWords[strings.ToLower(w)]
		all := strings.EqualFold(w, "all")
		switch {
		case strings.EqualFold(w, "SSLv2") && sign == '-':
			continue
		case strings.EqualFold(w, "SSLv2"):
			return nil, fmt.Errorf("SSLv2 is no longer supported")
		case !ok:
			return nil, fmt.Errorf("Illegal protocol '%s': known are SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3 and all", w)
		case sign == '-':
			named, inAll = named&^v, inAll&^v
			continue
		case sign == 0:
			if named|inAll != 0 {
				warn("Protocol '%s' overrides already set parameter(s). Check if a +/- prefix is missing.", w)
			}
			named, inAll = 0, 0
		}
		if all {
			inAll |= v
		} else {
			named |= v
		}
	}
	if named&ssl3 != 0 {
		warn("SSLv3 is left out: it can't be spoken securely")
	}
	if inAll&^named&(tls10|tls11) != 0 {
		warn("TLSv1 and TLSv1.1 are left out: \"all\" begins with TLSv1.2 here; name them (+TLSv1 +TLSv1.1) if you need them")
	}
	return contiguous(named | inAll&(tls12|tls13))
}

// contiguous takes the newest version and those below it without a gap, as OpenSSL does.
func contiguous(v versions) (*protocols, error) {
	p := &protocols{}
	for _, one := range []struct {
		bit versions
		id  uint16
	}{{tls13, tls.VersionTLS13}, {tls12, tls.VersionTLS12}, {tls11, tls.VersionTLS11}, {tls10, tls.VersionTLS10}} {
		switch {
		case v&one.bit != 0 && p.max == 0:
			p.min, p.max = one.id, one.id
		case v&one.bit != 0:
			p.min = one.id
		case p.max != 0:
			return p, nil
		}
	}
	if p.max == 0 {
		return nil, fmt.Errorf("No SSL protocols available: name TLSv1.2 or TLSv1.3")
	}
	return p, nil
}
