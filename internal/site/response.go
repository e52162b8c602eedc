package site

import (
	"errors"
	"io"
	"net/http"

	"transom/internal/module"
	"transom/internal/rawnet"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// response is the end of the filter chain: it completes the header, counts the body, and writes to the listener.
type response struct {
	next    http.ResponseWriter
	request *module.Request // whose header callbacks apply; changes with internal redirects
	wrote   bool
	aside   bool // next is not the listener's
}

func (w *response) belongTo(r *module.Request) { w.request, r.Writer, r.Head = r, w, w }

func (w *response) Header() http.Header { return w.next.Header() }

// Unwrap leads http.ResponseController and the take-over of the connection to the listener's writer.
func (w *response) Unwrap() http.ResponseWriter { return w.next }

func (w *response) WriteHeader(status int) {
	if w.wrote {
		return
	}
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.next.WriteHeader(status)
		return
	}
	w.wrote = true
	r := w.request
	if status == http.StatusOK && r.RedirectNow != 0 {
		status = r.RedirectNow // an ErrorDocument is sent with the error's status
	}
	r.Status = status
	h := w.next.Header()
	if h.Get("Content-Type") == "" && r.ContentType != "" && status != http.StatusNotModified && status != http.StatusNoContent {
		h.Set("Content-Type", r.ContentType)
	}
	r.RunBeforeHeaders(status, h)
	for name, values := range r.ErrHeader {
		h[name] = append(append([]string{}, values...), h[name]...)
	}
	if _, named := h["Server"]; !named || r.Proxy == module.NotProxied {
		h["Server"] = r.Site.ServerHeader // an origin server's own name stays (ap_basic_http_header)
	}
	w.next.WriteHeader(status)
}

// WriteFields is WriteHeader for a header that is a list already, as an origin server's is. It reports false, and has done nothing,
// if anybody has a say in the header or the status.
func (w *response) WriteFields(status int, reason string, fields []http1.Field) bool {
	r := w.request
	if w.wrote || w.aside || r.Layered() || len(r.ErrHeader) > 0 || r.RedirectNow != 0 || r.ContentType != "" {
		return false
	}
	if !http1.Has(fields, "Server") {
		fields = append(fields, http1.Field{Name: "Server", Value: r.Site.Banner})
	}
	if !r.Conn.WriteFields(status, reason, fields) {
		return false
	}
	w.wrote, r.Status = true, status
	return true
}

func (w *response) Write(b []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.next.Write(b)
	w.request.BytesSent += int64(n)
	return n, err
}

// ReadFrom lets the listener use sendfile.
func (w *response) ReadFrom(src io.Reader) (int64, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	var n int64
	var err error
	if rf, ok := w.next.(io.ReaderFrom); ok {
		n, err = rf.ReadFrom(src)
	} else {
		n, err = io.Copy(struct{ io.Writer }{w.next}, src)
	}
	w.request.BytesSent += n
	return n, err
}

// SpliceFrom lets the listener use splice; see there.
func (w *response) SpliceFrom(src *rawnet.Conn, max int64) (n int64, srcErr, err error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	s, ok := w.next.(upstream.Splicer)
	if !ok {
		return 0, errors.ErrUnsupported, nil
	}
	n, srcErr, err = s.SpliceFrom(src, max)
	w.request.BytesSent += n
	return n, srcErr, err
}

func (w *response) Flush() {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	if f, ok := w.next.(http.Flusher); ok {
		f.Flush()
	}
}
