package rewrite

import (
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// fixup applies the rules of sections and .htaccess files, once the file is known and access is granted.
func fixup(r *module.Request) module.Result {
	dir := dirs.Of(r.Dir)
	if !dir.engine.Or(false) || dir.directory == "" {
		return module.Declined
	}
	if !isProxied(r) && !dir.options.has(allowNoSlash) && r.Filename+"/" == dir.directory {
		return module.Declined // mod_dir sends the client to the URL with a slash
	}
	ctx := &context{r: r, server: servers.Of(r.Server.Settings), dir: dir}
	if ended(r) {
		ctx.log(8, "Declining, no further rewriting due to END flag")
		return module.Declined
	}
	const links = module.OptFollowSymLinks | module.OptSymLinksIfOwner
	if module.CoreDir.Of(r.Dir).Options.Bits()&links == 0 {
		r.Logf("rewrite", observe.Error, "AH00670", "Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule directive is also forbidden due to its similar ability to circumvent directory restrictions : %s", r.Filename)
		return http.StatusForbidden
	}
	return ctx.run(dir.rules, ctx.redirectInternally)
}

// baseOfRedirect puts RewriteBase in place of the directory that a relative substitution got.
func (ctx *context) baseOfRedirect() {
	if ctx.dir == nil {
		return
	}
	r := ctx.r
	n, _ := schemeOf(r.Filename)
	slash := strings.IndexByte(r.Filename[n:], '/')
	if ctx.dir.base == "" || slash < 0 {
		return
	}
	at := n + slash + 1
	ctx.log(2, "trying to replace prefix %s with %s", ctx.dir.directory, ctx.dir.base)
	if path, ok := ctx.replacePrefix(r.Filename[at:], strings.TrimPrefix(ctx.dir.directory, "/"), ctx.dir.base[1:]); ok {
		r.Filename = r.Filename[:at] + path
	}
}

const (
	redirectHandler = "redirect-handler"
	redirectPrefix  = "redirect:"
)

// redirectInternally turns a file name into a URL path and lets the handler serve that in place of the request.
func (ctx *context) redirectInternally(before string) module.Result {
	r := ctx.r
	name := strings.TrimPrefix(r.Filename, passThrough)
	ctx.log(2, "local path result: %s", name)
	if !strings.HasPrefix(name, "/") {
		return http.StatusBadRequest
	}
	if name == before {
		ctx.log(1, "initial URL equal rewritten URL: %s [IGNORING REWRITE]", name)
		r.Filename = name
		return module.OK
	}
	uri := ctx.urlOf(name)
	ctx.log(1, "internal redirect with %s [INTERNAL REDIRECT]", uri)
	r.Filename, r.Handler = redirectPrefix+uri, redirectHandler
	return module.OK
}

// urlOf guesses the URL path of a file: by RewriteBase, by DocumentRoot, or by what an Alias has told.
func (ctx *context) urlOf(name string) string {
	if ctx.dir.base != "" {
		ctx.log(2, "trying to replace prefix %s with %s", ctx.dir.directory, ctx.dir.base)
		if uri, ok := ctx.replacePrefix(name, ctx.dir.directory, ctx.dir.base); ok {
			return uri
		}
	} else if root := strings.TrimSuffix(documentRoot(ctx.r), "/"); root != "" && strings.HasPrefix(name, root+"/") {
		ctx.log(2, "strip document_root prefix: %s -> %s", name, name[len(root):])
		return name[len(root):]
	}
	root, prefix := ctx.r.Notes["context-document-root"], ctx.r.Notes["context-prefix"]
	if ctx.dir.options.has(ignoreContextInfo) || root == "" || prefix == "" {
		return name
	}
	ctx.log(2, "trying to replace context docroot %s with context prefix %s", root, prefix)
	uri, _ := ctx.replacePrefix(name, root, prefix)
	return uri
}

// internalRedirect is the handler of what redirectInternally has made.
func internalRedirect(r *module.Request) module.Result {
	uri, ok := strings.CutPrefix(r.Filename, redirectPrefix)
	if !ok || r.Handler != redirectHandler {
		return module.Declined
	}
	if r.Query != "" {
		uri += "?" + r.Query
	}
	return r.Site.Engine.Redirect(r, uri)
}
