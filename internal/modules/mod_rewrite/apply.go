package rewrite

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
)

// outcome is what a ruleset did to a request.
type outcome uint8

const (
	unchanged outcome = iota
	rewritten
	rewrittenNoEscape // by a rule with NE
	answered          // the status is known
)

// roundsTime bounds all rounds of N together: patterns that backtrack may take long each.
const roundsTime = 5 * time.Second

type endKey struct{} // marks requests for which END was met

// ended says whether an END has been met for this request, or for one that led to it by an internal redirect.
func ended(r *module.Request) bool {
	for ; r != nil; r = r.Prev {
		if r.Get(endKey{}) != nil {
			return true
		}
	}
	return false
}

// apply runs the rules in order over r.Filename and r.Query; status is valid with answered, or that of a redirect.
func (ctx *context) apply(rules []*rule) (result outcome, status int) {
	start := time.Now()
	for i, round := 0, 1; i < len(rules); i++ {
		p := rules[i]
		if ctx.r.Main != nil && (p.noSubrequest || p.redirect) {
			continue
		}
		ctx.vary, ctx.varyThis = nil, nil
		matched, newStatus := ctx.applyRule(p)
		if newStatus != 0 {
			status = newStatus
		}
		switch {
		case ctx.err != nil:
			ctx.r.Logf("rewrite", observe.Error, "", "RewriteRule at %s:%d is given up: %v", p.File, p.Line, ctx.err)
			return answered, http.StatusInternalServerError
		case !matched:
			for i < len(rules) && rules[i].chain {
				i++
			}
			continue
		case ctx.tooLong(p):
			return answered, http.StatusInternalServerError
		}
		ctx.r.AddVary(ctx.vary...)
		if isFinal(newStatus) {
			return answered, newStatus
		}
		if !p.keep {
			if result = rewritten; p.noEscape {
				result = rewrittenNoEscape
			}
		}
		switch {
		case p.passThrough:
			ctx.log(2, "forcing '%s' to get passed through to next API URI-to-filename handler", ctx.r.Filename)
			ctx.r.Filename = passThrough + ctx.r.Filename
			return rewritten, status
		case p.end:
			ctx.log(8, "Rule has END flag, no further rewriting for this request")
			ctx.r.Set(endKey{}, true)
			return result, status
		case p.proxy, p.last:
			return result, status
		case p.next:
			if round++; round >= p.rounds || time.Since(start) > roundsTime {
				ctx.r.Logf("rewrite", observe.Error, "AH02596", "RewriteRule '%s' and URI '%s' exceeded maximum number of rounds (%d) via the [N] flag", p.pattern, ctx.r.URI, p.rounds)
				return answered, http.StatusInternalServerError
			}
			i = -1
		case p.skip > 0:
			i += p.skip
		}
	}
	return result, status
}

const passThrough = "passthrough:"

// isFinal says that a rule's status ends the request; that of a redirect waits for the rules that follow.
func isFinal(status int) bool { return status != 0 && !isRedirect(status) }

// tooLong stops rules that make the URL grow without end.
func (ctx *context) tooLong(p *rule) bool {
	limit := 2 * cmp.Or(module.CoreServer.Of(ctx.r.Server.Settings).LimitRequestLine, 8190)
	if len(ctx.r.Filename) <= limit {
		return false
	}
	ctx.r.Logf("rewrite", observe.Error, "", "RewriteRule '%s' and URI '%s' exceeded maximum length (%d)", p.pattern, ctx.r.URI, limit)
	return true
}

// applyRule tries one rule. The status is not 0 if it answers or redirects the request.
func (ctx *context) applyRule(p *rule) (matched bool, status int) {
	r := ctx.r
	proxied := ctx.dir != nil && isProxied(r)
	ctx.subject(proxied)
	ctx.log(3, "applying pattern '%s' to uri '%s'", p.pattern, ctx.uri)
	m := ctx.match(p.re, ctx.uri)
	if ctx.err != nil || m.Matched() == p.negate {
		ctx.r.Tracef(p.Pos, "RewriteRule", "%s: '%s' does not match", p.text, ctx.uri)
		return false, 0
	}
	ctx.ruleMatch, ctx.condMatch = m, none
	if !allHold(ctx, p.conditions) {
		ctx.r.Tracef(p.Pos, "RewriteRule", "%s: '%s' matches, but not its conditions", p.text, ctx.uri)
		return false, 0
	}
	if p.keep {
		ctx.setVariables(p)
		ctx.force(p)
		if p.forceStatus {
			ctx.log(2, "forcing responsecode %d for %s", p.status, r.Filename)
			status = p.status
		}
		ctx.r.Tracef(p.Pos, "RewriteRule", "%s: '%s' matches and is kept%s", p.text, ctx.uri, statusText(status))
		return true, status
	}
	ctx.lastSubstitution = p
	status = ctx.substitute(p, proxied)
	ctx.r.Tracef(p.Pos, "RewriteRule", "%s: '%s' becomes '%s', query '%s'%s", p.text, ctx.uri, r.Filename, r.Query, statusText(status))
	return true, status
}

