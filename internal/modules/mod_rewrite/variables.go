package rewrite

import (
	"os"
	"strconv"
	"strings"

	"transom/internal/module"
)

// requestVariables are the others that rules know; expressions know more.
var requestVariables = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range strings.Fields(`
		TIME TIME_YEAR TIME_MON TIME_DAY TIME_HOUR TIME_MIN TIME_SEC TIME_WDAY IPV6 HTTPS IS_SUBREQ PATH_INFO AUTH_TYPE
		SERVER_NAME SERVER_ADDR SERVER_PORT SERVER_ADMIN SERVER_PROTOCOL SERVER_SOFTWARE API_VERSION THE_REQUEST
		REMOTE_ADDR REMOTE_HOST REMOTE_USER REMOTE_IDENT CONN_REMOTE_ADDR REQUEST_URI REQUEST_METHOD
		REQUEST_SCHEME REQUEST_FILENAME SCRIPT_FILENAME SCRIPT_USER SCRIPT_GROUP QUERY_STRING DOCUMENT_ROOT
		CONTEXT_PREFIX CONTEXT_DOCUMENT_ROOT`) {
		known[name] = true
	}
	return known
}()

// variable is the value of %{name}; what isn't known is empty.
func (ctx *context) variable(name string) string {
	prefix, arg, ok := strings.Cut(name, ":")
	if !ok {
		return ctx.serverVariable(strings.ToUpper(name))
	}
	if arg == "" {
		return ""
	}
	switch strings.ToUpper(prefix) {
	case "ENV":
		return environment(ctx.r, arg)
	case "SSL":
		v, _ := ctx.r.Var(strings.ToUpper(arg))
		return v
	case "HTTP":
		return ctx.header(arg)
	case "LA-U":
		return ctx.lookAhead(arg, false)
	case "LA-F":
		return ctx.lookAhead(arg, true)
	}
	return ""
}

func (ctx *context) serverVariable(name string) string {
	if field, ok := module.HeaderVariables[name]; ok {
		return ctx.header(field)
	}
	if name == "REMOTE_PORT" { // in expressions it is the connection's
		return strconv.Itoa(int(ctx.r.UserAgentPort()))
	}
	if !requestVariables[name] {
		return ""
	}
	v, _ := ctx.r.Var(name)
	if v == "" && (name == "SCRIPT_USER" || name == "SCRIPT_GROUP") {
		return "<unknown>"
	}
	return v
}

// environment is what %{ENV:name} finds: a note, the request's environment, the server's.
func environment(r *module.Request, name string) string {
	if v, ok := r.Notes[name]; ok {
		return v
	}
	if v, ok := r.Env(name); ok {
		return v
	}
	return os.Getenv(name)
}

// mayLookAhead keeps a look-ahead from asking for itself.
func mayLookAhead(r *module.Request) bool { return r.Main == nil || r.Main.URI != r.URI }

// lookAhead is a variable as a subrequest for the present URL or file would see it.
func (ctx *context) lookAhead(name string, file bool) string {
	r := ctx.r
	if !mayLookAhead(r) {
		return ""
	}
	path := ctx.uri
	var sub *module.Request
	switch {
	case !file || ctx.dir != nil && strings.HasPrefix(path, "/"):
		if ctx.dir != nil && !strings.HasPrefix(path, "/") {
			base := ctx.dir.base
			if base == "" {
				base = ctx.dir.directory
			}
			path = base + path
		}
		sub = r.Site.Engine.Lookup(r, path)
	default:
		if ctx.dir != nil {
			path = ctx.dir.directory + path
		}
		sub = r.Site.Engine.LookupFile(r, path)
	}
	ctx.r = sub
	value := ctx.variable(name)
	ctx.r = r
	ctx.log(5, "lookahead: path=%s var=%s -> val=%s", path, name, value)
	return value
}
