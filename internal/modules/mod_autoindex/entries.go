package autoindex

import (
	"html"
	"io"
	"os"
	"path"
	"regexp"
	"sort"
	"strings"
	"time"

	"transom/internal/module"
)

// entry is one line of a listing.
type entry struct {
	name        string // with a slash behind a directory's
	dir         bool
	size        int64
	modified    time.Time
	icon, alt   string
	description string
}

// view is what the client asks for (C, O, F, V and P in the query), on top of what is configured.
type view struct {
	column, direction byte
	pattern           string
	options           options
}

// viewOf reads the query as httpd does, unless IndexOptions IgnoreClient.
func viewOf(r *module.Request, v *values) view {
	w := view{column: 'N', direction: 'A', options: v.options}
	if v.order != "" {
		w.column, w.direction = v.order[0], v.order[1]
	}
	if v.options.has(ignoreClient) {
		return w
	}
	set := func(bit option, on bool) {
		w.options.set, w.options.add = w.options.set&^bit, w.options.add&^bit
		if on {
			w.options.add, w.options.remove = w.options.add|bit, w.options.remove&^bit
		}
	}
	for _, part := range strings.FieldsFunc(r.Query, func(c rune) bool { return c == ';' || c == '&' }) {
		key, value, ok := strings.Cut(part, "=")
		if !ok || len(key) != 1 {
			continue
		}
		switch {
		case key == "C" && len(value) == 1 && strings.Contains("NMSD", value):
			w.column = value[0]
		case key == "O" && (value == "A" || value == "D"):
			w.direction = value[0]
		case key == "F" && len(value) == 1 && value <= "2" && value >= "0":
			set(fancyIndexing, value != "0")
			set(htmlTable, value == "2")
		case key == "V" && (value == "0" || value == "1"):
			set(versionSort, value == "1")
		case key == "P":
			w.pattern = value
		}
	}
	return w
}

// entries are the directory's files and directories that the client may see.
func entries(r *module.Request, v *values, w view) ([]entry, error) {
	list, err := os.ReadDir(strings.TrimSuffix(r.Filename, "/") + "/")
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, d := range list {
		name := d.Name()
		if ignored(v, name) || w.pattern != "" && !matches(w.pattern, name, w.options.has(ignoreCase)) {
			continue
		}
		if e, ok := look(r, v, name); ok {
			out = append(out, e)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return w.less(&out[i], &out[j]) })
	if r.URI != "/" {
		out = append([]entry{parent(v)}, out...)
	}
	return out, nil
}

// look asks, by a subrequest, whether a name may be shown, and what it is.
func look(r *module.Request, v *values, name string) (entry, bool) {
	sub := r.Site.Engine.LookupFile(r, strings.TrimSuffix(r.Filename, "/")+"/"+name)
	visible := sub.Status == 200 || sub.Status >= 300 && sub.Status < 400 ||
		v.options.has(showForbidden) && (sub.Status == 401 || sub.Status == 403)
	if sub.Info == nil || !visible || !sub.Info.IsDir() && !sub.Info.Mode().IsRegular() {
		return entry{}, false
	}
	e := entry{name: name, dir: sub.Info.IsDir(), size: sub.Info.Size(), modified: sub.Info.ModTime()}
	e.icon, e.alt = v.icon(name, sub)
	if a := find(v.alts, name, sub); a != nil {
		e.alt = a.value
	}
	if e.alt == "" {
		e.alt = "   "
		if e.dir {
			e.alt = "DIR"
		}
	}
	if d := find(v.descriptions, name, sub); d != nil {
		e.description = d.value
	} else if v.options.has(scanHTMLTitles) {
		e.description = html.EscapeString(title(sub))
	}
	if e.dir {
		e.name += "/"
		e.size = -1
	}
	return e, true
}

var titleTag = regexp.MustCompile("(?i)<title>")

