package site_test

import (
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
