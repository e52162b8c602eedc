package rewrite

import (
	"net/http"
	"path"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/percent"
)

// translate applies the rules of the server or virtual host, before any other module maps the URL.
func translate(r *module.Request) module.Result {
	dir, server := dirs.Of(r.Dir), servers.Of(r.Server.Settings)
	if !dir.engine.Or(false) || server.server != r.Server {
		return module.Declined
	}
	ctx := &context{r: r, server: server}
	if ended(r) {
		ctx.log(8, "Declining, no further rewriting due to END flag")
		return module.Declined
	}
	if !dir.options.has(allowAnyURI) && !strings.HasPrefix(r.URI, "/") { // CVE-2011-3368, CVE-2011-4317
		ctx.log(8, "Declining, request-URI '%s' is not a URL-path. Consult the manual entry for the RewriteOptions directive for options and caveats about matching other strings.", r.URI)
		return module.Declined
	}
	setScriptURL(r)
	if r.Filename != "" {
		ctx.log(2, "init rewrite engine with passed filename %s. Original uri = %s", r.Filename, r.URI)
	}
	return ctx.run(server.rules, ctx.toPath)
}

// run applies rules and acts on what they have made of the request. What becomes of a path is up to the context: local gets
// the file name of before.
func (ctx *context) run(rules []*rule, local func(before string) module.Result) module.Result {
	r := ctx.r
	before, query := r.Filename, r.Query
	if r.Filename == "" {
		r.Filename = r.URI
		ctx.log(2, "init rewrite engine with requested uri %s", r.Filename)
	}
	result, status := ctx.apply(rules)
	switch {
	case result == answered:
		return module.Result(status)
	case result == unchanged:
		ctx.log(1, "pass through %s", r.Filename)
		r.Filename = before
		return module.Declined
	case !visible(r.Query):
		return ctx.badQuery()
	case strings.HasPrefix(r.Filename, proxyPrefix):
		return ctx.proxy(result == rewrittenNoEscape)
	case isAbsolute(r.Filename):
		ctx.baseOfRedirect()
		return ctx.redirect(result, status, query)
	}
	return local(before)
}

// toPath ends the rules of a server: with PT, what maps URLs to files next acts on the path.
func (ctx *context) toPath(string) module.Result {
	if path, ok := strings.CutPrefix(ctx.r.Filename, passThrough); ok {
		ctx.r.URI, ctx.r.Filename = path, ""
		return module.Declined
	}
	return ctx.localPath()
}

// hasControls says that a text would break a header: a captured %0a that NE leaves as it is.
func hasControls(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f })
}

// visible says that s has neither control characters nor blanks.
func visible(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f }) < 0
}

func (ctx *context) badQuery() module.Result {
	code := "AH10410"
	if ctx.dir != nil {
		code = "AH10411"
	}
	ctx.r.Logf("rewrite", observe.Error, code, "Rewritten query string contains control characters or spaces")
	return http.StatusForbidden
}

// setScriptURL sets SCRIPT_URL and SCRIPT_URI, the URL before any rewriting.
func setScriptURL(r *module.Request) {
	url := r.URI
	if r.Main != nil {
		url, _ = r.Main.Env("SCRIPT_URL")
	} else if first, ok := r.Env("REDIRECT_SCRIPT_URL"); ok {
		url = first
	}
	r.SetEnv("SCRIPT_URL", url)
	r.SetEnv("SCRIPT_URI", r.AbsoluteURL(url))
}

// noteNoCanon tells mod_proxy that the URL is as it is to be sent, query included.
const noteNoCanon = "proxy-nocanon"

// proxy hands the request to mod_proxy, which encodes the path and appends the query unless NE was given.
func (ctx *context) proxy(noEscape bool) module.Result {
	r := ctx.r
	if ctx.dir == nil {
		r.Filename += r.PathInfo
	}
	if noEscape {
		r.SetNote(noteNoCanon, "1")
	}
	if r.Query != "" && (noEscape || r.Proxy == module.ForwardProxied) {
		r.Filename += "?" + r.Query
	}
	if r.Proxy == module.NotProxied {
		r.Proxy = module.ReverseProxied
	}
	r.Handler = "proxy-server"
	ctx.log(1, "go-ahead with proxy request %s [OK]", r.Filename)
	return module.OK
}

// redirect answers with the URL that rules have made; query is the one that the request came with.
func (ctx *context) redirect(result outcome, status int, query string) module.Result {
	r := ctx.r
	if result != rewrittenNoEscape {
		ctx.log(1, "escaping %s for redirect", r.Filename)
		r.Filename = escapeAbsolute(r.Filename)
	}
	if r.Query != "" {
		args := r.Query
		if result != rewrittenNoEscape && args != query {
			args = percent.Encode(args)
		}
		r.Filename += "?" + args
	}
	if !isRedirect(status) {
		status = http.StatusFound
	}
	if hasControls(r.Filename) {
		r.Logf("rewrite", observe.Error, "AH02430", "Response header 'Location' value of %q contains invalid characters, aborting request", r.Filename)
		return http.StatusInternalServerError
	}
	r.Writer.Header().Set("Location", r.Filename)
	ctx.log(1, "redirect to %s [REDIRECT/%d]", r.Filename, status)
	return module.Result(status)
}

// localPath ends a rewriting to a file or to a URL path below DocumentRoot.
func (ctx *context) localPath() module.Result {
	r := ctx.r
	name := expandTilde(r.Filename)
	ctx.log(2, "local path result: %s", name)
	if !strings.HasPrefix(name, "/") {
		return http.StatusBadRequest
	}
	if reduced := r.Get(reducedKey{}) != nil; reduced || !ctx.inFileSystem(cleanPath(name)) {
		if climbs(name) {
			r.Logf("core", observe.Error, "AH00127", "Cannot map %s to file", r.Conn.Line)
			return http.StatusForbidden
		}
		root := documentRoot(r)
		if root == "" {
			return http.StatusNotFound
		}
		name = root + name
		ctx.log(2, "prefixed with document_root to %s", name)
	}
	r.Filename = cleanPath(name)
	ctx.log(1, "go-ahead with %s [OK]", r.Filename)
	return module.OK
}

// cleanPath resolves dots and keeps a slash at the end.
func cleanPath(name string) string {
	clean := path.Clean(name)
	if strings.HasSuffix(name, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}
