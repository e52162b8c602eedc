package module

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"transom/internal/observe"
	"transom/internal/regex"
	"transom/internal/wire/http1"
)

// Conn is what a listener tells about the connection that a request came on.
type Conn struct {
	ID         int64
	Local      netip.AddrPort
	Remote     netip.AddrPort
	ProxiedFor netip.AddrPort       // the client that a PROXY header named; invalid without one
	TLS        *tls.ConnectionState // nil for a plain connection
	KeepAlives int                  // requests that this connection carried before
	Fields     []http1.Field        // the header as it was written: order, case, repetition; nil for HTTP/2 and later
	Separate   bool                 // no name occurs twice in Fields, and Connection names none of them; false if nobody has looked
	Line       string               // the request line as received
	Received   time.Time            // when it began
	Bad        *BadRequest          // not nil: how a malformed request is to be answered
	Exchange                        // never nil
	Scoreboard                      // nil if nobody looks at it
	Trace      func(Step)           // not nil: somebody wants to know how requests are mapped
}

// BadRequest is what a listener refuses: it is answered and logged as any request, and goes no further.
type BadRequest struct {
	Status     int
	Reason     string
	LogOnly    bool // nobody waits for an answer
	PlainOnTLS bool // HTTP was spoken where TLS was due
}

// Exchange is what a listener offers for one request.
type Exchange interface {
	Header() http.Header  // Fields as a map, without Host; made anew, in memory that is the request's
	FieldWriter           // of the response
	BytesIn() int64       // read for this request, head and body
	BytesOut() int64      // written for it, head and body
	AfterResponse(func()) // runs a function once the response has left
	CloseAfter()          // ends the connection with this response, if its head is not yet written
	Broken() bool         // the client could not be written to, or has left before the end
	Closes() bool         // the connection ends with this response
	Abort()               // makes the response end as a broken one
}

// NoListener is the Exchange of a request that no listener has read: it counts nothing, and keeps what waits for the response.
type NoListener struct{ After []func() }

func (x *NoListener) Header() http.Header                         { return nil } // the request has its own
func (x *NoListener) BytesIn() int64                              { return 0 }
func (x *NoListener) BytesOut() int64                             { return 0 }
func (x *NoListener) AfterResponse(f func())                      { x.After = append(x.After, f) }
func (x *NoListener) CloseAfter()                                 {}
func (x *NoListener) Broken() bool                                { return false }
func (x *NoListener) WriteFields(int, string, []http1.Field) bool { return false }
func (x *NoListener) Closes() bool                                { return false }
func (x *NoListener) Abort()                                      {}

// Scoreboard shows what connections are busy with.
type Scoreboard interface {
	SetVHost(name *string) // of the server that the request belongs to
}

// ProxyKind is httpd's r->proxyreq.
type ProxyKind uint8

const (
	NotProxied ProxyKind = iota
	ForwardProxied
	ReverseProxied
)

// Request is one exchange with the settings that apply to it. A hook owns it while it runs; nobody keeps it afterwards.
type Request struct {
	HTTP   *http.Request // method, body, and what Header makes
	Writer http.ResponseWriter
	Head   FieldWriter // the response's head may go here instead, as a list; nil for what is only looked up
	Conn   *Conn
	Server *Server
	Dir    *Settings // merged settings of all sections that apply so far
	Site   *Site

	Method      string
	Protocol    string // "HTTP/1.1"
	UnparsedURI string // path and query as they came
	URI         string // decoded path
	Query       string // without "?"
	Host        string // name in Host or in the absolute target, lower case, without port
	Port        int    // port in Host or in the absolute target, or 0

	Filename string // file name, or "proxy:URL"
	PathInfo string
	Info     os.FileInfo // of Filename once looked up; nil if there is none
	Handler  string      // "proxy-server", "server-status", "cgi-script", ...
	Proxy    ProxyKind

	ContentType     string // set by TypeChecker, used if the handler sets none
	ContentEncoding string
	Languages       []string

	User, AuthType string
	UserAgentAddr  netip.Addr // the client as mod_remoteip sees it; else Conn.Remote
	// NoteAuthFailure asks the client for other credentials with the 401 that follows (ap_note_auth_failure); set by the
	// module that found the user.
	NoteAuthFailure func(*Request)

	Status      int         // of the response, 0 while unknown
	BytesSent   int64       // body bytes
	ErrHeader   http.Header // err_headers_out: sent with errors too
	Main, Prev  *Request    // the request that this is a subrequest of, or was redirected from
	RedirectNow int         // status of the request that led here by ErrorDocument

	env     map[string]string
	later   *laterEnv
	Notes   map[string]string
	filters []outputFilter
	before  []func(status int, h http.Header)
	Capture regex.Match // $0-$9 of the last =~ of an expression

	Trace func(Step) // nil: nobody listens

	Walk any // package site's own: where the walk through the sections stands

	kept []kept // by Set
	room [4]kept
}

