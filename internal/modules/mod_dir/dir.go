// Package dir is mod_dir: the slash behind a directory, its index, and what to serve where there is nothing.
package dir

import (
	"net/http"
	"strings"

	"transom/internal/module"
)

// Module returns mod_dir.
func Module() *module.Module {
	return &module.Module{Name: "mod_dir", Identifier: "dir_module", Directives: directives,
		Hooks: []module.Hook{{Phase: module.Fixups, Position: module.Last, Run: fixup, Only: module.Files}}}
}

var settings = &module.Slot[values]{Merge: merge}

type values struct {
	index         []string // nil: unset; empty: disabled
	indexRedirect int      // DirectoryIndexRedirect: 0 unset, -1 off, else a status
	slash         module.Flag
	checkHandler  module.Flag
	fallback      string // FallbackResource; "disabled" turns it off
}

func merge(outer, inner *values) *values {
	m := &values{index: inner.index, indexRedirect: module.Inherit(outer.indexRedirect, inner.indexRedirect), slash: inner.slash.Inherit(outer.slash),
		checkHandler: inner.checkHandler.Inherit(outer.checkHandler), fallback: module.Inherit(outer.fallback, inner.fallback)}
	if m.index == nil {
		m.index = outer.index
	}
	return m
}

// fixup runs last, so that a handler or a redirect that others have set is known.
func fixup(r *module.Request) module.Result {
	if strings.HasPrefix(r.Filename, "proxy:") {
		return module.Declined
	}
	v := settings.Of(r.Dir)
	if r.Info != nil && r.Info.IsDir() {
		if res := directory(r, v); res != module.Declined {
			return res
		}
	} else if r.Info != nil {
		return module.Declined
	}
	return fallback(r, v)
}

func directory(r *module.Request, v *values) module.Result {
	if v.checkHandler.Or(false) && r.Handler != "" {
		return module.Declined
	}
	if !strings.HasSuffix(r.URI, "/") {
		_, careful := r.Env("redirect-carefully")
		if !v.slash.Or(true) || careful && r.Method != http.MethodGet && r.Method != http.MethodHead {
			return module.Declined
		}
		to := r.AbsoluteURL(module.EscapePath(r.URI) + "/")
		if r.Query != "" {
			to += "?" + r.Query
		}
		r.Writer.Header().Set("Location", to)
		return http.StatusMovedPermanently
	}
	names := v.index
	if names == nil {
		names = []string{"index.html"}
	}
	failed := module.Declined
	for _, name := range names {
		res := serve(r, v, name)
		if res < 400 && res != module.Declined {
			return res
		}
		if res != module.Declined {
			failed = res // no listing may show what the index hides
		}
	}
	r.SetNote("dir-index-names", strings.Join(names, ","))
	return failed
}

// serve answers with one of DirectoryIndex's names, or with FallbackResource, if there is such a thing.
func serve(r *module.Request, v *values, uri string) module.Result {
	if r.Query != "" {
		uri += "?" + r.Query
	}
	sub := r.Site.Engine.Lookup(r, uri)
	switch {
	case sub.Status == http.StatusOK && (sub.Proxy != module.NotProxied || sub.Info != nil && sub.Info.Mode().IsRegular()):
	case sub.Status >= 300 && sub.Status < 400:
		copyLocation(r, sub)
		return module.Result(sub.Status)
	case sub.Status != http.StatusOK && sub.Status != http.StatusNotFound:
		return module.Result(sub.Status)
	default:
		return module.Declined
	}
	if v.indexRedirect > 0 {
		r.Writer.Header().Set("Location", r.AbsoluteURL(module.EscapePath(sub.URI)))
		return module.Result(v.indexRedirect)
	}
	return r.Site.Engine.FastRedirect(r, sub)
}

func copyLocation(r, sub *module.Request) {
	if to := sub.Writer.Header().Get("Location"); to != "" {
		r.Writer.Header().Set("Location", to)
	}
}

// fallback is FallbackResource: what is served for a path that leads to nothing.
func fallback(r *module.Request, v *values) module.Result {
	if v.fallback == "" || v.fallback == "disabled" || r.Handler != "" || r.Main != nil || !strings.HasPrefix(r.Filename, "/") {
		return module.Declined
	}
	resource := *v
	resource.indexRedirect = 0
	return serve(r, &resource, v.fallback)
}
