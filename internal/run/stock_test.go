package run

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"transom/internal/modules"
	"transom/test/freeport"
)

const (
	stockFile = "testdata/centos6.txtar"
	demoHost  = "websockets-demo.hlsdev.com"
)

// stock is an installed CentOS 6 below a folder of its own: /etc and /var begin there, and ports are free ones.
type stock struct {
	t         *testing.T
	root      string
	http, tls string // addresses that take the place of ports 80 and 443
	golden    string // the warnings to expect
	stderr    bytes.Buffer
}

// newStock installs it. Replaced are pairs of old and new text.
func newStock(t *testing.T, backend string, replaced ...string) *stock {
	t.Helper()
	root, err := os.MkdirTemp("", "six") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	s := &stock{t: t, root: root, http: freeport.Address(t), tls: freeport.Address(t)}
	adapt := strings.NewReplacer(append(replaced, `"/etc/httpd"`, `"`+root+`/etc/httpd"`, "/etc/", root+"/etc/", "/var/", root+"/var/", "Listen 80\n", "Listen "+s.http+"\n",
		"Listen 443\n", "Listen "+s.tls+"\n", ":80>", s.http[strings.IndexByte(s.http, ':'):]+">", ":443>", s.tls[strings.IndexByte(s.tls, ':'):]+">",
		"backend.example.local:3838", backend)...)
	archive, err := txtar.ParseFile(stockFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == "warnings" {
			s.golden = string(f.Data)
			continue
		}
		text := string(f.Data)
		if strings.HasSuffix(f.Name, ".conf") {
			text = adapt.Replace(text)
		}
		s.write(f.Name, text)
	}
	s.certificate()
	return s
}

func (s *stock) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// certificate is what the package's installation makes for localhost.
func (s *stock) certificate() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"},
		NotAfter: time.Now().Add(time.Hour)}, &x509.Certificate{}, key.Public(), key)
	if err != nil {
		s.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("etc/pki/tls/certs/localhost.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write("etc/pki/tls/private/localhost.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

func (s *stock) start() (*Server, error) {
	return Start(&Options{Root: s.root + "/etc/httpd", Modules: modules.All}, &s.stderr)
}

// said is what was reported, with the folder's own names.
func (s *stock) said() string { return strings.ReplaceAll(s.stderr.String(), s.root, "") }

// asNobodyElse leaves User and Group out: these tests run as whoever runs them.
var asNobodyElse = []string{"User apache\n", "", "Group apache\n", ""}

func TestStockConfiguration(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(demo))
	defer backend.Close()
	s := newStock(t, strings.TrimPrefix(backend.URL, "http://"), asNobodyElse...)
	server, err := s.start()
	if err != nil {
		t.Fatalf("%v\n%s", err, s.said())
	}
	defer server.Stop(false)
	if d := cmp.Diff(s.golden, s.said()); d != "" {
		t.Errorf("warnings: wanted -, got +:\n%s", d)
	}
	for _, test := range []struct{ url, host, want string }{
		{"https://", "localhost", "200 welcome\n"},
		{"https://", "localhost/icons/text.gif", "200 GIF89a\n"},
		{"https://", "localhost/.htpasswd", "403"},
		{"https://", "localhost/cgi-bin/test.cgi", "500"},
		{"https://", "localhost/none", "404"},
		{"http://", demoHost + "/x?y", "200 demo GET /x?y"},
		{"http://", "other.test/", "200 demo GET /"}, // the only virtual host of port 80 takes all
	} {
		if got := s.get(test.url, test.host); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s%s is %q, want %q", test.url, test.host, got, test.want)
		}
	}
	s.webSocket("/app/__sockjs__/123/websocket")
	s.webSocket("/elsewhere")
}

// demo is the application: it echoes WebSockets.
func demo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		fmt.Fprintf(w, "demo %s %s", r.Method, r.URL.RequestURI())
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer c.CloseNow()
	kind, message, err := c.Read(r.Context())
	if err == nil {
		c.Write(r.Context(), kind, append([]byte(r.URL.Path+" "), message...))
		c.Close(websocket.StatusNormalClosure, "")
	}
}

// client connects to the server whatever the URL's host is.
func (s *stock) client() *http.Client {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		to := s.http
		if strings.HasSuffix(addr, ":443") {
			to = s.tls
		}
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}

func (s *stock) get(scheme, host string) string {
	resp, err := s.client().Get(scheme + host)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func (s *stock) webSocket(path string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+demoHost+path, &websocket.DialOptions{HTTPClient: s.client()})
	if err != nil {
		s.t.Errorf("%s: %v", path, err)
		return
	}
	defer c.CloseNow()
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		s.t.Error(err)
	}
	if _, got, err := c.Read(ctx); err != nil || string(got) != path+" hello" {
		s.t.Errorf("%s: %q, %v", path, got, err)
	}
}

// TestStockIncomplete: what the configuration names and the machine lacks is named, too.
func TestStockIncomplete(t *testing.T) {
	for _, test := range []struct {
		remove string
		want   []string
	}{
		{"etc/pki/tls/certs/localhost.crt", []string{"/etc/httpd/conf.d/ssl.conf", "SSLCertificateFile", "/etc/pki/tls/certs/localhost.crt"}},
		{"etc/pki/tls/private/localhost.key", []string{"/etc/httpd/conf.d/ssl.conf", "/etc/pki/tls/private/localhost.key"}},
		{"etc/mime.types", []string{"/etc/httpd/conf/httpd.conf", "/etc/mime.types"}},
		{"var/www/html", []string{"/etc/httpd/conf/httpd.conf", "/var/www/html"}},
		{"var/log/httpd", []string{"could not open error log file /var/log/httpd/demo_error.log"}},
		{"etc/httpd/logs", []string{"logs/error_log"}},
		{"etc/httpd/run", []string{"run/httpd.pid"}},
	} {
		s := newStock(t, "127.0.0.1:9", asNobodyElse...)
		if err := os.RemoveAll(filepath.Join(s.root, test.remove)); err != nil {
			t.Fatal(err)
		}
		if server, err := s.start(); err == nil {
			server.Stop(false)
			t.Errorf("without %s it starts", test.remove)
		}
		for _, want := range test.want {
			if !strings.Contains(s.said(), want) {
				t.Errorf("without %s it says nothing of %s:\n%s", test.remove, want, s.said())
			}
		}
	}
}

// TestStockUser: the user to become must exist. Only root can become somebody; others stay who they are, as with httpd.
func TestStockUser(t *testing.T) {
	s := newStock(t, "127.0.0.1:9", "User apache\n", "User no-such-user\n")
	server, err := s.start()
	switch root := os.Geteuid() == 0; {
	case err == nil && root:
		server.Stop(false)
		t.Error("it starts")
	case err == nil:
		server.Stop(false)
	case !root:
		t.Error(err)
	case !strings.Contains(s.said(), "bad user name no-such-user"):
		t.Errorf("it says %s", s.said())
	}
	if _, err := LookupUser("no-such-user"); err == nil || !strings.Contains(err.Error(), "no-such-user") {
		t.Error(err)
	}
}
