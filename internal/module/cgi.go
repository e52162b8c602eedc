package module

import (
	"cmp"
	"os"
	"strconv"
	"strings"

	"transom/internal/upstream"
)

// CGIScheme is a scheme whose requests are CGI variables (fcgi, scgi): the URL's path names a file, and the query goes apart.
type CGIScheme interface {
	upstream.Scheme
	// Prepare says in req.Env what of r is sent to u, which has no socket. A Result that is not OK is the answer instead.
	Prepare(r *Request, u upstream.URL, req *upstream.Request) Result
}

// AddCGIVariables puts the variables of CGI (RFC 3875) into the environment, as httpd's ap_add_common_vars and ap_add_cgi_vars do.
// CONTENT_LENGTH of a body is left to who sends that.
func (r *Request) AddCGIVariables() {
	r.addHeaderVariables()
	for _, v := range [][2]string{
		{"PATH", cmp.Or(os.Getenv("PATH"), "/bin:/usr/bin:/usr/local/bin")},
		{"SERVER_SIGNATURE", Signature(r)},
		{"SERVER_SOFTWARE", r.Site.Banner},
		{"SERVER_NAME", r.ServerName()},
		{"SERVER_ADDR", r.Conn.Local.Addr().Unmap().String()},
		{"SERVER_PORT", strconv.Itoa(r.ServerPort())},
		{"REMOTE_ADDR", r.UserAgentAddr.String()},
		{"REMOTE_PORT", strconv.Itoa(int(r.Conn.Remote.Port()))},
		{"DOCUMENT_ROOT", CoreServer.Of(r.Server.Settings).DocumentRoot},
		{"REQUEST_SCHEME", r.HTTPScheme()},
		{"CONTEXT_PREFIX", r.Notes["context-prefix"]},
		{"CONTEXT_DOCUMENT_ROOT", cmp.Or(r.Notes["context-document-root"], CoreServer.Of(r.Server.Settings).DocumentRoot)},
		{"SERVER_ADMIN", cmp.Or(CoreServer.Of(r.Server.Settings).ServerAdmin, "[no address given]")},
		{"SCRIPT_FILENAME", r.Filename},
		{"GATEWAY_INTERFACE", "CGI/1.1"},
		{"SERVER_PROTOCOL", r.Protocol},
		{"REQUEST_METHOD", r.Method},
		{"QUERY_STRING", r.Query},
		{"REQUEST_URI", r.cgiRequestURI()},
	} {
		r.SetEnv(v[0], v[1])
	}
	r.addUserVariables()
	r.addPathVariables()
}

// addHeaderVariables makes HTTP_... of the request's header. Names that another could be mistaken for are left out, and Proxy,
// which programs would take for the address of a proxy.
func (r *Request) addHeaderVariables() {
	for name, values := range r.Header() {
		variable, ok := headerVariable(name)
		switch {
		case !ok, name == "Proxy", name == "Transfer-Encoding", name == "Host":
		case name == "Content-Length":
			if r.HTTP.ContentLength == 0 {
				r.SetEnv("CONTENT_LENGTH", "0")
			}
		case name == "Content-Type":
			r.SetEnv("CONTENT_TYPE", values[0])
		case (name == "Authorization" || name == "Proxy-Authorization") && !CoreDir.Of(r.Dir).CGIPassAuth.Or(false):
		case name == "Cookie":
			r.SetEnv(variable, strings.Join(values, "; "))
		default:
			r.SetEnv(variable, strings.Join(values, ", "))
		}
	}
	if r.HTTP.Host != "" {
		r.SetEnv("HTTP_HOST", r.HTTP.Host)
	}
}

// headerVariable is HTTP_ and the name in upper case. Only letters, digits and - are unambiguous: X_A and X.A would be X-A's.
func headerVariable(name string) (string, bool) {
	b := []byte("HTTP_")
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '-':
			b = append(b, '_')
		case c >= 'a' && c <= 'z':
			b = append(b, c-'a'+'A')
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			b = append(b, c)
		default:
			return "", false
		}
	}
	return string(b), true
}

func (r *Request) addUserVariables() {
	switch {
	case r.User != "":
		r.SetEnv("REMOTE_USER", r.User)
	case r.Prev != nil && r.Prev.User != "":
		r.SetEnv("REDIRECT_REMOTE_USER", r.Prev.User)
	}
	if r.AuthType != "" {
		r.SetEnv("AUTH_TYPE", r.AuthType)
	}
	if r.Prev != nil {
		r.SetEnv("REDIRECT_URL", r.Prev.URI)
		if r.Prev.Query != "" {
			r.SetEnv("REDIRECT_QUERY_STRING", r.Prev.Query)
		}
		if r.RedirectNow != 0 {
			r.SetEnv("REDIRECT_REQUEST_METHOD", r.Prev.Method)
		}
	}
}

func (r *Request) addPathVariables() {
	if r.PathInfo == "" {
		r.SetEnv("SCRIPT_NAME", r.URI)
		return
	}
	r.SetEnv("SCRIPT_NAME", r.URI[:findPathInfo(r.URI, r.PathInfo)])
	r.SetEnv("PATH_INFO", r.PathInfo)
	sub := r.Site.Engine.Lookup(r, EscapePath(r.PathInfo))
	if sub.Filename != "" {
		r.SetEnv("PATH_TRANSLATED", sub.Filename+sub.PathInfo)
	}
}

// findPathInfo is where the part of uri begins that is pathInfo, slashes counted once; that of a slash if they differ.
func findPathInfo(uri, pathInfo string) int {
	u, p := len(uri), len(pathInfo)
	for u > 0 && p > 0 && uri[u-1] == pathInfo[p-1] {
		u, p = u-1, p-1
		if pathInfo[p] == '/' {
			for u > 0 && uri[u-1] == '/' {
				u--
			}
		}
	}
	from := max(u-1, 0)
	if i := strings.IndexByte(uri[from:], '/'); i >= 0 {
		return from + i
	}
	return len(uri)
}

// cgiRequestURI is what the client asked for (CGIVar).
func (r *Request) cgiRequestURI() string {
	if CoreDir.Of(r.Dir).CGIRequestURI == "current-uri" {
		return r.URI
	}
	_, uri, _ := strings.Cut(r.Conn.Line, " ")
	uri, _, _ = strings.Cut(uri, " ")
	if _, rest, absolute := strings.Cut(uri, "://"); absolute && !strings.HasPrefix(uri, "/") {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
		return "/"
	}
	return uri
}
