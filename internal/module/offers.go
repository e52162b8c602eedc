package module

import (
	"crypto/tls"
	"fmt"
	"net/http"

	"transom/internal/tunnel"
	"transom/internal/upstream"
)

// Offers are what a module adds for the others to use by name.
type Offers struct {
	Variables      []Variable
	Lists          []List
	LogItems       []LogItem
	Schemes        []upstream.Scheme
	Handlers       []NamedHandler
	AuthnProviders []AuthnProvider
	AuthzProviders []AuthzProvider
	StatusSections []StatusSection
	Filters        []NamedFilter
	InputFilters   []InputFilter
	ProxyTLS       []ProxyTLS
	Balancers      []func(*Server) []*upstream.Balancer // that requests to a server may use
	WorkerParams   []WorkerParams
}

// WorkerParams finds a named set of parameters of workers (hctemplate=) that a server's settings define.
type WorkerParams func(in *Settings, name string) (apply func(*upstream.Params) error, ok bool)

// ProxyTLS makes the TLS settings of connections to origin servers from what a server and the <Proxy> sections that cover
// the worker say, merged in dir (SSLProxyEngine and its kin). Nil settings: TLS is off there. They must not change once
// returned; equal keys stand for equal settings across reloads.
type ProxyTLS func(b *Build, s *Server, dir *Settings) (settings *tls.Config, key string, err error)

// Variable is a server variable for expressions, RewriteCond, %{...}x and %{...}e of CGI-like protocols.
type Variable struct {
	Name  string // exact name, or a prefix if it ends in "*": "SSL_*"
	Value func(r *Request, name string) (string, bool)
}

// List is a function of expressions that gives a list: "x" in PeerExtList("1.2.3").
type List struct {
	Name   string
	Values func(r *Request, arg string) []string
}

// LogItem is a %-item of LogFormat.
type LogItem struct {
	Char   string // "h", "I", "^ti"
	Doc    string
	Format func(r *Request, arg string) string // "" is logged as "-"
	// AtEnd, if not nil, is asked instead of Format when a tunnel has ended.
	AtEnd func(t *tunnel.Result, arg string) string
}

// NamedHandler is what SetHandler and AddHandler name.
type NamedHandler struct {
	Name  string
	Serve func(*Request) Result
}

// NamedFilter is an output filter that SetOutputFilter, AddOutputFilter and AddOutputFilterByType name.
type NamedFilter struct {
	Name string // upper case: "DEFLATE"
	Rank Rank
	Wrap func(*Request) OutputFilter
	// NoCache: put in by mod_filter, it makes the response one that must not be kept (AP_FILTER_PROTO_NO_CACHE).
	NoCache bool
}

// InputFilter is a filter of request bodies that SetInputFilter and AddInputFilter name.
type InputFilter struct {
	Name   string         // upper case: "DEFLATE"
	Insert func(*Request) // puts itself in front of the request's body, if that is its business
}

// AuthnResult is a provider's answer about a password.
type AuthnResult uint8

const (
	AuthUserNotFound AuthnResult = iota
	AuthDenied
	AuthGranted
	AuthGeneralError
)

// AuthnProvider checks passwords (AuthBasicProvider, AuthDigestProvider).
type AuthnProvider struct {
	Name          string
	CheckPassword func(r *Request, user, password string) AuthnResult
	// RealmHash answers the digest HA1 (hex MD5 of user:realm:password); nil if the provider can't.
	RealmHash func(r *Request, user, realm string) (string, AuthnResult)
}

// AuthnProvider finds a provider by name that is able to do what a scheme of authentication ("Basic", "Digest") asks of it.
func (b *Build) AuthnProvider(name, scheme string, able func(AuthnProvider) bool) (AuthnProvider, error) {
	for _, p := range b.Site.Offered.AuthnProviders {
		if p.Name != name {
			continue
		}
		if !able(p) {
			return p, fmt.Errorf("The '%s' Authn provider doesn't support %s Authentication", name, scheme)
		}
		return p, nil
	}
	return AuthnProvider{}, fmt.Errorf("Unknown Authn provider: %s", name)
}

// AuthzAnswer is a provider's answer about a request.
type AuthzAnswer uint8

const (
	AuthzNeutral AuthzAnswer = iota
	AuthzGranted
	AuthzDenied
	AuthzDeniedNoUser // needs a user name first
	AuthzError
)

// Verdict is the answer of who needs no user.
func Verdict(ok bool) AuthzAnswer {
	if ok {
		return AuthzGranted
	}
	return AuthzDenied
}

// AuthzProvider is what Require names: "ip", "valid-user".
type AuthzProvider struct {
	Name  string
	Parse func(c *Command, args string) (AuthzCheck, error)
}

type AuthzCheck func(*Request) AuthzAnswer

// ProxyStatus says whether server-status tells of workers and balancers. mod_proxy writes it.
var ProxyStatus = &Slot[Flag]{Merge: func(outer, inner *Flag) *Flag { f := inner.Inherit(*outer); return &f }}

// StatusSection is a module's part of server-status.
type StatusSection struct {
	Title string
	HTML  func(r *Request, w http.ResponseWriter)
	Auto  func(r *Request, w http.ResponseWriter)
}

// Add puts another module's offers behind these.
func (o *Offers) Add(more Offers) {
	o.Variables = append(o.Variables, more.Variables...)
	o.Lists = append(o.Lists, more.Lists...)
	o.LogItems = append(o.LogItems, more.LogItems...)
	o.Schemes = append(o.Schemes, more.Schemes...)
	o.Handlers = append(o.Handlers, more.Handlers...)
	o.AuthnProviders = append(o.AuthnProviders, more.AuthnProviders...)
	o.AuthzProviders = append(o.AuthzProviders, more.AuthzProviders...)
	o.Filters = append(o.Filters, more.Filters...)
	o.InputFilters = append(o.InputFilters, more.InputFilters...)
	o.StatusSections = append(o.StatusSections, more.StatusSections...)
	o.ProxyTLS = append(o.ProxyTLS, more.ProxyTLS...)
	o.Balancers = append(o.Balancers, more.Balancers...)
	o.WorkerParams = append(o.WorkerParams, more.WorkerParams...)
}
