package allowmethods_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// TestMethods holds httpd's answers, but for Allow: httpd says TRACE there, where RFC 9110 15.5.6 wants what is allowed.
func TestMethods(t *testing.T) {
	s := sitetest.New(t, `
<Location /a>
  AllowMethods GET
</Location>
<Location /a/in>
  AllowMethods POST OPTIONS
</Location>
<Location /a/reset>
  AllowMethods reset
</Location>
<Location /denied>
  AllowMethods POST
  Require all denied
</Location>
<Location /any>
  AllowMethods POST
  Satisfy any
</Location>`, modules.All())
	for _, c := range []struct {
		line   string
		status int
		allow  string
	}{
		{"GET /a", 404, ""},
		{"HEAD /a", 404, ""},
		{"POST /a", 405, "GET"},
		{"FOO /a", 405, "GET"},
		{"OPTIONS /a", 405, "GET"},
		{"TRACE /a", 200, ""},
		{"GET /a/in", 405, "POST,OPTIONS"},
		{"POST /a/in", 404, ""},
		{"GET /a/reset", 404, ""},
		{"POST /a/reset", 404, ""},
		{"GET /denied", 405, "POST"},
		{"POST /denied", 403, ""},
		{"GET /any", 404, ""},
	} {
		method, path, _ := strings.Cut(c.line, " ")
		w := s.Do(t, sitetest.Request(method, path))
		if w.Code != c.status || c.status == 405 && w.Header().Get("Allow") != c.allow {
			t.Errorf("%s: status %d, Allow %q; want %d, %q", c.line, w.Code, w.Header().Get("Allow"), c.status, c.allow)
		}
	}
}
