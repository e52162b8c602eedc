package module

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Compressor is what a content coding's filter needs to know (mod_deflate, mod_brotli).
type Compressor struct {
	Coding   string // in Accept-Encoding and Content-Encoding: "gzip"
	Skip     string // variable that turns it off: "no-gzip"
	Force    string // variable that leaves Accept-Encoding unasked: "force-gzip"; empty: none
	Settings *Compression
	Open     func(w io.Writer) CompressWriter
}

// CompressWriter is a compressor's stream.
type CompressWriter interface {
	io.WriteCloser
	Flush() error
}

// Filter is the output filter. Each flush of the handler reaches the client, so that event streams stay alive.
func (c *Compressor) Filter(r *Request) OutputFilter {
	return LateFilter(func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter {
		if !c.wants(r, status, h) {
			return next
		}
		appendVary(h, "Accept-Encoding")
		if _, forced := r.Env(c.Force); !(forced && c.Force != "") && !accepts(r.Values("Accept-Encoding"), c.Coding) {
			return next
		}
		encodings := append(h["Content-Encoding"], c.Coding)
		h["Content-Encoding"] = []string{strings.Join(encodings, ", ")}
		delete(h, "Content-Length")
		delete(h, "Content-Md5")
		delete(h, "Accept-Ranges") // of the plain form
		c.alter(h)
		if r.Method == http.MethodHead {
			return next
		}
		return &compressing{FilterWriter: FilterWriter{next}, c: c, r: r}
	})
}

func (c *Compressor) wants(r *Request, status int, h http.Header) bool {
	if _, off := r.Env(c.Skip); off || r.Main != nil || status == http.StatusNoContent || status == http.StatusNotModified ||
		status == http.StatusSwitchingProtocols || h.Get("Content-Range") != "" {
		return false
	}
	if n, err := strconv.Atoi(h.Get("Content-Length")); err == nil && n <= small {
		return false
	}
	mediaType := h.Get("Content-Type")
	if mediaType == "" {
		mediaType = r.ContentType
	}
	if _, only := r.Env("gzip-only-text/html"); only && !strings.HasPrefix(mediaType, "text/html") {
		return false
	}
	for _, list := range h["Content-Encoding"] {
		for _, e := range strings.Split(list, ",") {
			switch strings.ToLower(strings.TrimSpace(e)) {
			case "", "identity", "7bit", "8bit", "binary":
			default:
				return false // encoded already
			}
		}
	}
	return true
}

// small is the length up to which compressing costs more than it saves: gzip's head and end, and 50 bytes of header fields
// (mod_deflate).
const small = 10 + 8 + 50

// alter makes the entity tag another one, since the bytes are others.
func (c *Compressor) alter(h http.Header) {
	tag := h.Get("Etag")
	switch {
	case tag == "" || c.Settings.AlterETag == "NoChange":
	case c.Settings.AlterETag == "Remove":
		delete(h, "Etag")
	case strings.HasSuffix(tag, `"`):
		h.Set("Etag", strings.TrimSuffix(tag, `"`)+"-"+c.Coding+`"`)
	}
}

func appendVary(h http.Header, name string) {
	for _, list := range h["Vary"] {
		for _, v := range strings.Split(list, ",") {
			if v = strings.TrimSpace(v); v == "*" || equalFold(v, name) {
				return
			}
		}
	}
	h["Vary"] = []string{strings.Join(append(append([]string{}, h["Vary"]...), name), ",")}
}

// accepts says whether Accept-Encoding has a coding by name, and not with q=0.
func accepts(header []string, coding string) bool {
	for _, list := range header {
		for _, item := range strings.Split(list, ",") {
			name, params, _ := strings.Cut(item, ";")
			if !equalFold(strings.TrimSpace(name), coding) {
				continue
			}
			q, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q=")
			weight, err := strconv.ParseFloat(q, 32)
			return !ok || err != nil || weight > 0
		}
	}
	return false
}

// compressing is a response on its way through a compressor.
type compressing struct {
	FilterWriter
	c       *Compressor
	r       *Request
	w       CompressWriter
	in, out int64
}

// counted writes what comes out of the compressor.
type counted struct{ w *compressing }

func (c counted) Write(b []byte) (int, error) {
	n, err := c.w.Next.Write(b)
	c.w.out += int64(n)
	return n, err
}

func (w *compressing) open() CompressWriter {
	if w.w == nil {
		w.w = w.c.Open(counted{w})
	}
	return w.w
}

func (w *compressing) Write(b []byte) (int, error) {
	n, err := w.open().Write(b)
	w.in += int64(n)
	return n, err
}

func (w *compressing) Flush() {
	if w.w != nil && w.w.Flush() != nil {
		return
	}
	w.FilterWriter.Flush()
}

func (w *compressing) Finish() error {
	err := w.open().Close()
	w.c.Settings.note(w.r, w.in, w.out)
	return err
}
