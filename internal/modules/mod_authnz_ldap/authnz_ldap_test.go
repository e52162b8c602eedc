package authnzldap_test

import (
	"strings"
	"testing"

	"transom/internal/modules"
	"transom/internal/site/sitetest"
)

// TestRefused: nothing that LDAP would protect is served.
func TestRefused(t *testing.T) {
	for _, config := range []string{
		"<Location />\nAuthLDAPURL ldap://127.0.0.1/o=x\n</Location>",
		"<Location />\nRequire ldap-group cn=x\n</Location>",
		"<IfModule mod_authnz_ldap.c>\n<Location />\nAuthLDAPBindDN cn=x\n</Location>\n</IfModule>",
	} {
		if errs := sitetest.Errors(t, config, modules.All()); !strings.Contains(errs, "asks no LDAP directory") {
			t.Errorf("%q: %q", config, errs)
		}
	}
	if errs := sitetest.Errors(t, "<Location />\nAuthBasicProvider ldap\n</Location>", modules.All()); errs == "" {
		t.Error("AuthBasicProvider ldap loads")
	}
	if s := sitetest.New(t, "LDAPVerifyServerCert Off", modules.All()); len(s.Warnings) != 1 {
		t.Errorf("warnings: %v", s.Warnings)
	}
}
