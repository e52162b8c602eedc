package module

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"transom/internal/conf"
	"transom/internal/observe"
)

// Satisfies says whether passing the address checks suffices (Satisfy Any). mod_access_compat writes it. As all settings of
// that module in httpd, an inner section's replace an outer one's as a whole.
var Satisfies = &Slot[SatisfySettings]{Merge: func(_, inner *SatisfySettings) *SatisfySettings { return inner }}

type SatisfySettings struct{ Rules []SatisfyRule }

// SatisfyRule is one Satisfy directive; the last one that covers a method counts.
type SatisfyRule struct {
	Methods *Methods
	Any     bool
}

// Any says whether one of address and user suffices for a method.
func (s *SatisfySettings) Any(method string) bool {
	any := false
	for _, r := range s.Rules {
		if r.Methods.Covers(method) {
			any = r.Any
		}
	}
	return any
}

// Auth are AuthType and AuthName. mod_authn_core writes them, for all that ask for a user to read.
var Auth = &Slot[AuthSettings]{Merge: func(outer, inner *AuthSettings) *AuthSettings {
	m := *inner
	if m.Type == nil {
		m.Type, m.Pos = outer.Type, outer.Pos
	}
	if m.Name == nil {
		m.Name = outer.Name
	}
	return &m
}}

type AuthSettings struct {
	Type, Name func(*Request) (string, error) // nil: unset
	Pos        conf.Pos                       // of AuthType
}

// TraceAuth tells what came of AuthType to who asks.
func (r *Request) TraceAuth(format string, args ...any) {
	if r.Trace != nil {
		r.Tracef(Auth.Of(r.Dir).Pos, "AuthType "+r.AuthType, format, args...)
	}
}

// ConfiguredAuthType is AuthType for this request; empty if there is none (ap_auth_type).
func (r *Request) ConfiguredAuthType() string {
	value := Auth.Of(r.Dir).Type
	if value == nil {
		return ""
	}
	t := r.authSetting("AuthType", value)
	if strings.EqualFold(t, "none") {
		return ""
	}
	return t
}

// AuthRealm is AuthName for this request; empty if there is none (ap_auth_name).
func (r *Request) AuthRealm() string { return r.authSetting("AuthName", Auth.Of(r.Dir).Name) }

func (r *Request) authSetting(directive string, value func(*Request) (string, error)) string {
	if value == nil {
		return ""
	}
	s, err := value(r)
	if err != nil {
		// A name that no module answers to: whatever needs a user is refused.
		r.Logf("authn_core", observe.Error, "AH02834", "Can't evaluate %s expression: %v", directive, err)
		return "(error)"
	}
	return s
}

// Unauthorized asks for other credentials: 401, or 407 from a forward proxy.
func (r *Request) Unauthorized() Result {
	if r.NoteAuthFailure != nil {
		r.NoteAuthFailure(r)
	}
	if r.Proxy == ForwardProxied {
		return http.StatusProxyAuthRequired
	}
	return http.StatusUnauthorized
}

// VerifiedHost is the client's name (lower case) if its address has one and the name leads back to the address
// (HostnameLookups Double); else empty. It asks the DNS once per request.
func (r *Request) VerifiedHost() string {
	type key struct{ netip.Addr }
	if name, ok := r.Get(key{r.UserAgentAddr}).(string); ok {
		return name
	}
	name := verifiedHost(r.Context(), r.UserAgentAddr)
	r.Set(key{r.UserAgentAddr}, name)
	return name
}

func verifiedHost(ctx context.Context, addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	names, err := net.DefaultResolver.LookupAddr(ctx, addr.String())
	if err != nil || len(names) == 0 {
		return ""
	}
	name := strings.ToLower(strings.TrimSuffix(names[0], "."))
	if ResolvesTo(ctx, name, addr) {
		return name
	}
	return ""
}

// ResolvesTo says whether one of a host name's addresses is addr; false if it can't be resolved.
func ResolvesTo(ctx context.Context, name string, addr netip.Addr) bool {
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return false
	}
	for _, a := range found {
		if a.Unmap().WithZone("") == addr.Unmap().WithZone("") {
			return true
		}
	}
	return false
}

// RequireNames reads what follows "Require user" or "Require group": names, perhaps an expression that gives them, which meets
// compares with the user. Errors of the expression are logged for a module, with its code.
func RequireNames(c *Command, args, module, code string, meets func(*Request, []string) bool) (AuthzCheck, error) {
	names, err := c.Build.CompileString(strings.TrimSpace(args))
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %w", err)
	}
	return func(r *Request) AuthzAnswer {
		if r.User == "" {
			return AuthzDeniedNoUser
		}
		list, err := names(r)
		if err != nil {
			r.Logf(module, observe.Error, code, "Can't evaluate require expression: %v", err)
			return AuthzError
		}
		if meets(r, conf.Words(list)) {
			return AuthzGranted
		}
		return AuthzDenied
	}, nil
}

// InDomain says whether a host's name is a domain or lies in it; a domain may begin with a dot (mod_authz_host's in_domain).
func InDomain(domain, host string) bool {
	domain, host = strings.ToLower(domain), strings.ToLower(host)
	if domain == "" || !strings.HasSuffix(host, domain) {
		return false
	}
	rest := host[:len(host)-len(domain)]
	return rest == "" || domain[0] == '.' || strings.HasSuffix(rest, ".")
}

// KnownMethod says whether httpd knows a method by name (ap_method_number_of).
func KnownMethod(name string) bool {
	switch name {
	case "GET", "HEAD", "PUT", "POST", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
		"LOCK", "UNLOCK", "VERSION-CONTROL", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT", "MKWORKSPACE", "MKACTIVITY",
		"BASELINE-CONTROL", "MERGE":
		return true
	}
	return false
}

// EscapeQuotes puts a backslash before each quote that has none (ap_escape_quotes).
func EscapeQuotes(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
		case s[i] == '"':
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
