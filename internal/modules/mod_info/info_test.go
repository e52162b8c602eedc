package info

import (
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/modules/core"
	authzcore "transom/internal/modules/mod_authz_core"
	"transom/internal/site/sitetest"
)

const config = `AddModuleInfo mod_info.c "<b>kept here</b>"
<Location /i>
SetHandler server-info
</Location>
<Directory "/srv/<x>">
Require all denied
</Directory>
`

func TestPages(t *testing.T) {
	s := sitetest.New(t, config, []*module.Module{core.Module(), authzcore.Module(), Module()})
	for _, c := range []struct {
		query      string
		want, miss []string
	}{
		{"", []string{"Server settings", "translate_name", "core.c", "mod_authz_core.c", "<b>kept here</b>"}, nil},
		{"?server", []string{s.Root, "Apache/2.4"}, []string{"mod_info.c", "translate_name"}},
		{"?list", []string{"?mod_info.c"}, []string{"AddModuleInfo", "Server settings"}},
		{"?hooks", []string{"access_checker_ex", "mod_authz_core"}, []string{"mod_info.c"}},
		{"?config", []string{"httpd.conf:5", "&lt;Directory &#34;/srv/&lt;x&gt;&#34;&gt;", "Require all denied", "&lt;/Directory&gt;"}, []string{"Server settings"}},
		{"?mod_authz_core.c", []string{"Require all denied", "&lt;Directory"}, []string{"SetHandler server-info", "kept here"}},
		{"?mod_info.c", []string{"server-info", "AddModuleInfo mod_info.c"}, []string{"Require all denied"}},
	} {
		w := s.Get(t, "/i"+c.query)
		body := w.Body.String()
		if w.Code != 200 {
			t.Fatalf("%s: %d", c.query, w.Code)
		}
		for _, text := range c.want {
			if !strings.Contains(body, text) {
				t.Errorf("/i%s does not say %q:\n%s", c.query, text, body)
			}
		}
		for _, text := range append(c.miss, "<x>") {
			if strings.Contains(body, text) {
				t.Errorf("/i%s says %q", c.query, text)
			}
		}
	}
	if w := s.Do(t, sitetest.Request("POST", "/i")); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}
