package mime

import (
	"bufio"
	"os"
	"path"
	"strings"

	"transom/internal/module"
)

// readTypes reads lines of "media/type ext ext ...".
func readTypes(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list := map[string]string{}
	s := bufio.NewScanner(f)
	for s.Scan() {
		words := strings.Fields(s.Text())
		if len(words) < 2 || strings.HasPrefix(words[0], "#") {
			continue
		}
		for _, ext := range words[1:] {
			list[strings.ToLower(ext)] = words[0]
		}
	}
	return list, s.Err()
}

// builtin is what every web site needs, for machines without a mime.types file.
var builtin = map[string]string{
	"html": "text/html", "htm": "text/html", "css": "text/css", "js": "text/javascript", "mjs": "text/javascript", "txt": "text/plain", "csv": "text/csv",
	"xml": "application/xml", "json": "application/json", "map": "application/json", "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip",
	"wasm": "application/wasm", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml", "webp": "image/webp",
	"avif": "image/avif", "ico": "image/vnd.microsoft.icon", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff", "woff": "font/woff", "woff2": "font/woff2",
	"ttf": "font/ttf", "otf": "font/otf", "mp3": "audio/mpeg", "ogg": "audio/ogg", "wav": "audio/x-wav", "flac": "audio/flac", "mp4": "video/mp4", "webm": "video/webm",
	"md": "text/markdown", "ics": "text/calendar", "rss": "application/rss+xml", "atom": "application/atom+xml", "webmanifest": "application/manifest+json",
}

// findType looks at every extension of the file's name from left to right, as httpd does: each may say something else,
// and an unknown one in the middle makes what stood before it part of the name.
func findType(r *module.Request) module.Result {
	if r.Proxy != module.NotProxied {
		return module.Declined
	}
	if r.Info != nil && r.Info.IsDir() {
		r.ContentType = "httpd/unix-directory"
		return module.OK
	}
	v := settings.Of(r.Dir)
	name := path.Base(r.Filename)
	if v.pathInfo.Or(false) {
		name += r.PathInfo
	}
	parts := strings.Split(strings.TrimLeft(name, "."), ".")
	f := found{r: r, values: v, types: types.Of(r.Server.Settings).types}
	for _, ext := range parts[1:] {
		f.extension(strings.ToLower(ext))
	}
	f.apply()
	return module.OK
}

// found is what the extensions of one name said so far.
type found struct {
	r         *module.Request
	values    *values
	types     map[string]string
	mediaType string
	charset   string
	handler   string
	encodings []string
	languages []string
	outputs   string
}

func (f *found) extension(ext string) {
	known := false
	if t, ok := f.values.types[ext]; ok {
		f.mediaType, known = t, true
	} else if t, ok := f.types[ext]; ok {
		f.mediaType, known = t, true
	}
	if v := f.values.charsets[ext]; v != "" {
		f.charset, known = v, true
	}
	if v := f.values.languages[ext]; v != "" {
		f.languages, known = append(f.languages, v), true
	}
	if v := f.values.encodings[ext]; v != "" {
		f.encodings, known = append(f.encodings, v), true
	}
	if v := f.values.handlers[ext]; v != "" {
		f.handler, known = v, true
	}
	if v := f.values.outputs[ext]; v != "" {
		f.outputs, known = v, true
	}
	if v := f.values.inputs[ext]; v != "" {
		known = true
	}
	if !known {
		// What came before belongs to the name; handlers and filters stay (mod_mime: "multiple extensions").
		f.mediaType, f.charset, f.encodings, f.languages = "", "", nil, nil
	}
}

func (f *found) apply() {
	r := f.r
	if f.mediaType != "" {
		r.ContentType = f.mediaType
		if f.charset != "" {
			r.ContentType += "; charset=" + f.charset
		}
	}
	if len(f.encodings) > 0 {
		r.ContentEncoding = strings.Join(f.encodings, ", ")
	}
	r.Languages = f.languages
	if len(r.Languages) == 0 && f.values.defaultLanguage != "" {
		r.Languages = []string{f.values.defaultLanguage}
	}
	if f.handler != "" && r.Handler == "" {
		r.Handler = f.handler
	}
	if f.outputs != "" {
		r.Set(outputKey{}, strings.Split(f.outputs, ";"))
	}
}

type outputKey struct{}

// insertFilters puts the filters of AddOutputFilter in, by the names that other modules offer.
func insertFilters(r *module.Request) module.Result {
	names, _ := r.Get(outputKey{}).([]string)
	for _, name := range names {
		r.AddNamedFilter(name)
	}
	return module.Declined
}
