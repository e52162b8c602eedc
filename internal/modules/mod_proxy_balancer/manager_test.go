package balancer_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

const config = `Listen 80
<Proxy balancer://app>
  BalancerMember http://m1.test:8001 route=a
  BalancerMember http://m2.test:8002/base route="<b>" status=+D
  ProxySet stickysession=SID
</Proxy>
<Location /manager>
  SetHandler balancer-manager
</Location>
`

func post(t *testing.T, s *sitetest.Site, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := sitetest.Request("POST", "/manager")
	body := form.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return s.Do(t, r)
}

var nonceField = regexp.MustCompile(`name="nonce" value="([^"]*)"`)

// TestManager: the page lists members, and changes them for who has the nonce.
func TestManager(t *testing.T) {
	s := sitetest.New(t, config, modules.All())
	w := s.Get(t, "/manager")
	page := w.Body.String()
	for _, want := range []string{"LoadBalancer Status for balancer://app", "http://m1.test:8001", "http://m2.test:8002/base", "Init Dis ", "SID", "&lt;b&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in\n%s", want, page)
		}
	}
	nonce := nonceField.FindStringSubmatch(page)
	if nonce == nil || len(nonce[1]) < 20 {
		t.Fatalf("nonce %q", nonce)
	}
	form := url.Values{"b": {"app"}, "w": {"http://m1.test:8001"}, "w_lf": {"2.5"}, "w_wr": {"z"}, "w_status_D": {"1"}, "nonce": {nonce[1]}}
	if w := post(t, s, form); w.Code != 200 || !strings.Contains(w.Body.String(), "<td>z</td><td></td><td>2.50</td><td>0</td><td>Init Dis </td>") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if w := s.Get(t, "/manager?b=app&w=http://m1.test:8001&w_status_D=0&nonce="+nonce[1]); !strings.Contains(w.Body.String(), "<td>2.50</td><td>0</td><td>Init Dis </td>") {
		t.Errorf("GET changed something\n%s", w.Body)
	}
}

// TestManagerRefuses what is incomplete, wrong, or somebody else's.
func TestManagerRefuses(t *testing.T) {
	s := sitetest.New(t, strings.Replace(config, "stickysession=SID", "nonce=secret", 1), modules.All())
	base := url.Values{"b": {"app"}, "w": {"http://m1.test:8001"}, "nonce": {"secret"}, "w_status_D": {"1"}}
	for _, test := range []struct {
		field, value string
		status       int
	}{
		{"nonce", "wrong", http.StatusForbidden},
		{"nonce", "", http.StatusForbidden},
		{"b", "other", http.StatusNotFound},
		{"w", "http://m3.test", http.StatusNotFound},
		{"w_lf", "1000", http.StatusBadRequest},
		{"w_status_D", "maybe", http.StatusBadRequest},
	} {
		form := url.Values{}
		for k, v := range base {
			form[k] = v
		}
		form.Set(test.field, test.value)
		if w := post(t, s, form); w.Code != test.status {
			t.Errorf("%s=%s: status %d, want %d", test.field, test.value, w.Code, test.status)
		}
	}
	if page := s.Get(t, "/manager").Body.String(); !strings.Contains(page, "<td>a</td><td></td><td>1.00</td><td>0</td><td>Init Ok </td>") {
		t.Errorf("something was changed\n%s", page)
	}
	if w := post(t, s, url.Values{"x": {strings.Repeat("y", 1<<20)}}); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a long form: %d", w.Code)
	}
	if w := s.Do(t, sitetest.Request("DELETE", "/manager")); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", w.Code)
	}
}