// kept is a value that a module keeps with a request, by a key of its own type.
type kept struct{ key, value any }

// Site is what requests need to know of the compiled configuration.
type Site struct {
	Servers      []*Server        // [0] is the main server
	Offered      Offers           // of all modules together
	HookOrder    [Phases][]string // the modules whose hooks run, in order
	Engine       Engine
	Banner       string   // the Server header (ServerTokens)
	ServerHeader []string // the same as a header's value, shared by all responses
	Build        *Build
	// DeclaredFilters are names (lower case) that mod_filter makes; complete once the configuration is read.
	DeclaredFilters map[string]bool

	index     sync.Once
	variables map[string]Variable
}

// Engine runs requests within requests.
type Engine interface {
	// Redirect serves uri (path, perhaps with a query) in place of r, as httpd's ap_internal_redirect.
	Redirect(r *Request, uri string) Result
	// Lookup runs a subrequest for uri up to the fixups, and no handler. Its Status is 200 if the request would have been served.
	Lookup(r *Request, uri string) *Request
	// LookupFile is Lookup for a file, without the phases that map URLs; a relative name begins in r's directory.
	LookupFile(r *Request, name string) *Request
	// FastRedirect answers r with what Lookup returned, as if that had been asked for (ap_internal_fast_redirect).
	FastRedirect(r, sub *Request) Result
	// Run runs the handler of what Lookup returned, or its error page, with r's writer.
	Run(r, sub *Request) Result
	// Pick is the server for connections to local and a host name, which may have a port or be empty.
	Pick(local netip.AddrPort, host string) *Server
	// Detach appends to ends what must be told of the end of the tunnel that r, answered with 101, becomes.
	Detach(r *Request, ends []TunnelEnd) []TunnelEnd
}

func (r *Request) Context() context.Context { return r.HTTP.Context() }

// Env is a variable of the request's environment (subprocess_env). Most are asked for where there is none, so that it is inlined.
func (r *Request) Env(name string) (value string, set bool) {
	if r.env != nil || r.later != nil {
		value, set = r.lookupEnv(name)
	}
	return
}

// HasEnv says whether there may be any variable.
func (r *Request) HasEnv() bool { return r.env != nil || r.later != nil }

//go:noinline
func (r *Request) lookupEnv(name string) (string, bool) {
	r.settleEnv(name)
	v, ok := r.env[name]
	return v, ok
}

// EnvMap is the whole environment; do not write to it.
func (r *Request) EnvMap() map[string]string {
	r.settleEnv("")
	return r.env
}

// EnvLater puts off setting variables, all of one prefix, until one of them or the whole environment is asked for: most requests
// ask for none.
func (r *Request) EnvLater(prefix string, set func()) { r.later = &laterEnv{prefix, set} }

type laterEnv struct {
	prefix string
	set    func()
}

// settleEnv comes before whatever reads or changes a variable; the empty name stands for all.
func (r *Request) settleEnv(name string) {
	if l := r.later; l != nil && (name == "" || strings.HasPrefix(name, l.prefix)) {
		r.later = nil
		l.set()
	}
}

func (r *Request) SetEnv(name, value string) {
	r.settleEnv(name)
	if r.env == nil {
		r.env = map[string]string{}
	}
	r.env[name] = value
}

func (r *Request) UnsetEnv(name string) {
	r.settleEnv(name)
	delete(r.env, name)
}

// Note is a value that modules leave for each other by a documented name.
func (r *Request) SetNote(name, value string) {
	if r.Notes == nil {
		r.Notes = map[string]string{}
	}
	r.Notes[name] = value
}

// Set keeps a value of a module with the request.
func (r *Request) Set(key, value any) {
	for i := range r.kept {
		if r.kept[i].key == key {
			r.kept[i].value = value
			return
		}
	}
	if r.kept == nil {
		r.kept = r.room[:0]
	}
	r.kept = append(r.kept, kept{key, value})
}

// Get returns what Set kept.
func (r *Request) Get(key any) any {
	for i := range r.kept {
		if r.kept[i].key == key {
			return r.kept[i].value
		}
	}
	return nil
}

// Take is Get, for a value that is nobody else's any more.
func (r *Request) Take(key any) (value any) {
	for i := range r.kept {
		if r.kept[i].key == key {
			value, r.kept[i].value = r.kept[i].value, nil
		}
	}
	return value
}

