package module

import (
	"net/http"
	"strings"

	"transom/internal/observe"
)

// FilterWriter passes everything on to Next; filters embed it.
type FilterWriter struct{ Next http.ResponseWriter }

func (w *FilterWriter) Header() http.Header         { return w.Next.Header() }
func (w *FilterWriter) WriteHeader(status int)      { w.Next.WriteHeader(status) }
func (w *FilterWriter) Write(b []byte) (int, error) { return w.Next.Write(b) }
func (w *FilterWriter) Unwrap() http.ResponseWriter { return w.Next }
func (w *FilterWriter) Finish() error               { return nil }
func (w *FilterWriter) Flush() {
	if f, ok := w.Next.(http.Flusher); ok {
		f.Flush()
	}
}

// LateFilter is a filter that is chosen when the head is known: choose gives the writer that goes on, next itself if the
// response is none of the filter's business.
func LateFilter(choose func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter) OutputFilter {
	return func(next http.ResponseWriter) http.ResponseWriter {
		return &lateWriter{FilterWriter{next}, choose, nil}
	}
}

type lateWriter struct {
	FilterWriter
	choose func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter
	chosen http.ResponseWriter
}

func (w *lateWriter) WriteHeader(status int) {
	if status >= 100 && status < 200 {
		w.Next.WriteHeader(status)
		return
	}
	if w.chosen == nil {
		w.chosen = w.choose(w.Next, status, w.Next.Header())
		w.chosen.WriteHeader(status)
	}
}

func (w *lateWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.chosen.Write(b)
}

func (w *lateWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	if f, ok := w.chosen.(http.Flusher); ok {
		f.Flush()
	}
}

func (w *lateWriter) Finish() error {
	if f, ok := w.chosen.(Finisher); ok && w.chosen != w.Next {
		return f.Finish()
	}
	return nil
}

// CheckFilters is for directives that name output filters: what rewrites content and can't be done is an error, what
// httpd itself would only note at each request a warning.
func CheckFilters(c *Command, names []string) error {
	for _, name := range names {
		switch lower := strings.ToLower(name); {
		case c.Build.Site.HasFilter(name), lower == "none", lower == "":
		case lower == "includes":
			c.Warnf("%s INCLUDES: there is no mod_include: where Options Includes is in force such a file answers 500, elsewhere it is sent as it is", c.Name)
		case lower == "proxy-html", lower == "xml2enc", lower == "charset", lower == "sed":
			return &unsupportedFilter{c.Name, name}
		default:
			c.Warnf("%s %s: there is no such filter; content passes as if it were not named", c.Name, name)
		}
	}
	return nil
}

type unsupportedFilter struct{ directive, filter string }

func (e *unsupportedFilter) Error() string {
	return e.directive + " " + e.filter + " is not supported: the filter rewrites content, and without it what is sent would be wrong"
}

// HasFilter says whether a module offers an output filter of that name, or mod_filter declared one.
func (s *Site) HasFilter(name string) bool {
	for _, f := range s.Offered.Filters {
		if equalFold(f.Name, name) {
			return true
		}
	}
	return s.DeclaredFilters[strings.ToLower(name)]
}

// InsertFilters adds filters by name, for hooks of InsertFilter. Server-side includes are refused rather than shown.
func (r *Request) InsertFilters(names []string) Result {
	for _, name := range names {
		if r.AddNamedFilter(name) || !equalFold(name, "INCLUDES") || CoreDir.Of(r.Dir).Options.Bits()&OptIncludes == 0 {
			continue
		}
		r.Logf("core", observe.Error, "", "%s holds server-side includes, which are not run here", r.Filename)
		return http.StatusInternalServerError
	}
	return Declined
}

// CheckInputFilters is for directives that name filters of request bodies.
func CheckInputFilters(c *Command, names []string) {
	for _, name := range names {
		if _, ok := c.Build.Site.inputFilter(name); !ok && name != "" {
			c.Warnf("%s %s: there is no such filter; request bodies pass as if it were not named", c.Name, name)
		}
	}
}

func (s *Site) inputFilter(name string) (InputFilter, bool) {
	for _, f := range s.Offered.InputFilters {
		if equalFold(f.Name, name) {
			return f, true
		}
	}
	return InputFilter{}, false
}

// InsertInputFilters puts filters in front of the request's body, for hooks of InsertFilter: the first one named sees what the
// client sent.
func (r *Request) InsertInputFilters(names []string) {
	if r.Main != nil || r.HTTP.Body == nil || r.HTTP.ContentLength == 0 {
		return
	}
	for _, name := range names {
		if f, ok := r.Site.inputFilter(name); ok {
			f.Insert(r)
		}
	}
}