// subject is what the pattern sees: the file name, in a section behind its directory and with the path info.
func (ctx *context) subject(proxied bool) {
	ctx.uri = ctx.r.Filename
	if ctx.dir == nil {
		return
	}
	if info := ctx.r.PathInfo; info != "" {
		ctx.log(3, "add path info postfix: %s -> %s%s", ctx.uri, ctx.uri, info)
		ctx.uri += info
	}
	if rest, ok := strings.CutPrefix(ctx.uri, ctx.dir.directory); ok && !proxied {
		ctx.log(3, "strip per-dir prefix: %s -> %s", ctx.uri, rest)
		ctx.uri = rest
	}
}

// substitute puts the rule's substitution in place of the file name.
func (ctx *context) substitute(p *rule, proxied bool) (status int) {
	r := ctx.r
	var origin questionMark
	uri := p.substitution.expandMarked(ctx, p.escape, &origin)
	ctx.log(2, "rewrite '%s' -> '%s'", ctx.uri, uri)
	if origin == expandedQuestionMark && !p.allow3F {
		r.Logf("rewrite", observe.Error, "AH10508", "Unsafe URL with %%3f URL rewritten without UnsafeAllow3F (RewriteRule at %s:%d)", p.File, p.Line)
		return http.StatusForbidden
	}
	ctx.setVariables(p)
	r.Filename = ctx.addPrefix(p, uri, proxied)
	if ctx.dir != nil && p.discardPath {
		r.PathInfo = ""
	}
	ctx.splitQuery(p.query)
	switch {
	case p.proxy:
		ctx.qualify()
		ctx.log(2, "forcing proxy-throughput with %s", r.Filename)
		r.Filename = proxyPrefix + r.Filename
		return 0
	case p.redirect:
		ctx.qualify()
		ctx.log(2, "explicitly forcing redirect with %s", r.Filename)
		return p.status
	}
	ctx.reduce()
	if isAbsolute(r.Filename) {
		ctx.log(2, "implicitly forcing redirect (rc=%d) with %s", p.status, r.Filename)
		return p.status
	}
	ctx.force(p)
	return 0
}

// addPrefix puts back what the pattern didn't see. A relative path in a server's rule gets a slash, so that it can't be
// taken for a URL later.
func (ctx *context) addPrefix(p *rule, uri string, proxied bool) string {
	switch {
	case proxied || strings.HasPrefix(uri, "/") || isAbsolute(uri):
		return uri
	case ctx.dir != nil:
		ctx.log(3, "add per-dir prefix: %s -> %s%s", uri, ctx.dir.directory, uri)
		return ctx.dir.directory + uri
	case p.proxy || p.redirect:
		return uri
	}
	ctx.log(3, "add root prefix: %s -> /%s", uri, uri)
	return "/" + uri
}

// splitQuery takes a query off the file name.
func (ctx *context) splitQuery(q queryFlags) {
	r := ctx.r
	skip, queries := schemeOf(r.Filename)
	if q.none || skip > 0 && !queries {
		r.Query = ""
		return
	}
	if q.discard {
		r.Query = ""
	}
	at := strings.IndexByte(r.Filename[skip:], '?')
	if q.last {
		at = strings.LastIndexByte(r.Filename[skip:], '?')
	}
	if at < 0 {
		return
	}
	path, query := r.Filename[:skip+at], r.Filename[skip+at+1:]
	switch {
	case !q.add:
	case query != "":
		query += "&" + r.Query
	default:
		query = r.Query
	}
	query = strings.TrimSuffix(query, "&")
	ctx.log(3, "split uri=%s -> uri=%s, args=%s", r.Filename, path, query)
	r.Filename, r.Query = path, query
}
