package negotiation

import (
	"net/http"
	"os"
	"path"
	"slices"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// multiviews serves the best of name.* where there is no file of that very name.
func multiviews(r *module.Request) module.Result {
	if r.Info != nil || r.Filename == "" || r.Proxy != module.NotProxied || strings.HasPrefix(r.Filename, "proxy:") || strings.HasSuffix(r.Filename, "/") ||
		module.CoreDir.Of(r.Dir).Options.Bits()&module.OptMultiViews == 0 {
		return module.Declined
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		return module.Declined
	}
	found := variants(r)
	if len(found) == 0 {
		return module.Declined
	}
	return negotiate(r, found)
}

// negotiate answers with the variant that suits the client best.
func negotiate(r *module.Request, found []*variant) module.Result {
	weigh(r, settings.Of(r.Dir), found)
	best := choose(found)
	vary := dimensions(found)
	open := transparent(r, found)
	if open {
		vary = append([]string{"negotiate"}, vary...)
	}
	if len(vary) > 0 {
		r.AddErrHeader("Vary", strings.Join(vary, ","))
	}
	if best == nil {
		r.Logf("negotiation", observe.Error, "AH00690", "no acceptable variant: %s", r.Filename)
		r.SetNote("error-notes", list(found))
		if len(found) > 0 {
			r.SetErrHeader("Alternates", alternates(found))
		}
		r.SetErrHeader("Tcn", "list")
		return http.StatusNotAcceptable
	}
	if open {
		r.SetErrHeader("Content-Location", module.EscapePath(best.name))
		r.SetErrHeader("Tcn", "choice")
	}
	switch {
	case best.body != nil:
		return serveBody(r, best)
	case best.sub != nil:
		return r.Site.Engine.FastRedirect(r, best.sub)
	}
	target := module.EscapePath(r.URI[:strings.LastIndexByte(strings.TrimSuffix(r.URI, r.PathInfo), '/')+1] + best.name + r.PathInfo)
	if r.Query != "" {
		target += "?" + r.Query
	}
	return r.Site.Engine.Redirect(r, target)
}

// transparent says whether the client could choose by itself (RFC 2295): all variants have addresses beside the one asked for.
func transparent(r *module.Request, found []*variant) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.PathInfo == "" &&
		!slices.ContainsFunc(found, func(v *variant) bool { return v.body != nil || strings.Contains(v.name, "/") })
}

// variants are the files name.* of which every further extension says something known, or was asked for.
func variants(r *module.Request) []*variant {
	dir, base := path.Split(r.Filename)
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !os.IsNotExist(err) {
			r.Logf("negotiation", observe.Error, "AH00688", "cannot read directory for multi: %s: %v", dir, err)
		}
		return nil
	}
	asked := strings.Split(strings.TrimLeft(base, "."), ".")
	uri := strings.TrimSuffix(r.URI, r.PathInfo)
	uri = uri[:strings.LastIndexByte(uri, '/')+1]
	var found []*variant
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base+".") {
			continue
		}
		sub := lookup(r, uri, dir, e.Name())
		if sub.Status != http.StatusOK || sub.Info == nil || !sub.Info.Mode().IsRegular() || sub.ContentType == "" && sub.Handler == "" && len(sub.Languages) == 0 && sub.ContentEncoding == "" {
			continue
		}
		strange := false
		for _, part := range strings.Split(sub.Notes["ap-mime-exceptions-list"], ".") {
			strange = strange || !slices.Contains(asked, part)
		}
		if strange {
			continue
		}
		if isMap(sub) { // it says what there is
			found, err := readMap(sub.Filename)
			if err != nil {
				r.Logf("negotiation", observe.Error, "AH00683", "cannot read type map file: %v", err)
			}
			return found
		}
		found = append(found, fileVariant(e.Name(), sub))
	}
	return found
}

// lookup asks what a variant is. Where the URL goes on behind it, so does the variant's.
func lookup(r *module.Request, uri, dir, name string) *module.Request {
	if r.PathInfo != "" {
		target := module.EscapePath(uri + name + r.PathInfo)
		if r.Query != "" {
			target += "?" + r.Query
		}
		return r.Site.Engine.Lookup(r, target)
	}
	sub := r.Site.Engine.LookupFile(r, dir+name)
	sub.Query = r.Query
	return sub
}

func fileVariant(name string, sub *module.Request) *variant {
	v := &variant{name: name, sub: sub, sourceQ: 1, length: sub.Info.Size(), languages: sub.Languages, encoding: sub.ContentEncoding}
	v.setType(sub.ContentType)
	return v
}
