package hcheck_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
	"transom/internal/upstream"
)

// TestChecks: a member whose answers fail the condition is taken out, and put back when they pass.
func TestChecks(t *testing.T) {
	var ill atomic.Bool
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/status" && ill.Load() {
			fmt.Fprint(w, "Under maintenance")
			return
		}
		fmt.Fprint(w, "fine")
	}))
	defer app.Close()
	s := sitetest.New(t, `Listen 80
LogLevel info
ErrorLog logs/error_log
ProxyHCExpr well {hc('body') !~ /Under maintenance/ && %{REQUEST_STATUS} =~ /^2/}
ProxyHCTemplate quick hcinterval=100ms hcmethod=GET hcuri=/status
<Proxy balancer://app>
  BalancerMember `+app.URL+` hctemplate=quick hcexpr=well
</Proxy>
ProxyPass / balancer://app/
`, modules.All())
	serve(t, s.Build)
	member := s.Site.Offered.Balancers[0](s.Servers[0])[0].Members[0]
	ill.Store(true)
	wait(t, member, false)
	ill.Store(false)
	wait(t, member, true)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) { // it is told once the member has changed
		log := s.Read(t, "logs/error_log")
		if strings.Contains(log, "AH03303: Health check DISABLING "+app.URL) && strings.Contains(log, "AH03302: Health check ENABLING "+app.URL) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the log says\n%s", log)
		}
	}
}

// serve starts the checks, and ends them with the test as a configuration without any does.
func serve(t *testing.T, b *module.Build) {
	b.Serve()
	t.Cleanup(func() {
		s := sitetest.New(t, "Listen 80\n", modules.All())
		s.Build.Kept = b.Kept
		s.Build.OnServe = nil
		for _, m := range s.Build.Modules {
			if m.Name == "mod_proxy_hcheck" {
				if err := m.Compile(s.Build); err != nil {
					t.Error(err)
				}
			}
		}
		s.Build.Serve()
	})
}

func wait(t *testing.T, w *upstream.Worker, usable bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); w.Status().Usable() != usable; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the member is %s", w.Status())
		}
	}
}

// TestRefused: what must not load.
func TestRefused(t *testing.T) {
	for _, test := range []struct{ config, want string }{
		{"ProxyHCExpr x {%{REQUEST_STATUS} =~ }", "Could not parse expression"},
		{"ProxyHCExpr x", "needs a name and a condition"},
		{"ProxyHCTemplate x hcmethod=PUSH", "hcmethod=PUSH"},
		{"ProxyHCTemplate x timeout=5", "timeout=5"},
		{"<Proxy balancer://c>\nBalancerMember http://m.test hctemplate=none\n</Proxy>", "hctemplate=none"},
		{"<Proxy balancer://c>\nBalancerMember http://m.test hcmethod=GET hcexpr=none\n</Proxy>\nProxyPass / balancer://c/", "hcexpr=none"},
	} {
		if errs := sitetest.Errors(t, "Listen 80\n"+test.config+"\n", modules.All()); !strings.Contains(errs, test.want) {
			t.Errorf("%s\n%q, want %q", test.config, errs, test.want)
		}
	}
}
