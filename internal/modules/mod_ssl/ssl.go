// Package ssl is mod_ssl: TLS with clients and with origin servers, by crypto/tls.
package ssl

import (
	"transom/internal/module"
)

// Module returns mod_ssl.
func Module() *module.Module {
	return &module.Module{
		Name: "mod_ssl", Identifier: "ssl_module",
		Directives: append(append(serverDirectives(), requestDirectives()...), proxyDirectives()...),
		Compile:    compile,
		Hooks: []module.Hook{
			{Phase: module.PostRead, Run: checkHost, Only: module.Encrypted},
			{Phase: module.AccessChecker, Run: checkAccess, Applies: dirs.InSections},
			{Phase: module.AccessCheckerX, Position: module.First, Run: strictRequire, Applies: dirs.InSections},
			{Phase: module.CheckUserID, Position: module.First, Run: fakeUser},
			{Phase: module.AuthChecker, Position: module.First, Run: strictRequire, Applies: dirs.InSections},
			{Phase: module.Fixups, Run: setEnvironment, Only: module.Encrypted},
		},
		Offers: module.Offers{
			Variables: []module.Variable{{Name: "SSL_*", Value: variable}},
			Lists:     []module.List{{Name: "PeerExtList", Values: peerExtensions}},
			LogItems: []module.LogItem{
				{Char: "x", Doc: "the variable NAME", Format: logVariable},
				{Char: "c", Doc: "version, cipher, subjectdn, issuerdn, errcode or errstr of the TLS connection", Format: logCryptography},
			},
			AuthzProviders: []module.AuthzProvider{
				{Name: "ssl", Parse: parseRequireSSL},
				{Name: "ssl-verify-client", Parse: parseRequireVerified},
			},
			ProxyTLS: []module.ProxyTLS{proxyConfig},
		},
	}
}
