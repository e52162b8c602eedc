package logforensic_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestLog(t *testing.T) {
	nameless := slices.DeleteFunc(modules.All(), func(m *module.Module) bool { return m.Name == "mod_unique_id" })
	s := sitetest.New(t, `ForensicLog logs/forensic
LogFormat "%{forensic-id}n %s" named
CustomLog logs/access named
ErrorDocument 404 /index.html
<VirtualHost *:80>
ServerName inherits
</VirtualHost>
<VirtualHost *:80>
ServerName own
ForensicLog logs/own
</VirtualHost>
`, nameless)
	s.Get(t, "/index.html?x=1|2%41", "Host: inherits", "X-A: a:b", "X-A: c%d\té")
	s.Get(t, "/none", "Host: inherits")
	s.Get(t, "/index.html", "Host: own")
	lines := strings.Split(strings.TrimSpace(s.Read(t, "logs/forensic")), "\n")
	if len(lines) != 4 {
		t.Fatalf("%q", lines)
	}
	id := `[0-9a-f]+:[0-9a-f]+:[12]`
	want := regexp.MustCompile(`^\+(` + id + `)\|GET /index\.html\?x=1%7c2%2541 HTTP/1\.1\|Host:inherits\|X-A:a%3ab, c%25d%09%c3%a9$`)
	m := want.FindStringSubmatch(lines[0])
	if m == nil {
		t.Fatalf("%s", lines[0])
	}
	if lines[1] != "-"+m[1] || lines[3] != "-"+strings.SplitN(lines[2][1:], "|", 2)[0] {
		t.Errorf("the ends do not fit: %q", lines)
	}
	if access := s.Read(t, "logs/access"); !strings.HasPrefix(access, m[1]+" 200\n") {
		t.Errorf("the access log says %q", access)
	}
	if own := s.Read(t, "logs/own"); strings.Count(own, "\n") != 2 || !strings.Contains(own, "|Host:own\n-") {
		t.Errorf("the other virtual host's says %q", own)
	}
}
