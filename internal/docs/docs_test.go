package docs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/run"
)

var update = flag.Bool("update", false, "write the generated documents anew")

const root = "../.."

func TestGenerated(t *testing.T) {
	for name, text := range map[string]string{"docs/directives.md": Directives(modules.All())} {
		path := filepath.Join(root, name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != text {
			t.Errorf("%s is not what the tables say: run make generate", name)
		}
	}
}

// TestRows holds every row to what the generated page and the messages need.
func TestRows(t *testing.T) {
	for _, m := range modules.All() {
		for _, d := range m.Directives {
			name := m.Name + " " + d.Name
			if d.Doc == "" || !strings.HasSuffix(d.Doc, ".") {
				t.Errorf("%s: Doc %q is not a sentence", name, d.Doc)
			}
			if d.Syntax == "" {
				t.Errorf("%s has no Syntax", name)
			}
			if d.Where == 0 {
				t.Errorf("%s may stand nowhere", name)
			}
			full := d.Support.Level == module.FullSupport
			if full && d.Set == nil && d.Open == nil {
				t.Errorf("%s is said to be supported and does nothing", name)
			}
			if !full && d.Support.Reason == "" {
				t.Errorf("%s is not supported and no reason is given", name)
			}
		}
	}
}

// examples are the configurations in documents: fenced blocks of the language "apache". A line "# refused" in one says
// that it must not load.
var example = regexp.MustCompile("(?s)```apache\n(.*?)```")

func TestExamples(t *testing.T) {
	found := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".md") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, m := range example.FindAllStringSubmatch(string(text), -1) {
			found++
			t.Run(fmt.Sprintf("%s-%d", strings.TrimPrefix(path, root+"/"), i+1), func(t *testing.T) { try(t, m[1]) })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == 0 {
		t.Error("no document holds an example")
	}
}

// pemFile is a certificate or a key that an example names.
var pemFile = regexp.MustCompile(`/etc/\S+\.(crt|pem|key)`)

// identity is a certificate and its key in one text, good for every place where an example names such a file.
func identity(t *testing.T) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
}

// try loads an example below a ServerRoot of its own.
func try(t *testing.T, config string) {
	dir := t.TempDir()
	for _, d := range []string{"conf", "logs", "htdocs"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if !regexp.MustCompile(`(?mi)^\s*Listen\b`).MatchString(config) {
		config = "Listen 127.0.0.1:0\n" + config
	}
	config = strings.ReplaceAll(config, "Listen 127.0.0.1:0", "Listen 127.0.0.1:8080")
	config = strings.ReplaceAll(config, "/var/log/httpd/", dir+"/logs/")
	secret := filepath.Join(dir, "conf", "example.pem")
	config = pemFile.ReplaceAllString(config, secret)
	if err := os.WriteFile(secret, identity(t), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "conf", "httpd.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	c := run.Load(&run.Options{Root: dir, Modules: modules.All, Checking: true}, nil, nil)
	refused := strings.Contains(config, "# refused")
	if (c.Site == nil) != refused {
		var b bytes.Buffer
		c.Report(&b)
		t.Errorf("refused: %v, as a remark in the example says: %v\n%s", c.Site == nil, refused, b.String())
	}
}
