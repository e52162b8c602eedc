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

// findType looks at every extension of the file's name from left to right, as httpd does: each may say something else. What
// stands before the first dot is none.
func findType(r *module.Request) module.Result {
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
	f.exceptions = append(f.exceptions, parts[0])
	any := false
	for _, ext := range parts[1:] {
		if ext == "" {
			continue
		}
		if f.extension(strings.ToLower(ext)) || v.multiviews == multiviewsAny {
			any = true
		} else {
			f.exceptions = append(f.exceptions, ext)
		}
	}
	if any {
		r.SetNote("ap-mime-exceptions-list", strings.Join(f.exceptions, "."))
	}
	f.apply()
	return module.OK
}

// found is what the extensions of one name said so far.
type found struct {
	r          *module.Request
	values     *values
	types      map[string]string
	mediaType  string
	charset    string
	handler    string
	encodings  []string
	languages  []string
	outputs    []string
	inputs     []string
	exceptions []string // the name's parts that say nothing, for mod_negotiation
}

// extension says whether ext tells anything about the content.
func (f *found) extension(ext string) bool {
	v, known := f.values, false
	if t, ok := v.types[ext]; ok { // RemoveType leaves an empty one
		if t != "" {
			f.mediaType, known = t, true
		}
	} else if t, ok := f.types[ext]; ok {
		f.mediaType, known = t, true
	}
	if s := v.charsets[ext]; s != "" {
		f.charset, known = s, true
	}
	if s := v.languages[ext]; s != "" {
		f.languages, known = append(f.languages, s), true
	}
	if s := v.encodings[ext]; s != "" {
		f.encodings, known = append(f.encodings, s), true
	}
	// These say nothing of the content, unless MultiviewsMatch has them count.
	if s := v.handlers[ext]; s != "" {
		f.handler, known = s, known || v.multiviews&multiviewsHandlers != 0
	}
	if s := v.outputs[ext]; s != "" {
		f.outputs, known = append(f.outputs, strings.Split(s, ";")...), known || v.multiviews&multiviewsFilters != 0
	}
	if s := v.inputs[ext]; s != "" {
		f.inputs, known = append(f.inputs, strings.Split(s, ";")...), known || v.multiviews&multiviewsFilters != 0
	}
	return known
}

func (f *found) apply() {
	r := f.r
	if f.mediaType != "" {
		r.ContentType = withCharset(f.mediaType, f.charset)
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
	if f.outputs != nil {
		r.Set(outputKey{}, f.outputs)
	}
	if f.inputs != nil {
		r.Set(inputKey{}, f.inputs)
	}
}

// withCharset puts charset in the place of the one that the type has.
func withCharset(mediaType, charset string) string {
	if charset == "" {
		return mediaType
	}
	parts := strings.Split(mediaType, ";")
	out := strings.TrimSpace(parts[0])
	for _, p := range parts[1:] {
		if p = strings.TrimSpace(p); !strings.HasPrefix(strings.ToLower(p), "charset=") {
			out += "; " + p
		}
	}
	return out + "; charset=" + charset
}

type (
	outputKey struct{}
	inputKey  struct{}
)

// insertFilters puts the filters of AddOutputFilter and AddInputFilter in, by the names that other modules offer.
func insertFilters(r *module.Request) module.Result {
	inputs, _ := r.Get(inputKey{}).([]string)
	r.InsertInputFilters(inputs)
	names, _ := r.Get(outputKey{}).([]string)
	return r.InsertFilters(names)
}
