package negotiation

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"transom/internal/module"
)

// variant is what the name asked for may stand for: a file, or a part of the type map.
type variant struct {
	name        string          // relative to the directory
	sub         *module.Request // of a file that MultiViews found
	body        []byte          // not nil: the content, from the type map itself
	mediaType   string          // in lower case
	contentType string          // with its parameters
	charset     string
	encoding    string
	languages   []string
	description string
	level       int
	sourceQ     float64 // qs: how good it is, whoever asks
	length      int64

	typeQ     float64
	languageQ float64
	at        int // of its language, in Accept-Language or in LanguagePriority
	encodingQ float64
	charsetQ  float64
}

func (v *variant) acceptable() bool {
	return v.typeQ*v.sourceQ > 0 && v.languageQ > 0 && v.encodingQ > 0 && v.charsetQ > 0
}

// setType reads a media type with its parameters; qs is not among those that are sent.
func (v *variant) setType(contentType string) {
	parts := strings.Split(contentType, ";")
	v.mediaType = strings.ToLower(strings.TrimSpace(parts[0]))
	v.contentType = strings.TrimSpace(parts[0])
	if v.mediaType == "text/html" {
		v.level = 2
	}
	for _, p := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		value = strings.Trim(value, `" `)
		switch strings.ToLower(name) {
		case "qs":
			if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 { // not NaN
				v.sourceQ = min(q, 1)
			}
			continue
		case "charset":
			v.charset = strings.ToLower(value)
		case "level":
			v.level, _ = strconv.Atoi(value)
		}
		v.contentType += "; " + strings.TrimSpace(p)
	}
}

func weigh(r *module.Request, s *values, found []*variant) {
	h := r.Header()
	types, languages, encodings, charsets := accept(h, "Accept"), accept(h, "Accept-Language"), accept(h, "Accept-Encoding"), accept(h, "Accept-Charset")
	named := slices.ContainsFunc(found, func(v *variant) bool { return len(v.languages) > 0 })
	prefer := s.force == 0 || s.force&forcePrefer != 0
	for _, v := range found {
		v.typeQ = typeQuality(types, v.mediaType)
		if v.mediaType == "" {
			v.typeQ = 1
		}
		v.encodingQ, v.charsetQ = encodingQuality(encodings, v.encoding), charsetQuality(charsets, v.charset)
		v.languageQ, v.at = 1, 0
		switch {
		case len(v.languages) > 0:
			v.languageQ, v.at = 0, 1<<30
			for _, l := range v.languages {
				if q, at := languageQuality(languages, l); q > v.languageQ || q == v.languageQ && at < v.at {
					v.languageQ, v.at = q, at
				}
			}
			switch {
			case languages == nil && prefer:
				v.at = priority(s, v)
			case v.languageQ == 0 && s.force&forceFallback != 0:
				v.languageQ, v.at = almostNothing/10, priority(s, v)
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
	for _, l := range v.languages {
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

// better compares in httpd's order: type, language, level, charset, encoding, size.
func (v *variant) better(other *variant) bool {
	q, otherQ := v.typeQ*v.sourceQ, other.typeQ*other.sourceQ
	switch {
	case q != otherQ:
		return q > otherQ
	case v.languageQ != other.languageQ:
		return v.languageQ > other.languageQ
	case v.at != other.at:
		return v.at < other.at
	case v.level != other.level:
		return v.level > other.level
	case v.charsetQ != other.charsetQ:
		return v.charsetQ > other.charsetQ
	case v.encodingQ != other.encodingQ:
		return v.encodingQ > other.encodingQ
	}
	return v.length < other.length
}

// dimensions are what the choice depends on, for Vary.
func dimensions(found []*variant) (vary []string) {
	if len(found) == 0 {
		return nil
	}
	differ := func(name string, of func(*variant) string) {
		for _, v := range found[1:] {
			if of(v) != of(found[0]) {
				vary = append(vary, name)
				return
			}
		}
	}
	differ("accept", func(v *variant) string { return v.mediaType })
	differ("accept-language", func(v *variant) string { return strings.Join(v.languages, ",") })
	differ("accept-charset", func(v *variant) string { return v.charset })
	differ("accept-encoding", func(v *variant) string { return v.encoding })
	return vary
}

// list is what the page of a 406 offers.
func list(found []*variant) string {
	var b strings.Builder
	b.WriteString("Available variants:\n<ul>\n")
	for _, v := range found {
		fmt.Fprintf(&b, "<li><a href=\"%s\">%s</a> %s", html.EscapeString(module.EscapePath(v.name)), html.EscapeString(v.name), html.EscapeString(v.description))
		for _, f := range v.features() {
			fmt.Fprintf(&b, ", %s %s", f[0], html.EscapeString(f[1]))
		}
		b.WriteString("</li>\n")
	}
	return b.String() + "</ul>"
}

// alternates is the same as a header field (RFC 2295 8.3).
func alternates(found []*variant) string {
	var list []string
	for _, v := range found {
		text := fmt.Sprintf(`{"%s" %v`, module.EscapePath(v.name), v.sourceQ)
		for _, f := range v.features() {
			text += " {" + f[0] + " " + f[1] + "}"
		}
		list = append(list, fmt.Sprintf("%s {length %d}}", text, v.length))
	}
	return strings.Join(list, ", ")
}

func (v *variant) features() (list [][2]string) {
	for _, f := range [][2]string{{"type", v.mediaType}, {"charset", v.charset}, {"language", strings.Join(v.languages, ", ")}, {"encoding", v.encoding}} {
		if f[1] != "" {
			list = append(list, f)
		}
	}
	return list
}