// title is what an HTML file calls itself, if that stands near its beginning.
func title(sub *module.Request) string {
	switch mediaType, _, _ := strings.Cut(sub.ContentType, ";"); mediaType {
	case "text/html", "application/xhtml+xml":
	default:
		return ""
	}
	if sub.ContentEncoding != "" || sub.Handler != "" {
		return ""
	}
	f, err := os.Open(sub.Filename)
	if err != nil {
		return ""
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, titleWithin))
	if err != nil {
		return ""
	}
	at := titleTag.FindIndex(head)
	if at == nil {
		return ""
	}
	text, _, _ := strings.Cut(string(head[at[1]:]), "<")
	return strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}

// titleWithin is how much of a file httpd reads for its title.
const titleWithin = 8192

func parent(v *values) entry {
	e := entry{name: "Parent Directory", dir: true, size: -1, alt: "PARENTDIR"}
	for i := range v.icons {
		if v.icons[i].by == byName && v.icons[i].pattern == ".." {
			e.icon = v.icons[i].value
			return e
		}
	}
	e.icon = v.defaultIcon
	return e
}

func (v *values) icon(name string, sub *module.Request) (url, alt string) {
	if r := find(v.icons, name, sub); r != nil {
		return r.value, r.alt
	}
	return v.defaultIcon, ""
}

// find is the first rule for a file.
func find(list []rule, name string, sub *module.Request) *rule {
	dir := sub.Info.IsDir()
	mediaType, _, _ := strings.Cut(sub.ContentType, ";")
	for i := range list {
		r := &list[i]
		ok := false
		switch {
		case r.pattern == "^^DIRECTORY^^":
			ok = dir
		case r.by == byType:
			ok = !dir && mediaType != "" && matches(r.pattern, mediaType, true)
		case r.by == byEncoding:
			ok = !dir && sub.ContentEncoding != "" && matches(r.pattern, sub.ContentEncoding, true)
		default:
			ok = matchesEnd(r.pattern, name)
		}
		if ok {
			return r
		}
	}
	return nil
}

// matchesEnd is how AddIcon, AddDescription and IndexIgnore see names: a pattern without wildcards is the name's end.
func matchesEnd(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?[") {
		return strings.HasSuffix(name, pattern) && pattern != ".."
	}
	return matches(pattern, name, false) || matches("*"+pattern, name, false)
}

func ignored(v *values, name string) bool {
	for _, p := range v.ignored {
		if matches(p, name, false) {
			return true
		}
	}
	return false
}

func matches(pattern, name string, fold bool) bool {
	if fold {
		pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	}
	ok, _ := path.Match(strings.ReplaceAll(pattern, "/", "\x01"), strings.ReplaceAll(name, "/", "\x01"))
	return ok
}

func (w view) less(a, b *entry) bool {
	if w.options.has(foldersFirst) && a.dir != b.dir {
		return a.dir
	}
	c := 0
	switch w.column {
	case 'M':
		c = a.modified.Compare(b.modified)
	case 'S':
		c = compare(a.size, b.size)
	case 'D':
		c = strings.Compare(a.description, b.description)
	}
	if c == 0 {
		c = w.compareNames(a.name, b.name)
	}
	if w.direction == 'D' {
		return c > 0
	}
	return c < 0
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (w view) compareNames(a, b string) int {
	if w.options.has(ignoreCase) {
		a, b = strings.ToLower(a), strings.ToLower(b)
	}
	if !w.options.has(versionSort) {
		return strings.Compare(a, b)
	}
	// Runs of digits compare as numbers.
	for a != "" && b != "" {
		x, y := digits(a), digits(b)
		if x == 0 || y == 0 {
			if a[0] != b[0] {
				return compare(int64(a[0]), int64(b[0]))
			}
			a, b = a[1:], b[1:]
			continue
		}
		m, n := strings.TrimLeft(a[:x], "0"), strings.TrimLeft(b[:y], "0")
		if c := compare(int64(len(m)), int64(len(n))); c != 0 {
			return c
		}
		if c := strings.Compare(m, n); c != 0 {
			return c
		}
		a, b = a[x:], b[y:]
	}
	return compare(int64(len(a)), int64(len(b)))
}

func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}
