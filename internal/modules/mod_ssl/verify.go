package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// verifier checks the other side's certificates.
type verifier struct {
	level level
	depth int
	roots *x509.CertPool
	usage x509.ExtKeyUsage
	crls  *crls // nil: not asked
}

func newVerifier(v verification, roots []*x509.Certificate, usage x509.ExtKeyUsage) (*verifier, error) {
	made := &verifier{level: v.level, depth: 1, roots: pool(roots), usage: usage}
	if v.depth != nil {
		made.depth = *v.depth
	}
	var err error
	made.crls, err = readCRLs(v)
	return made, err
}

// connection is crypto/tls's VerifyConnection: it runs for resumed sessions too.
func (v *verifier) connection(cs tls.ConnectionState) error {
	if len(cs.PeerCertificates) == 0 {
		if v.level == verifyRequire {
			return errors.New("peer did not return a certificate")
		}
		return nil
	}
	err := v.verify(cs.PeerCertificates)
	if v.level == verifyOptionalNoCA && errors.As(err, &x509.UnknownAuthorityError{}) {
		return nil
	}
	return err
}

// verify looks for a chain from the peer's certificate to a root that is short enough and not revoked.
func (v *verifier) verify(peer []*x509.Certificate) error {
	now := time.Now()
	between := x509.NewCertPool()
	for _, c := range peer[1:] {
		between.AddCert(c)
	}
	chains, err := peer[0].Verify(x509.VerifyOptions{Roots: v.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{v.usage}})
	if err != nil {
		return err
	}
	for _, chain := range chains {
		if len(chain)-1 > v.depth {
			err = fmt.Errorf("Certificate Chain too long (chain has %d certificates, but maximum allowed are only %d)", len(chain)-1, v.depth)
			continue
		}
		if err = v.crls.check(chain, now); err == nil {
			return nil
		}
	}
	return err
}

// clientVerify is SSL_CLIENT_VERIFY.
func (v *verifier) clientVerify(cs *tls.ConnectionState) string {
	switch {
	case len(cs.PeerCertificates) == 0:
		return "NONE"
	case v == nil:
		return "GENEROUS"
	case v.level != verifyOptionalNoCA || v.verify(cs.PeerCertificates) == nil:
		return "SUCCESS" // else there would be no connection
	}
	return "GENEROUS"
}
