// Package authnzldap is mod_authnz_ldap, which Transom does not have: its directives are known in order to be refused.
package authnzldap

import (
	"fmt"

	"transom/internal/module"
)

const reason = "Transom asks no LDAP directory; use AuthUserFile with a file of htpasswd, or authenticate in the application behind"

// Module returns mod_authnz_ldap.
func Module() *module.Module {
	m := &module.Module{Name: "mod_authnz_ldap", Identifier: "authnz_ldap_module"}
	for _, name := range []string{"AuthLDAPAuthorizePrefix", "AuthLDAPBindAuthoritative", "AuthLDAPBindDN", "AuthLDAPBindPassword", "AuthLDAPCompareAsUser",
		"AuthLDAPCompareDNOnServer", "AuthLDAPDereferenceAliases", "AuthLDAPGroupAttribute", "AuthLDAPGroupAttributeIsDN", "AuthLDAPInitialBindAsUser",
		"AuthLDAPInitialBindPattern", "AuthLDAPMaxSubGroupDepth", "AuthLDAPRemoteUserAttribute", "AuthLDAPRemoteUserIsDN", "AuthLDAPSearchAsUser",
		"AuthLDAPSubGroupAttribute", "AuthLDAPSubGroupClass", "AuthLDAPURL", "AuthzLDAPAuthoritative"} {
		m.Directives = append(m.Directives, module.Directive{Name: name, Where: module.Sections | module.InHtaccess, Override: module.OverrideAuthConfig,
			Args: module.AnyArgs, Syntax: name + " ...", Doc: "Users in an LDAP directory.", Support: module.Refused(reason)})
	}
	m.Directives = append(m.Directives, module.Directive{Name: "AuthLDAPCharsetConfig", Where: module.InServer, Args: module.AnyArgs,
		Syntax: "AuthLDAPCharsetConfig file-path", Doc: "Users in an LDAP directory.", Support: module.Refused(reason)})
	for _, name := range []string{"ldap-user", "ldap-group", "ldap-dn", "ldap-attribute", "ldap-filter", "ldap-search"} {
		m.Offers.AuthzProviders = append(m.Offers.AuthzProviders, module.AuthzProvider{Name: name, Parse: func(*module.Command, string) (module.AuthzCheck, error) {
			return nil, fmt.Errorf("Require %s is not supported: %s", name, reason)
		}})
	}
	return m
}

// LDAP returns mod_ldap: settings of connections that are never made.
func LDAP() *module.Module {
	m := &module.Module{Name: "mod_ldap", Identifier: "ldap_module"}
	for _, name := range []string{"LDAPCacheEntries", "LDAPCacheTTL", "LDAPConnectionPoolTTL", "LDAPConnectionTimeout", "LDAPLibraryDebug", "LDAPOpCacheEntries",
		"LDAPOpCacheTTL", "LDAPReferralHopLimit", "LDAPReferrals", "LDAPRetries", "LDAPRetryDelay", "LDAPSharedCacheFile", "LDAPSharedCacheSize", "LDAPTimeout",
		"LDAPTrustedClientCert", "LDAPTrustedGlobalCert", "LDAPTrustedMode", "LDAPVerifyServerCert"} {
		m.Directives = append(m.Directives, module.Directive{Name: name, Where: module.Anywhere, Override: module.OverrideAuthConfig,
			Args: module.AnyArgs, Syntax: name + " ...", Doc: "Connections to LDAP directories.", Support: module.Ignored("Transom asks no LDAP directory")})
	}
	return m
}
