package ssl

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// readPEM returns a file's PEM blocks.
func readPEM(path string) ([]*pem.Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []*pem.Block
	for {
		var b *pem.Block
		if b, text = pem.Decode(text); b == nil {
			return blocks, nil
		}
		blocks = append(blocks, b)
	}
}

func isCertificate(b *pem.Block) bool { return b.Type == "CERTIFICATE" || b.Type == "X509 CERTIFICATE" }

func isKey(b *pem.Block) bool {
	return b.Type == "PRIVATE KEY" || strings.HasSuffix(b.Type, " PRIVATE KEY")
}

func isEncrypted(b *pem.Block) bool {
	return b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED")
}

// readCertificates returns a file's certificates, of which there must be some.
func readCertificates(path string) ([]*x509.Certificate, error) {
	blocks, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	var list []*x509.Certificate
	for _, b := range blocks {
		if !isCertificate(b) {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: certificate %d: %w", path, len(list)+1, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no certificate in PEM format (-----BEGIN CERTIFICATE-----)", path)
	}
	return list, nil
}

// readKey returns the PEM text of a file's first private key.
func readKey(path string) ([]byte, error) {
	blocks, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		switch {
		case !isKey(b):
		case isEncrypted(b):
			return nil, fmt.Errorf("the private key in %s is encrypted, and nobody is asked for pass phrases here: "+
				"decrypt it once (openssl pkey -in FILE -out FILE.new) and let root alone read the result", path)
		default:
			return pem.EncodeToMemory(b), nil
		}
	}
	return nil, fmt.Errorf("%s holds no private key in PEM format", path)
}

// readPair reads a certificate, the chain behind it, and its key; an empty keyPath says that the key is in the same file.
func readPair(certPath, keyPath string, chain []*x509.Certificate) (tls.Certificate, error) {
	if keyPath == "" {
		keyPath = certPath
	}
	certs, err := readCertificates(certPath)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readKey(keyPath)
	if err != nil {
		return tls.Certificate{}, err
	}
	var text bytes.Buffer
	for _, c := range appendNew(certs, chain) {
		pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	pair, err := tls.X509KeyPair(text.Bytes(), key)
	if err != nil {
		return pair, fmt.Errorf("certificate %s and private key %s: %w", certPath, keyPath, err)
	}
	return pair, nil
}

// appendNew appends the certificates that are not in the list.
func appendNew(list, more []*x509.Certificate) []*x509.Certificate {
next:
	for _, c := range more {
		for _, have := range list {
			if have.Equal(c) {
				continue next
			}
		}
		list = append(list, c)
	}
	return list
}

// issuers completes a chain that has only the leaf from certificates at hand, as OpenSSL does (SSL_MODE_AUTO_CHAIN). The root
// stays out: clients have it.
func issuers(leaf *x509.Certificate, cas []*x509.Certificate) (chain []*x509.Certificate) {
	for c := leaf; len(chain) < 10; {
		var next *x509.Certificate
		for _, ca := range cas {
			if bytes.Equal(ca.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(ca) == nil {
				next = ca
				break
			}
		}
		if next == nil || bytes.Equal(next.RawSubject, next.RawIssuer) {
			return chain
		}
		chain = append(chain, next)
		c = next
	}
	return chain
}

// hashed are the names by which OpenSSL finds certificates and revocation lists in a folder.
var hashed = regexp.MustCompile(`^[0-9a-f]{8}\.(r?)[0-9]+$`)

// hashedFiles lists a folder's files of hash names: those of certificates, or of revocation lists.
func hashedFiles(dir string, crls bool) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if m := hashed.FindStringSubmatch(e.Name()); m != nil && (m[1] == "r") == crls {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// readCAs returns the certificates of a file and of a folder; either may be unset.
func readCAs(bundle, dir file) ([]*x509.Certificate, error) {
	paths, err := filesOf(bundle, dir, false)
	if err != nil {
		return nil, err
	}
	var list []*x509.Certificate
	for _, p := range paths {
		certs, err := readCertificates(p)
		if err != nil {
			return nil, err
		}
		list = append(list, certs...)
	}
	return list, nil
}

func filesOf(bundle, dir file, crls bool) ([]string, error) {
	var paths []string
	if bundle.path != "" {
		paths = append(paths, bundle.path)
	}
	if dir.path != "" {
		more, err := hashedFiles(dir.path, crls)
		if err != nil {
			return nil, err
		}
		paths = append(paths, more...)
	}
	return paths, nil
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}

// checkFile is what httpd asks of a file when it reads the directive.
func checkFile(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return fmt.Errorf("file '%s' does not exist or is empty", path)
}

func checkDir(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return fmt.Errorf("directory '%s' does not exist", path)
}
