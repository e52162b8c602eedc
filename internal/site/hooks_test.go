package site_test

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// A hook is asked for each combination of settings, .htaccess files included, and not for each request.
func TestHooksThatApply(t *testing.T) {
	var ran []string
	asked := 0
	hook := func(name string, p module.Phase, applies func(_, _ *module.Settings) bool) module.Hook {
		h := module.Hook{Phase: p, Run: func(*module.Request) module.Result {
			ran = append(ran, name)
			return module.Declined
		}}
		if applies != nil {
			h.Applies = func(server, sections *module.Settings) bool { asked++; return applies(server, sections) }
		}
		return h
	}
	typed := func(_, sections *module.Settings) bool { return module.CoreDir.Of(sections).ForceType != "" }
	named := func(server, _ *module.Settings) bool { return module.CoreServer.Of(server).ServerAdmin != "" }
	m := &module.Module{Name: "tells", Hooks: []module.Hook{
		hook("first", module.PostRead, typed), hook("named", module.PostRead, named), hook("always", module.Fixups, nil),
		hook("typed", module.Fixups, typed), hook("end", module.LogTransaction, typed)}}
	s := sitetest.NewWith(t, `
<Directory "@ROOT@/htdocs">
AllowOverride All
</Directory>
<Location /typed>
ForceType text/x
</Location>
<VirtualHost *:80>
ServerName plain
</VirtualHost>
<VirtualHost *:80>
ServerName admin
ServerAdmin someone
</VirtualHost>`, append(modules.All(), m), map[string]string{"htdocs/typed": "", "htdocs/sub/a": "", "htdocs/sub/.htaccess": "ForceType text/y"})
	get := func(target, host string) string {
		ran = nil
		if w := s.Get(t, target, "Host: "+host); w.Code != http.StatusOK {
			t.Errorf("%s: %d", target, w.Code)
		}
		return strings.Join(ran, " ")
	}
	for range 2 {
		for _, c := range []struct{ target, host, want string }{
			{"/index.html", "plain", "always"},
			{"/index.html", "admin", "named always"},
			{"/typed", "plain", "always typed end"},
			{"/typed", "admin", "named always typed end"},
			{"/sub/a", "plain", "always typed end"},
		} {
			if got := get(c.target, c.host); got != c.want {
				t.Errorf("%s at %s runs %q, want %q", c.target, c.host, got, c.want)
			}
		}
	}
	before := asked
	get("/typed", "plain")
	if asked != before {
		t.Errorf("a combination that is known is asked about again")
	}
	if order := s.HookOrder[module.LogTransaction]; !slices.Contains(order, "tells") {
		t.Errorf("the order that is shown lacks one: %v", order)
	}
}

// A hook is asked only for requests that meet its conditions, all of them.
func TestHooksForSomeRequests(t *testing.T) {
	var ran []string
	hook := func(name string, only module.Only) module.Hook {
		return module.Hook{Phase: module.InsertFilter, Only: only, Run: func(*module.Request) module.Result {
			ran = append(ran, name)
			return module.Declined
		}}
	}
	proxy := module.Hook{Phase: module.Fixups, Run: func(r *module.Request) module.Result {
		if r.URI == "/proxied" {
			r.Proxy = module.ReverseProxied
		}
		return module.Declined
	}}
	answer := module.Hook{Phase: module.Handler, Position: module.ReallyFirst, Run: func(*module.Request) module.Result { return module.OK }}
	m := &module.Module{Name: "tells", Hooks: []module.Hook{proxy, answer, hook("all", 0), hook("files", module.Files), hook("bodies", module.Bodies),
		hook("both", module.Files|module.Bodies), hook("encrypted", module.Encrypted), hook("proxied", module.Proxied), hook("malformed", module.Malformed)}}
	s := sitetest.NewWith(t, "", append(modules.All(), m), nil)
	for _, c := range []struct {
		target    string
		body, tls bool
		want      string
	}{
		{"/", false, false, "all files"},
		{"/proxied", false, false, "all"},
		{"/", true, false, "all files bodies both"},
		{"/proxied", true, true, "all bodies encrypted"},
	} {
		r := sitetest.Request("GET", c.target)
		if c.body {
			r.ContentLength, r.Body = 1, http.NoBody
		}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		ran = nil
		s.Do(t, r)
		if got := strings.Join(ran, " "); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Where a hook grants access to everybody, neither it nor those behind it are asked; an AccessChecker is.
func TestHooksThatGrant(t *testing.T) {
	asked, refuse := 0, false
	grants := module.Hook{Phase: module.AccessCheckerX, Position: module.ReallyFirst,
		Run:    func(*module.Request) module.Result { asked++; return module.OK },
		Grants: func(_, sections *module.Settings) bool { return module.CoreDir.Of(sections).ForceType == "" }}
	check := module.Hook{Phase: module.AccessChecker, Applies: func(_, sections *module.Settings) bool { return module.CoreDir.Of(sections).AddDefaultCharset != "" },
		Run: func(*module.Request) module.Result {
			if refuse {
				return http.StatusForbidden
			}
			return module.Declined
		}}
	s := sitetest.NewWith(t, "<Location /typed>\nForceType text/x\n</Location>\n<Location /checked>\nAddDefaultCharset On\n</Location>",
		append(modules.All(), &module.Module{Name: "tells", Hooks: []module.Hook{grants, check}}), map[string]string{"htdocs/typed": "", "htdocs/checked": ""})
	for _, c := range []struct {
		target         string
		refuse         bool
		status, asking int
	}{
		{"/index.html", true, 200, 0}, {"/typed", true, 200, 1}, {"/checked", false, 200, 1}, {"/checked", true, 403, 0},
	} {
		asked, refuse = 0, c.refuse
		if w := s.Get(t, c.target); w.Code != c.status || asked != c.asking {
			t.Errorf("%s: %d, asked %d times", c.target, w.Code, asked)
		}
	}
}