// Logf writes to the server's error log. Module is the short name in LogLevel.
func (r *Request) Logf(module string, level observe.Level, code, format string, args ...any) {
	if r.Trace != nil && level <= observe.Info {
		r.Trace(Step{Directive: "log", Text: strings.TrimSpace(module + " " + level.String() + " " + code + " " + fmt.Sprintf(format, args...))})
	}
	log := r.ErrorLog()
	if !log.Logs(module, level) {
		return
	}
	text := fmt.Sprintf(format, args...)
	if ref := r.Field("Referer"); ref != "" {
		text += ", referer: " + ref
	}
	client := ""
	if r.UserAgentAddr.IsValid() {
		client = netip.AddrPortFrom(r.UserAgentAddr, r.UserAgentPort()).String()
	}
	log.Write(observe.Record{Level: level, Module: module, Code: code, Client: client, Text: text})
}

// ErrorLog is the server's log with the level that the request's sections may have changed.
func (r *Request) ErrorLog() *observe.ErrorLog {
	log := r.Server.ErrorLog
	if levels := CoreDir.Of(r.Dir).LogLevels; levels != nil && log != nil {
		return &observe.ErrorLog{Sink: log.Sink, Levels: levels}
	}
	return log
}

// Initial says that r is neither a subrequest nor the target of an internal redirect.
func (r *Request) Initial() bool { return r.Main == nil && r.Prev == nil }

// First is the request that the client sent.
func (r *Request) First() *Request {
	for {
		switch {
		case r.Prev != nil:
			r = r.Prev
		case r.Main != nil:
			r = r.Main
		default:
			return r
		}
	}
}

// UserAgentPort goes with UserAgentAddr; a header that named the client told none.
func (r *Request) UserAgentPort() uint16 {
	switch {
	case r.Conn.ProxiedFor.IsValid():
		return r.Conn.ProxiedFor.Port()
	case r.UserAgentAddr != r.Conn.Remote.Addr().Unmap():
		return 0
	}
	return r.Conn.Remote.Port()
}

// UserAgentText is UserAgentAddr in words. The listener has most in words already, with a port behind.
func (r *Request) UserAgentText() string {
	if r.UserAgentAddr.Is4() && r.UserAgentAddr == r.Conn.Remote.Addr() {
		text := r.HTTP.RemoteAddr
		for i := len(text) - 1; i > 0; i-- {
			if text[i] == ':' {
				return text[:i]
			}
		}
	}
	return r.UserAgentAddr.String()
}

// IsTLS says whether the client's connection is encrypted.
func (r *Request) IsTLS() bool { return r.Conn.TLS != nil }

// HTTPScheme is "https" on a TLS connection or with a ServerName that says so, else "http".
func (r *Request) HTTPScheme() string {
	if r.IsTLS() || r.Server.Scheme == "https" {
		return "https"
	}
	return "http"
}

// ServerName is the name that self-referential URLs use (UseCanonicalName).
func (r *Request) ServerName() string {
	if r.Host != "" && !CoreDir.Of(r.Dir).UseCanonicalName.Or(false) {
		return r.Host
	}
	return r.Server.Name
}

// ServerPort is the port that self-referential URLs use (UseCanonicalName, UseCanonicalPhysicalPort).
func (r *Request) ServerPort() int {
	standard := 80
	if r.HTTPScheme() == "https" {
		standard = 443
	}
	canonical := CoreDir.Of(r.Dir).UseCanonicalName.Or(false)
	switch {
	case !canonical && r.Port != 0:
		return r.Port
	case !canonical && r.Host != "" && !CoreDir.Of(r.Dir).UseCanonicalPhysicalPort.Or(false):
		return standard
	case r.Server.Port != 0:
		return r.Server.Port
	case CoreDir.Of(r.Dir).UseCanonicalPhysicalPort.Or(false):
		return int(r.Conn.Local.Port())
	}
	return standard
}

// CanonicalPort is the server's own port: of ServerName, or the scheme's.
func (r *Request) CanonicalPort() int {
	switch {
	case r.Server.Port != 0:
		return r.Server.Port
	case r.HTTPScheme() == "https":
		return 443
	}
	return 80
}

// AbsoluteURL makes a URL on this server from a path (ap_construct_url).
func (r *Request) AbsoluteURL(path string) string {
	scheme, port := r.HTTPScheme(), r.ServerPort()
	name := r.ServerName()
	if strings.Contains(name, ":") && !strings.HasPrefix(name, "[") {
		name = "[" + name + "]"
	}
	if scheme == "http" && port == 80 || scheme == "https" && port == 443 {
		return scheme + "://" + name + path
	}
	return fmt.Sprintf("%s://%s:%d%s", scheme, name, port, path)
}
