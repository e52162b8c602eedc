package rewrite

import (
	"fmt"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
)

// context is one application of a ruleset to a request.
type context struct {
	r      *module.Request // of a look-ahead while its variable is read
	server *serverSettings
	dir    *dirSettings // nil for the rules of a server
	uri    string       // what patterns are compared with

	ruleMatch, condMatch regex.Match // for $N and %N
	vary, varyThis       []string    // header fields that decided
	lastSubstitution     *rule
	err                  error // a pattern gave up
}

// log writes a line of the rewriting log; level is that of httpd 2.2's RewriteLogLevel and of trace1 to trace8.
func (ctx *context) log(level int, format string, args ...any) {
	at := observe.Debug + observe.Level(level)
	if !ctx.r.ErrorLog().Logs("rewrite", at) {
		return
	}
	text := fmt.Sprintf(format, args...)
	if ctx.dir != nil {
		text = "[perdir " + ctx.dir.directory + "] " + text
	}
	ctx.r.Logf("rewrite", at, "", "%s %s", logPrefix(ctx.r), text)
}

// logPrefix identifies the request in the form of httpd, which scripts parse.
func logPrefix(r *module.Request) string {
	user, kind, depth := r.User, "initial", 0
	if user == "" {
		user = "-"
	}
	if r.Main != nil {
		kind = "subreq"
	}
	for p := r.Prev; p != nil; p = p.Prev {
		depth++
	}
	if depth > 0 {
		kind = fmt.Sprintf("%s/redir#%d", kind, depth)
	}
	return fmt.Sprintf("%s - %s [%s/sid#%x][rid#%p/%s]", r.UserAgentAddr, user, r.ServerName(), r.Server.Index, r, kind)
}

// match compares s with a pattern; a pattern that reaches its limit ends the request with 500, since what it guards must
// not be decided by chance.
func (ctx *context) match(re *regex.Regex, s string) regex.Match {
	m, err := re.Match(s)
	if err != nil && ctx.err == nil {
		ctx.err = err
	}
	return m
}

func (ctx *context) escaped(s string, esc *escaping) string {
	if s == "" {
		return s
	}
	out := esc.apply(s)
	if esc != nil && out != s {
		ctx.log(5, "escaping backreference '%s' to '%s'", s, out)
	}
	return out
}

// header is a field of the request for a condition, remembered for Vary.
func (ctx *context) header(name string) string {
	if strings.EqualFold(name, "Host") {
		return ctx.r.HTTP.Host
	}
	value, set := ctx.r.Joined(http.CanonicalHeaderKey(name))
	if set {
		ctx.varyThis = append(ctx.varyThis, name)
	}
	return value
}

// restoreVary takes back what an expression has said of Vary.
func (ctx *context) restoreVary(values []string) {
	h := ctx.r.Writer.Header()
	h.Del("Vary")
	for _, v := range values {
		h.Add("Vary", v)
	}
}
