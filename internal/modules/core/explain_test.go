package core_test

import (
	"net/netip"
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestTransomExplain(t *testing.T) {
	s := sitetest.New(t, `TransomExplain 198.51.100.0/24
RewriteEngine On
RewriteRule ^/gone$ - [G]
ErrorDocument 410 /index.html
<VirtualHost 192.0.2.1:8080>
TransomExplain Off
</VirtualHost>
`, modules.All())
	w := s.Get(t, "/gone")
	told := strings.Join(w.Header()["Transom-Explain"], "\n")
	for _, want := range []string{"www.example.com serves /gone", "httpd.conf:3 RewriteRule: ^/gone$ - [G]: '/gone' matches", "internal redirect: to /index.html", "/index.html is " + s.Root} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told:\n%s", want, told)
		}
	}
	if n := strings.Count(told, "'/gone' matches"); w.Code != 410 || n != 1 {
		t.Errorf("status %d, told %d times", w.Code, n)
	}
	other := s.DoFrom(t, sitetest.Request("GET", "/gone"), netip.MustParseAddrPort("203.0.113.9:1"))
	if told := other.Header()["Transom-Explain"]; told != nil {
		t.Errorf("someone else is told %q", told)
	}
}

func TestTransomExplainIsBounded(t *testing.T) {
	rules := strings.Repeat("RewriteRule ^/x$ -\n", 200)
	s := sitetest.New(t, "TransomExplain 198.51.100.7\nRewriteEngine On\n"+rules, modules.All())
	w := s.Get(t, "/"+strings.Repeat("y", 3000)+"%0d%0aX:%20y")
	size := 0
	for _, line := range w.Header()["Transom-Explain"] {
		size += len(line)
		if strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line break: %q", line)
		}
	}
	if size == 0 || size > 64*400 {
		t.Errorf("%d bytes are told", size)
	}
}

func TestTransomExplainRefuses(t *testing.T) {
	for _, bad := range []string{"TransomExplain everyone", "TransomExplain 0.0.0.0/0", "TransomExplain ::/0", "TransomExplain"} {
		if errs := sitetest.Errors(t, bad, modules.All()); errs == "" {
			t.Errorf("%s loads", bad)
		}
	}
}
