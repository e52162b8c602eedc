package ssl

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// verified says whether the client proved who it is by a certificate of a trusted authority.
func verified(r *module.Request) bool {
	cs := r.Conn.TLS
	return cs != nil && of(r).client != nil && of(r).client.clientVerify(cs) == "SUCCESS"
}

// checkHost refuses requests to a virtual host that would have asked more, or else, of the handshake than the one that it was
// made with (SSLVHostSNIPolicy).
func checkHost(r *module.Request) module.Result {
	if !r.Initial() {
		return module.Declined
	}
	sni := r.Conn.TLS.ServerName
	shaken := r.Site.Engine.Pick(r.Conn.Local, sni)
	if sni != "" && r.Host == "" {
		r.Logf("ssl", observe.Error, "AH02031", "Hostname %s provided via SNI, but no hostname provided in HTTP request", sni)
		return http.StatusBadRequest
	}
	if sni == "" && (servers.Of(r.Server.Settings).strictSNI == module.On || servers.Of(shaken.Settings).strictSNI == module.On) {
		r.Logf("ssl", observe.Error, "AH02033", "No hostname was provided via SNI for a name based virtual host")
		r.SetNote("error-notes", "Reason: The client software did not provide a hostname using Server Name Indication (SNI), which is required to access this server.<br />\n")
		return http.StatusForbidden
	}
	policy := servers.Of(r.Site.Servers[0].Settings).policy
	if r.Server != shaken && !compatible(policy, running.Of(shaken.Settings), of(r)) {
		r.Logf("ssl", observe.Error, "AH02032", "Hostname %s %s and hostname %s provided via HTTP have no compatible SSL setup for policy '%s'",
			shaken.Name, told(sni), r.Host, module.Inherit("secure", policy))
		return http.StatusMisdirectedRequest
	}
	// A connection may be older than the configuration that asks for certificates.
	if client := of(r).client; client != nil && client.level == verifyRequire && len(r.Conn.TLS.PeerCertificates) == 0 {
		r.Conn.CloseAfter()
		return http.StatusForbidden
	}
	return module.Declined
}

func of(r *module.Request) *runningServer { return running.Of(r.Server.Settings) }

func told(sni string) string {
	if sni == "" {
		return "(default host as no SNI was provided)"
	}
	return "provided via SNI"
}

func compatible(policy string, a, b *runningServer) bool {
	switch policy {
	case "strict":
		return false
	case "insecure":
		return true
	case "authonly":
		return a.trust == b.trust
	}
	return a.trust == b.trust && a.identity == b.identity
}

// checkAccess is SSLRequireSSL, SSLVerifyClient in sections and SSLRequire.
func checkAccess(r *module.Request) module.Result {
	d := dirs.Of(r.Dir)
	if r.Conn.TLS == nil {
		if d.requireSSL {
			return forbid(r, "SSL connection required")
		}
		return module.Declined
	}
	if d.verify == verifyRequire && !verified(r) {
		r.Logf("ssl", observe.Error, "AH02263", "access to %s denied: a verified client certificate is required and missing", r.URI)
		return http.StatusForbidden
	}
	for _, q := range d.requirements {
		ok, err := q.met(r)
		if err != nil {
			r.Logf("ssl", observe.Error, "AH02265", "access to %s failed, reason: Failed to execute SSL requirement expression: %v", r.URI, err)
			r.SetNote(forbidden, "1")
			return http.StatusForbidden
		}
		if !ok {
			r.Logf("ssl", observe.Info, "AH02266", "Access to %s denied for %s (requirement expression not fulfilled)", r.URI, r.UserAgentAddr)
			r.Logf("ssl", observe.Info, "AH02228", "Failed expression: %s", q.text)
			return forbid(r, "SSL requirement expression not fulfilled")
		}
	}
	if d.options.bits()&fakeBasicAuth == 0 {
		setUser(r, d)
	}
	return module.Declined
}

// forbidden is the note that outlives Satisfy Any with StrictRequire.
const forbidden = "ssl-access-forbidden"

func forbid(r *module.Request, why string) module.Result {
	r.Logf("ssl", observe.Error, "AH02229", "access to %s failed, reason: %s", r.URI, why)
	r.SetNote(forbidden, "1")
	return http.StatusForbidden
}

func setUser(r *module.Request, d *dirSettings) {
	if d.userName == "" {
		return
	}
	if v, _ := r.Var(strings.ToUpper(d.userName)); v != "" {
		r.User = v
	} else if v, _ := lookup(r, d.userName); v != "" {
		r.User = v
	}
}

// strictRequire keeps a request out for good.
func strictRequire(r *module.Request) module.Result {
	if dirs.Of(r.Dir).options.bits()&strict != 0 && r.Notes[forbidden] != "" {
		return http.StatusForbidden
	}
	return module.Declined
}

// fakeUser makes the certificate's subject the user of Basic authentication, with the password "password" (FakeBasicAuth), and
// refuses clients that pretend to such a name.
func fakeUser(r *module.Request) module.Result {
	if res := strictRequire(r); res != module.Declined || !r.Initial() {
		return res
	}
	if user, password, ok := r.BasicAuth(); ok && strings.HasPrefix(user, "/") && password == "password" {
		r.Logf("ssl", observe.Error, "AH02035", "Encountered FakeBasicAuth spoof: %s", user)
		return http.StatusForbidden
	}
	if dirs.Of(r.Dir).options.bits()&fakeBasicAuth == 0 || r.User != "" || !verified(r) {
		return module.Declined
	}
	subject, _ := legacyName(r.Conn.TLS.PeerCertificates[0].RawSubject)
	r.Header().Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(subject+":password")))
	return module.Declined
}

func parseRequireSSL(_ *module.Command, args string) (module.AuthzCheck, error) {
	if strings.TrimSpace(args) != "" {
		return nil, fmt.Errorf("'Require ssl' does not take arguments")
	}
	return func(r *module.Request) module.AuthzAnswer { return module.Verdict(r.Conn.TLS != nil) }, nil
}

func parseRequireVerified(_ *module.Command, args string) (module.AuthzCheck, error) {
	if strings.TrimSpace(args) != "" {
		return nil, fmt.Errorf("'Require ssl-verify-client' does not take arguments")
	}
	return func(r *module.Request) module.AuthzAnswer { return module.Verdict(verified(r)) }, nil
}

// setEnvironment is the environment of a TLS request: HTTPS and SSL_TLS_SNI always, the rest by SSLOptions.
func setEnvironment(r *module.Request) module.Result {
	d := dirs.Of(r.Dir)
	r.SetEnv("HTTPS", "on")
	if sni := r.Conn.TLS.ServerName; sni != "" {
		r.SetEnv("SSL_TLS_SNI", sni)
	}
	r.SetNote("ssl-secure-reneg", "1")
	setUser(r, d)
	if bits := d.options.bits(); bits&(stdEnvVars|exportCertData) != 0 {
		r.EnvLater("SSL_", func() { exportVariables(r, bits) })
	}
	return module.Declined
}
