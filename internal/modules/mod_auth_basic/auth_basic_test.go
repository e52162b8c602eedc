package authbasic_test

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// Every password is "secret" but where its user's name says otherwise.
const passwords = `# users
bcrypt:$2y$05$4a/vEsQCL6Rbdgl0wnZlNucNtfHtQCEr.Ral.fg84jgj8bUP7MU1C
md5:$apr1$EpOCT0Wq$yS58.wol3mqVnRLxrQxyV/
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
des:pCHlVNkLlmTtI
plain:secret
yescrypt:$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe.
empty:
more:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/:Name:more
twice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
twice:{SHA}Db9rfOpakLQuSyyVrozz6nPSsPs=
  indented:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
`

const config = `
<Location />
  AuthType Basic
  AuthName 'a "b"'
  AuthUserFile users
  AuthGroupFile groups
  Require valid-user
</Location>
<Location /nofile>
  AuthUserFile nothing
</Location>
<Location /group>
  Require group staff
</Location>
<Location /nogroups>
  AuthGroupFile nothing
  Require group staff
</Location>
<Location /user>
  Require user "other one" bcrypt
</Location>
<Location /forbidden>
  AuthzSendForbiddenOnFailure On
  Require user bcrypt
</Location>
<Location /digest>
  AuthName R
  AuthUserFile digests
  AuthBasicUseDigestAlgorithm MD5
</Location>
<Location /notmine>
  AuthBasicAuthoritative Off
</Location>
<AuthnProviderAlias file second>
  AuthUserFile others
</AuthnProviderAlias>
<Location /two>
  AuthBasicProvider file second
</Location>
`

func newSite(t *testing.T) *sitetest.Site {
	return sitetest.NewWith(t, config, modules.All(), map[string]string{
		"users": passwords, "groups": "# groups\nstaff: bcrypt nobody\nother: md5\nstaff: sha\n",
		"digests": "joe:R:" + md5hex("joe:R:secret") + "\n",
		"others":  "guest:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
	})
}

func get(t *testing.T, s *sitetest.Site, path, user, password string) (status int, asked string) {
	r := sitetest.Request("GET", path)
	if user != "-" {
		r.SetBasicAuth(user, password)
	}
	w := s.Do(t, r)
	return w.Code, w.Header().Get("WWW-Authenticate")
}

// TestUsers holds what httpd answered to the same; 404 is past all doors, as there are no such files.
func TestUsers(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		path, user, password string
		status               int
	}{
		{"/x", "-", "", 401},
		{"/x", "nobody", "secret", 401},
		{"/x", "bcrypt", "secret", 404},
		{"/x", "bcrypt", "secre", 401},
		{"/x", "bcrypt", "", 401},
		{"/x", "md5", "secret", 404},
		{"/x", "sha", "secret", 404},
		{"/x", "des", "secret", 404},
		{"/x", "plain", "secret", 401},
		{"/x", "yescrypt", "secret", 401}, // httpd lets it in where the system's crypt knows the form
		{"/x", "empty", "", 401},
		{"/x", "more", "secret", 404},
		{"/x", "twice", "secret", 404},
		{"/x", "twice", "a longer password than eight", 401},
		{"/x", "indented", "secret", 404},
		{"/x", "# users", "", 401},
		{"/nofile", "bcrypt", "secret", 500},
		{"/group", "bcrypt", "secret", 404},
		{"/group", "sha", "secret", 404},
		{"/group", "md5", "secret", 401},
		{"/group", "des", "secret", 401},
		{"/nogroups", "bcrypt", "secret", 401},
		{"/user", "bcrypt", "secret", 404},
		{"/user", "md5", "secret", 401},
		{"/forbidden", "md5", "secret", 403},
		{"/forbidden", "md5", "wrong", 401},
		{"/digest", "joe", "secret", 404},
		{"/digest", "joe", "wrong", 401},
		{"/notmine", "bcrypt", "secret", 404},
		{"/notmine", "bcrypt", "wrong", 401},
		{"/notmine", "nobody", "secret", 500},
		{"/two", "bcrypt", "secret", 404},
		{"/two", "guest", "secret", 404},
		{"/two", "guest", "wrong", 401},
		{"/two", "nobody", "secret", 401},
		{"/x", "guest", "secret", 401},
	} {
		status, asked := get(t, s, c.path, c.user, c.password)
		if status != c.status {
			t.Errorf("%s as %s:%s: status %d, want %d", c.path, c.user, c.password, status, c.status)
		}
		realm := `Basic realm="a \"b\""`
		if c.path == "/digest" {
			realm = `Basic realm="R"`
		}
		if status != 401 {
			realm = ""
		}
		if asked != realm {
			t.Errorf("%s as %s:%s: WWW-Authenticate %q, want %q", c.path, c.user, c.password, asked, realm)
		}
	}
}

// TestHeader holds what httpd makes of an Authorization header; the user is "sha".
func TestHeader(t *testing.T) {
	s := newSite(t)
	for header, want := range map[string]int{
		"Basic c2hhOnNlY3JldA==":          404,
		"basic c2hhOnNlY3JldA==":          404,
		"Basic    c2hhOnNlY3JldA==":       404,
		"Basic c2hhOnNlY3JldA":            404,
		"Basic c2hhOnNlY3JldA== x":        404,
		"Basic c2hhOnNlY3JldA!":           404,
		"Basic":                           401,
		"Basic !!!":                       401,
		"Basic c2hh":                      401,
		"Bearer c2hhOnNlY3JldA==":         401,
		"BasicX c2hhOnNlY3JldA==":         401,
		"c2hhOnNlY3JldA==":                401,
		"Digest username=\"sha\"":         401,
		"Basic " + strings.Repeat("A", 5): 401,
	} {
		if w := s.Get(t, "/x", "Authorization: "+header); w.Code != want {
			t.Errorf("%q: status %d, want %d", header, w.Code, want)
		}
	}
}

// TestFileChanges holds that a file is read again when it changed, and that one that is gone lets nobody in.
func TestFileChanges(t *testing.T) {
	s := newSite(t)
	expect := func(want int) {
		t.Helper()
		if status, _ := get(t, s, "/x", "sha", "secret"); status != want {
			t.Errorf("status %d, want %d", status, want)
		}
	}
	expect(404)
	s.Write(t, "users", "nobody:x\n")
	expect(401)
	s.Write(t, "users", passwords)
	expect(404)
	s.Remove(t, "users")
	expect(500)
}

// TestFake: what stands behind gets a user that the client did not name.
func TestFake(t *testing.T) {
	s := sitetest.New(t, `
LogFormat "%{Authorization}i" authorization
CustomLog logs/authorization authorization
<Location />
  AuthBasicFake demo %{REQUEST_METHOD}
</Location>
<Location /off>
  AuthBasicFake off
</Location>
<Location /default>
  AuthBasicFake joe
</Location>`, modules.All())
	for _, path := range []string{"/index.html", "/off", "/default"} {
		s.Get(t, path)
	}
	want := []string{basic("demo", "GET"), "-", basic("joe", "password")}
	if got := strings.Fields(strings.ReplaceAll(s.Read(t, "logs/authorization"), "Basic ", "Basic")); strings.Join(got, " ") != strings.ReplaceAll(strings.Join(want, " "), "Basic ", "Basic") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func basic(user, password string) string {
	r := &http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
