package autoindex

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
)

func handle(r *module.Request) module.Result {
	if r.Handler != "" && r.Handler != "httpd/unix-directory" || r.Proxy != module.NotProxied || r.Info == nil || !r.Info.IsDir() ||
		r.Method != http.MethodGet && r.Method != http.MethodHead {
		return module.Declined
	}
	if module.CoreDir.Of(r.Dir).Options.Bits()&module.OptIndexes == 0 {
		r.Logf("autoindex", observe.Error, "AH01276", "Cannot serve directory %s: No matching DirectoryIndex (%s) found, and server-generated directory index forbidden by Options directive",
			r.Filename, r.Notes["dir-index-names"])
		return http.StatusForbidden
	}
	v := settings.Of(r.Dir)
	w := viewOf(r, v)
	list, err := entries(r, v, w)
	if err != nil {
		r.Logf("autoindex", observe.Error, "AH01275", "Can't open directory for index: %s: %v", r.Filename, err)
		return http.StatusForbidden
	}
	h := r.Writer.Header()
	h.Set("Content-Type", contentType(&w.options))
	if w.options.has(trackModified) {
		h.Set("Last-Modified", r.Info.ModTime().UTC().Format(http.TimeFormat))
	}
	r.Writer.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return module.OK
	}
	p := page{r: r, v: v, w: w}
	p.write(list)
	if _, err := r.Writer.Write([]byte(p.String())); err != nil {
		r.Logf("autoindex", observe.Info, "", "sending the listing: %v", err)
	}
	return module.OK
}

func contentType(o *options) string {
	t, charset := o.contentType, o.charset
	if t == "" {
		t = "text/html"
	}
	if charset == "" {
		charset = "ISO-8859-1" // httpd's, where file names are bytes
	}
	return t + ";charset=" + charset
}

// page is a listing being written.
type page struct {
	strings.Builder
	r *module.Request
	v *values
	w view
}

func (p *page) has(o option) bool { return p.w.options.has(o) }

func (p *page) write(list []entry) {
	title := html.EscapeString(strings.TrimSuffix(p.r.URI, "/"))
	if title == "" {
		title = "/"
	}
	header, isPage := p.text(p.v.header)
	if !(isPage && p.has(suppressHTMLPreamble)) {
		p.WriteString("<!DOCTYPE html>\n<html>\n<head>\n<title>Index of " + title + "</title>\n")
		if s := p.v.styleSheet; s != "" {
			p.WriteString(`<link rel="stylesheet" href="` + html.EscapeString(s) + "\" type=\"text/css\">\n")
		}
		if s := p.v.headInsert; s != "" {
			p.WriteString(s + "\n")
		}
		p.WriteString("</head>\n<body>\n")
	}
	if header == "" {
		header = "<h1" + p.class("id", "indextitle") + ">Index of " + title + "</h1>\n"
	}
	p.WriteString(header)
	switch {
	case !p.has(fancyIndexing):
		p.plain(list)
	case p.has(htmlTable):
		p.table(list)
	default:
		p.preformatted(list)
	}
	readme, _ := p.text(p.v.readme)
	p.WriteString(readme)
	p.WriteString(module.Signature(p.r))
	p.WriteString("</body></html>\n")
}

// text is the content of HeaderName's or ReadmeName's file if the client may read it; what a handler would make of it is
// left out.
func (p *page) text(name string) (text string, isHTML bool) {
	if name == "" {
		return "", false
	}
	sub := p.r.Site.Engine.Lookup(p.r, name)
	if sub.Status != http.StatusOK || sub.Info == nil || !sub.Info.Mode().IsRegular() || sub.Handler != "" || sub.Proxy != module.NotProxied || sub.Info.Size() > 1<<20 {
		return "", false
	}
	b, err := os.ReadFile(sub.Filename)
	switch {
	case err != nil:
		return "", false
	case strings.HasPrefix(sub.ContentType, "text/html"):
		return string(b), true
	case strings.HasPrefix(sub.ContentType, "text/"):
		return "<pre>" + html.EscapeString(string(b)) + "</pre>\n", false
	}
	return "", false
}

// href leads to an entry; a name with a colon in it needs "./" in front.
func (p *page) href(e *entry) string {
	if e.alt == "PARENTDIR" && e.name == "Parent Directory" {
		up := strings.TrimSuffix(p.r.URI, "/")
		return html.EscapeString(module.EscapePath(up[:strings.LastIndexByte(up, '/')+1]))
	}
	url := module.EscapePath(e.name)
	if strings.Contains(url, ":") {
		url = "./" + url
	}
	return html.EscapeString(url)
}

