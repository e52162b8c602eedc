package authdigest_test

import (
	"fmt"
	"strings"
	"testing"

	"transom/internal/modules"
	authdigest "transom/internal/modules/mod_auth_digest"
	"transom/internal/site/sitetest"
)

const config = `
<Location />
  AuthType Digest
  AuthName R
  AuthUserFile digests
  AuthDigestDomain /a /b
  Require valid-user
</Location>
<Location /once>
  AuthDigestNonceLifetime 0
</Location>
<Location /counted>
  AuthDigestNcCheck On
</Location>
<Location /nofile>
  AuthUserFile nothing
</Location>
`

func newSite(t *testing.T) *sitetest.Site {
	return sitetest.NewWith(t, config, modules.All(), map[string]string{
		"digests":           "joe:other:00000000000000000000000000000000\njoe:R:" + authdigest.Hash("joe:R:secret") + "\nbad:R:x\n",
		"htdocs/counted":    "x",
		"htdocs/once":       "x",
		"htdocs/a b.html":   "x",
		"htdocs/index.html": "x",
	})
}

// answer is what a client sends; its zero values are filled in as a right one would.
type answer struct {
	method, uri, signedURI, user, password, realm, nonce, nc, qop, algorithm, response string
}

func (a answer) header() string {
	a.realm, a.password, a.user, a.nc = or(a.realm, "R"), or(a.password, "secret"), or(a.user, "joe"), or(a.nc, "00000001")
	a.signedURI, a.method, a.qop = or(a.signedURI, a.uri), or(a.method, "GET"), or(a.qop, "auth")
	ha1, ha2 := authdigest.Hash(a.user+":"+a.realm+":"+a.password), authdigest.Hash(a.method+":"+a.signedURI)
	response := authdigest.Hash(ha1 + ":" + a.nonce + ":" + a.nc + ":c:" + a.qop + ":" + ha2)
	more := fmt.Sprintf(`, cnonce="c", nc=%s, qop=%s`, a.nc, a.qop)
	if a.qop == "none" {
		response, more = authdigest.Hash(ha1+":"+a.nonce+":"+ha2), ""
	}
	if a.algorithm != "" {
		more += ", algorithm=" + a.algorithm
	}
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s"%s`, a.user, a.realm, a.nonce, a.signedURI, or(a.response, response), more)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func nonceFor(t *testing.T, s *sitetest.Site, path string) string {
	t.Helper()
	w := s.Get(t, path)
	asked := w.Header().Get("WWW-Authenticate")
	_, rest, ok := strings.Cut(asked, `nonce="`)
	nonce, _, _ := strings.Cut(rest, `"`)
	if w.Code != 401 || !ok {
		t.Fatalf("status %d, %q", w.Code, asked)
	}
	return nonce
}

func TestChallenge(t *testing.T) {
	s := newSite(t)
	nonce := nonceFor(t, s, "/")
	want := `Digest realm="R", nonce="` + nonce + `", algorithm=MD5, domain="/a /b", qop="auth"`
	got := s.Get(t, "/").Header().Get("WWW-Authenticate")
	if other := nonceFor(t, s, "/"); other == nonce {
		t.Error("two nonces are the same")
	}
	if _, tail, _ := strings.Cut(got, `", algorithm`); !strings.HasSuffix(want, tail) || !strings.HasPrefix(got, `Digest realm="R", nonce="`) {
		t.Errorf("got %q, want it like %q", got, want)
	}
}

func TestAnswers(t *testing.T) {
	s := newSite(t)
	nonce := nonceFor(t, s, "/")
	for _, c := range []struct {
		answer
		want int
	}{
		{answer{}, 200},
		{answer{password: "wrong"}, 401},
		{answer{user: "nobody"}, 401},
		{answer{user: "bad"}, 401},
		{answer{realm: "other"}, 401},
		{answer{algorithm: "MD5"}, 200},
		{answer{algorithm: "md5"}, 200},
		{answer{algorithm: "MD5-sess"}, 401},
		{answer{qop: "auth-int"}, 401},
		{answer{qop: "none"}, 200},
		{answer{signedURI: "/other"}, 400},
		{answer{signedURI: "/index.html?"}, 200},
		{answer{uri: "/a%20b.html", signedURI: "/a%20b.html"}, 200},
		{answer{uri: "/a%20b.html", signedURI: "/%61%20b.html"}, 200},
		{answer{uri: "/index.html?x", signedURI: "/index.html"}, 400},
		{answer{signedURI: "http://www.example.com/index.html"}, 200},
		{answer{signedURI: "http://elsewhere.example.com/index.html"}, 400},
		{answer{nc: "1"}, 401},
		{answer{nc: "0000000g"}, 401},
		{answer{response: "00000000000000000000000000000000"}, 401},
		{answer{response: "0"}, 401},
		{answer{method: "POST"}, 401},
		{answer{nonce: "x"}, 401},
		{answer{nonce: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, 401},
		{answer{uri: "/nofile"}, 500},
	} {
		c.uri, c.nonce = or(c.uri, "/index.html"), or(c.nonce, nonce)
		w := s.Get(t, c.uri, "Authorization: "+c.header())
		if w.Code != c.want {
			t.Errorf("%+v: status %d, want %d", c.answer, w.Code, c.want)
		}
		if asked := w.Header().Get("WWW-Authenticate"); (asked != "") != (w.Code == 401) || strings.Contains(asked, "stale") {
			t.Errorf("%+v: status %d with %q", c.answer, w.Code, asked)
		}
		info := w.Header().Get("Authentication-Info")
		if (info != "") != (w.Code == 200) {
			t.Errorf("%+v: status %d with Authentication-Info %q", c.answer, w.Code, info)
		}
	}
	if w := s.Get(t, "/index.html", "Authorization: Basic am9lOnNlY3JldA=="); w.Code != 401 {
		t.Errorf("Basic: status %d, want 401", w.Code)
	}
}

// TestReplay: a count is good once where counts are checked, a nonce once where its lifetime is 0.
func TestReplay(t *testing.T) {
	s := newSite(t)
	counted, once := nonceFor(t, s, "/counted"), nonceFor(t, s, "/once")
	for _, c := range []struct {
		path, nonce, nc string
		want            int
	}{
		{"/counted", counted, "00000001", 200},
		{"/counted", counted, "00000001", 401},
		{"/counted", counted, "00000003", 200},
		{"/counted", counted, "00000002", 200},
		{"/counted", counted, "00000002", 401},
		{"/counted", counted, "00000003", 401},
		{"/counted", counted, "00000100", 200},
		{"/counted", counted, "00000004", 401},
		{"/once", once, "00000001", 200},
		{"/once", once, "00000002", 401},
		{"/index.html", counted, "00000001", 200},
	} {
		w := s.Get(t, c.path, "Authorization: "+answer{uri: c.path, nonce: c.nonce, nc: c.nc}.header())
		if w.Code != c.want {
			t.Errorf("%s with nc %s: status %d, want %d", c.path, c.nc, w.Code, c.want)
		}
		if stale := strings.Contains(w.Header().Get("WWW-Authenticate"), ", stale=true"); stale != (c.want == 401) {
			t.Errorf("%s with nc %s: stale is %v", c.path, c.nc, stale)
		}
	}
}
