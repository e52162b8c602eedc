package ssl

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"time"
)

// crls are revocation lists by their issuer's name.
type crls struct {
	lists   map[string][]*crl
	whole   bool // of the chain, not only the leaf
	mayLack bool
}

type crl struct {
	list    *x509.RevocationList
	revoked map[string]bool // by serial number
}

// readCRLs returns nil if nothing is to be checked. Lists without SSLCARevocationCheck are used as httpd 2.2 used them: it had
// no such directive.
func readCRLs(v verification) (*crls, error) {
	named := v.crlFile.path != "" || v.crlPath.path != ""
	if v.crlCheck == "none" || v.crlCheck == "" && !named {
		return nil, nil
	}
	c := &crls{lists: map[string][]*crl{}, whole: v.crlCheck != "leaf", mayLack: v.crlMayLack || v.crlCheck == ""}
	paths, err := filesOf(v.crlFile, v.crlPath, true)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if err := c.read(p); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *crls) read(path string) error {
	blocks, err := readPEM(path)
	if err != nil {
		return err
	}
	found := false
	for _, b := range blocks {
		if b.Type != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(b.Bytes)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		one := &crl{list: list, revoked: map[string]bool{}}
		for _, e := range list.RevokedCertificateEntries {
			one.revoked[e.SerialNumber.String()] = true
		}
		c.lists[string(list.RawIssuer)] = append(c.lists[string(list.RawIssuer)], one)
		found = true
	}
	if !found {
		return fmt.Errorf("%s holds no revocation list in PEM format (-----BEGIN X509 CRL-----)", path)
	}
	return nil
}

// check refuses a chain in which a certificate is revoked, or lacks a list that could say so.
func (c *crls) check(chain []*x509.Certificate, now time.Time) error {
	if c == nil {
		return nil
	}
	for i, cert := range chain {
		issuer := chain[min(i+1, len(chain)-1)]
		if err := c.checkOne(cert, issuer, now); err != nil {
			return err
		}
		if !c.whole {
			break
		}
	}
	return nil
}

func (c *crls) checkOne(cert, issuer *x509.Certificate, now time.Time) error {
	if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) {
		return nil // a trusted certificate whose issuer isn't known
	}
	lists := c.lists[string(cert.RawIssuer)]
	valid := false
	for _, l := range lists {
		switch err := l.list.CheckSignatureFrom(issuer); {
		case err != nil:
			return fmt.Errorf("revocation list of %s: %w", issuer.Subject, err)
		case now.Before(l.list.ThisUpdate):
			return fmt.Errorf("revocation list of %s is not yet valid", issuer.Subject)
		case !l.list.NextUpdate.IsZero() && now.After(l.list.NextUpdate):
			return fmt.Errorf("revocation list of %s has expired", issuer.Subject)
		case l.revoked[cert.SerialNumber.String()]:
			return fmt.Errorf("certificate %s is revoked", cert.Subject)
		}
		valid = true
	}
	if !valid && !c.mayLack {
		return fmt.Errorf("unable to get certificate CRL of %s", issuer.Subject)
	}
	return nil
}