func (p *page) plain(list []entry) {
	p.WriteString("<ul>")
	for i := range list {
		e := &list[i]
		fmt.Fprintf(p, "<li><a href=\"%s\"> %s</a></li>\n", p.href(e), html.EscapeString(e.name))
	}
	p.WriteString("</ul>\n")
}

// column is a heading that sorts by its column, the other way round if it already does.
func (p *page) column(letter byte, title string) string {
	if p.has(suppressColumnSorting) {
		return title
	}
	direction := byte('A')
	if p.w.column == letter && p.w.direction == 'A' {
		direction = 'D'
	}
	pattern := ""
	if p.w.pattern != "" {
		pattern = ";P=" + html.EscapeString(p.w.pattern)
	}
	return fmt.Sprintf(`<a href="?C=%c;O=%c%s">%s</a>`, letter, direction, pattern, title)
}

func (p *page) icon(e *entry) string {
	if e.icon == "" {
		return ""
	}
	size := ""
	if w, h := p.w.options.iconWidth, p.w.options.iconHeight; w > 0 && h > 0 {
		size = fmt.Sprintf(` width="%d" height="%d"`, w, h)
	}
	img := fmt.Sprintf(`<img src="%s" alt="[%s]"%s>`, html.EscapeString(e.icon), html.EscapeString(e.alt), size)
	if p.has(iconsAreLinks) {
		return `<a href="` + p.href(e) + `">` + img + "</a>"
	}
	return img
}

func (p *page) time(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case p.has(useOldDateFormat):
		return t.Local().Format("02-Jan-2006 15:04")
	}
	return t.Local().Format("2006-01-02 15:04")
}

// size is a number of bytes in four characters (apr_strfsize).
func size(n int64) string {
	if n < 0 {
		return "  - "
	}
	if n < 973 {
		return fmt.Sprintf("%3d ", n)
	}
	for _, unit := range "KMGTPE" {
		rest := n & 1023
		n >>= 10
		if n >= 973 {
			continue
		}
		if n < 9 || n == 9 && rest < 973 {
			tenths := (rest*5 + 256) / 512
			if tenths >= 10 {
				n, tenths = n+1, 0
			}
			return fmt.Sprintf("%d.%d%c", n, tenths, unit)
		}
		if rest >= 512 {
			n++
		}
		return fmt.Sprintf("%3d%c", n, unit)
	}
	return "****"
}

// shorten cuts a name to NameWidth and marks the cut.
func (p *page) shorten(name string) string {
	width := p.w.options.nameWidth
	if width == 0 {
		width = defaultNameWidth
	}
	if c := []rune(name); width > 0 && len(c) > width {
		return string(c[:width-3]) + "..>"
	}
	return name
}

func (p *page) preformatted(list []entry) {
	width := p.w.options.nameWidth
	if width == 0 {
		width = defaultNameWidth
	}
	for i := range list {
		if p.w.options.nameWidth < 0 {
			width = max(width, len([]rune(list[i].name)))
		}
	}
	p.WriteString("<pre>")
	if !p.has(suppressIcon) {
		p.WriteString("      ")
	}
	p.WriteString(p.column('N', "Name") + strings.Repeat(" ", width-4))
	if !p.has(suppressLastModified) {
		p.WriteString(" " + p.column('M', "Last modified") + "    ")
	}
	if !p.has(suppressSize) {
		p.WriteString(" " + p.column('S', "Size"))
	}
	if !p.has(suppressDescription) {
		p.WriteString("  " + p.column('D', "Description"))
	}
	p.rule()
	for i := range list {
		e := &list[i]
		if icon := p.icon(e); icon != "" && !p.has(suppressIcon) {
			p.WriteString(icon + " ")
		} else if !p.has(suppressIcon) {
			p.WriteString("      ")
		}
		name := p.shorten(e.name)
		fmt.Fprintf(p, `<a href="%s">%s</a>%s`, p.href(e), html.EscapeString(name), strings.Repeat(" ", max(0, width-len([]rune(name)))))
		if !p.has(suppressLastModified) {
			fmt.Fprintf(p, " %-17s", p.time(e.modified))
		}
		if !p.has(suppressSize) {
			p.WriteString(" " + size(e.size))
		}
		if !p.has(suppressDescription) {
			p.WriteString("  " + e.description)
		}
		p.WriteString("\n")
	}
	p.rule()
	p.WriteString("</pre>\n")
}

func (p *page) rule() {
	if p.has(suppressRules) {
		p.WriteString("\n")
	} else {
		p.WriteString("<hr>")
	}
}
