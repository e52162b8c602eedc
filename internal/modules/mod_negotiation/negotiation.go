package negotiation

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// variant is a file that the name asked for may stand for.
type variant struct {
	name      string
	sub       *module.Request
	mediaType string
	charset   string
	typeQ     float64
	languageQ float64
	at        int // of its language, in Accept-Language or in LanguagePriority
	encodingQ float64
	charsetQ  float64
}

func (v *variant) acceptable() bool {
	return v.typeQ > 0 && v.languageQ > 0 && v.encodingQ > 0 && v.charsetQ > 0
}

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
	v := settings.Of(r.Dir)
	weigh(r, v, found)
	best := choose(found)
	if best == nil && (v.force&forceFallback != 0) {
		best = fallback(v, found)
	}
	if vary := dimensions(found); vary != "" {
		r.AddErrHeader("Vary", vary)
	}
	if best == nil {
		r.Logf("negotiation", observe.Error, "AH00690", "no acceptable variant: %s", r.Filename)
		r.SetNote("error-notes", list(found))
		return http.StatusNotAcceptable
	}
	if len(found) > 1 {
		r.Writer.Header().Set("Tcn", "choice")
	}
	r.Writer.Header().Set("Content-Location", module.EscapePath(best.name))
	return r.Site.Engine.FastRedirect(r, best.sub)
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
		if !strange {
			found = append(found, newVariant(e.Name(), sub))
		}
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

func newVariant(name string, sub *module.Request) *variant {
	v := &variant{name: name, sub: sub}
	mediaType, params, _ := strings.Cut(strings.ToLower(sub.ContentType), ";")
	v.mediaType = strings.TrimSpace(mediaType)
	if _, charset, ok := strings.Cut(params, "charset="); ok {
		v.charset, _, _ = strings.Cut(strings.Trim(charset, `" `), ";")
	}
	return v
}

func weigh(r *module.Request, s *values, found []*variant) {
	h := r.HTTP.Header
	types, languages, encodings, charsets := accept(h, "Accept"), accept(h, "Accept-Language"), accept(h, "Accept-Encoding"), accept(h, "Accept-Charset")
	named := slices.ContainsFunc(found, func(v *variant) bool { return len(v.sub.Languages) > 0 })
	prefer := s.force == 0 || s.force&forcePrefer != 0
	for _, v := range found {
		v.typeQ = typeQuality(types, v.mediaType)
		if v.mediaType == "" {
			v.typeQ = 1
		}
		v.encodingQ, v.charsetQ = encodingQuality(encodings, v.sub.ContentEncoding), charsetQuality(charsets, v.charset)
		v.languageQ, v.at = 1, 0
		switch {
		case len(v.sub.Languages) > 0:
			v.languageQ, v.at = 0, 1<<30
			for _, l := range v.sub.Languages {
				if q, at := languageQuality(languages, l); q > v.languageQ || q == v.languageQ && at < v.at {
					v.languageQ, v.at = q, at
				}
			}
			if languages == nil && prefer {
				v.at = priority(s, v)
			}
		case named && languages != nil:
			v.languageQ = almostNothing
		case named:
			v.at = 1 << 30
		}
	}
}

// priority is where LanguagePriority has a variant's language.
func priority(s *values, v *variant) int {
	best := 1 << 29
	for _, l := range v.sub.Languages {
		for i, p := range s.priority {
			if l := strings.ToLower(l); l == p || strings.HasPrefix(l, p+"-") {
				best = min(best, i)
			}
		}
	}
	return best
}

func choose(found []*variant) *variant {
	var best *variant
	for _, v := range found {
		if v.acceptable() && (best == nil || v.better(best)) {
			best = v
		}
	}
	return best
}

// better compares in httpd's order: type, language, charset, encoding, size.
func (v *variant) better(other *variant) bool {
	switch {
	case v.typeQ != other.typeQ:
		return v.typeQ > other.typeQ
	case v.languageQ != other.languageQ:
		return v.languageQ > other.languageQ
	case v.at != other.at:
		return v.at < other.at
	case v.charsetQ != other.charsetQ:
		return v.charsetQ > other.charsetQ
	case v.encodingQ != other.encodingQ:
		return v.encodingQ > other.encodingQ
	}
	return v.sub.Info.Size() < other.sub.Info.Size()
}

// fallback is the best if languages were no matter: ForceLanguagePriority Fallback.
func fallback(s *values, found []*variant) *variant {
	for _, v := range found {
		v.languageQ, v.at = 1, priority(s, v)
	}
	return choose(found)
}

// dimensions are what the choice depends on, for Vary.
func dimensions(found []*variant) string {
	if len(found) < 2 {
		return ""
	}
	vary := "negotiate"
	differ := func(name string, of func(*variant) string) {
		for _, v := range found[1:] {
			if of(v) != of(found[0]) {
				vary += "," + name
				return
			}
		}
	}
	differ("accept", func(v *variant) string { return v.mediaType })
	differ("accept-language", func(v *variant) string { return strings.Join(v.sub.Languages, ",") })
	differ("accept-charset", func(v *variant) string { return v.charset })
	differ("accept-encoding", func(v *variant) string { return v.sub.ContentEncoding })
	return vary
}

// list is what the page of a 406 offers.
func list(found []*variant) string {
	var b strings.Builder
	b.WriteString("Available variants:\n<ul>\n")
	for _, v := range found {
		fmt.Fprintf(&b, "<li><a href=\"%s\">%s</a></li>\n", html.EscapeString(module.EscapePath(v.name)), html.EscapeString(v.name))
	}
	return b.String() + "</ul>"
}
