package uniqueid_test

import (
	"regexp"
	"strings"
	"testing"

	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

func TestNames(t *testing.T) {
	s := sitetest.New(t, `
LogFormat "%{UNIQUE_ID}e" id
CustomLog logs/id id
ErrorDocument 404 /index.html`, modules.All())
	for range 100 {
		s.Get(t, "/index.html")
	}
	s.Get(t, "/nothing") // one line, by the ErrorDocument's request
	seen := map[string]bool{}
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{27}$`)
	for _, id := range strings.Fields(s.Read(t, "logs/id")) {
		if !form.MatchString(id) {
			t.Errorf("%q has not httpd's form", id)
		}
		seen[id] = true
	}
	if len(seen) != 101 {
		t.Errorf("101 requests have %d names", len(seen))
	}
}

func TestNotLoaded(t *testing.T) {
	loads := &module.Module{Name: "loads", Compile: func(b *module.Build) error {
		b.Loaded["log_config_module"] = true
		return nil
	}}
	s := sitetest.New(t, `
LoadModule log_config_module modules/mod_log_config.so
LogFormat "%{UNIQUE_ID}e" id
CustomLog logs/id id`, append([]*module.Module{loads}, modules.All()...))
	s.Get(t, "/index.html")
	if got := s.Read(t, "logs/id"); got != "-\n" {
		t.Errorf("a name without the module: %q", got)
	}
}
