package site

import (
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
)

// defaultRecursion is what LimitInternalRecursion is without a word.
const defaultRecursion = 10

// die sends the answer for a status: the ErrorDocument if there is one, else a page of our own (ap_die).
func (s *Site) die(r *module.Request, status int) {
	out := r.Writer.(*response)
	if bad := r.Conn.Bad; bad != nil && bad.LogOnly {
		r.Status = status
		return
	}
	if out.wrote {
		r.Conn.Abort()
		return
	}
	first := status
	if r.RedirectNow != 0 {
		// An error inside an ErrorDocument: the first error's page, without another document.
		first = r.RedirectNow
	} else if doc, ok := module.CoreDir.Of(r.Dir).ErrorDocuments[status]; ok && s.errorDocument(r, status, doc) {
		return
	}
	s.errorPage(r, first, "")
}

// conditions are about what the client asked for, not about the document that tells of the error.
var conditions = []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"}

// errorDocument answers by an ErrorDocument; false means that a page of our own must do.
func (s *Site) errorDocument(r *module.Request, status int, doc module.ErrorDocument) bool {
	text, path := doc.Text, doc.Path
	if doc.Dynamic != nil {
		if doc.IsText {
			text = doc.Dynamic(r)
		} else {
			path = doc.Dynamic(r)
		}
	}
	switch {
	case doc.IsText:
		s.errorPage(r, status, text)
	case doc.URL != "" || !strings.HasPrefix(path, "/") && strings.Contains(path, "://"):
		if doc.Dynamic == nil {
			path = doc.URL
		}
		r.ResetFilters()
		clear(r.Writer.Header())
		r.Writer.Header().Set("Location", path)
		s.errorPage(r, http.StatusFound, "")
	case path != "":
		r.Status = status
		clear(r.Writer.Header())
		s.redirect(r, path, func(n *module.Request) {
			n.RedirectNow = status
			n.Method, n.HTTP.Method = "GET", "GET"
			for _, name := range conditions {
				n.Header().Del(name)
			}
			n.SetEnv("REDIRECT_STATUS", strconv.Itoa(status))
			n.SetEnv("REDIRECT_URL", r.URI)
			if r.Query != "" {
				n.SetEnv("REDIRECT_QUERY_STRING", r.Query)
			}
			if note := r.Notes["error-notes"]; note != "" {
				n.SetEnv("REDIRECT_ERROR_NOTES", note)
			}
		})
	default:
		return false
	}
	return true
}

// errorPage writes text, or a page of our own, with the filters that apply to errors.
func (s *Site) errorPage(r *module.Request, status int, text string) {
	h := r.Writer.Header()
	location := h.Get("Location")
	if status >= 300 {
		keep := http.Header{}
		for _, name := range []string{"Location", "Www-Authenticate", "Proxy-Authenticate", "Allow", "Retry-After", "Connection", "Upgrade"} {
			if v, ok := h[name]; ok {
				keep[name] = v
			}
		}
		clear(h)
		for k, v := range keep {
			h[k] = v
		}
	}
	// As httpd does, so that "Header always" starts with an empty table.
	for name, values := range r.ErrHeader {
		h[name] = values
	}
	r.ErrHeader = nil
	r.ResetFilters()
	r.ContentType = ""
	r.Status = status
	s.run(module.InsertErrorFilter, r)
	base := r.Writer
	w, finish := r.Filtered(base)
	if status == http.StatusNotModified || status == http.StatusNoContent {
		w.WriteHeader(status)
	} else {
		if text == "" {
			text = page(r, status, location)
		}
		h.Set("Content-Type", "text/html; charset=iso-8859-1")
		h.Set("Content-Length", strconv.Itoa(len(text)))
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprint(w, text)
		}
	}
	if err := finish(); err != nil {
		r.Logf("core", observe.Info, "", "sending the error page: %v", err)
	}
}

// page is Transom's own error page.
func page(r *module.Request, status int, location string) string {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html><head><title>%s</title></head>\n<body>\n<h1>%s</h1>\n<p>%s</p>\n",
		title, html.EscapeString(http.StatusText(status)), explanation(r, status, location))
	if note := r.Notes["error-notes"]; note != "" {
		fmt.Fprintf(&b, "<p>%s</p>\n", note)
	}
	b.WriteString(module.Signature(r))
	b.WriteString("</body></html>\n")
	return b.String()
}

var explanations = map[int]string{
	400: "The server could not understand this request.",
	401: "A user name and password are needed to see this, and the ones sent, if any, were not accepted.",
	403: "Access to this resource is not allowed.",
	404: "There is nothing at this address on this server.",
	405: "The method %s is not allowed for this address.",
	408: "The request did not arrive in time.",
	411: "A request of this kind must say how long its body is.",
	412: "A condition in the request's header does not hold.",
	413: "The request is larger than this server takes.",
	414: "The request's address is longer than this server takes.",
	416: "None of the ranges asked for lies within the resource.",
	417: "What the Expect header asks for can't be met.",
	429: "Too many requests.",
	431: "The request's header is larger than this server takes.",
	500: "The server met an error while it prepared the answer. Its error log says more.",
	501: "The server does not know how to carry out the method %s.",
	502: "The server behind this proxy sent no valid answer.",
	503: "The service is not available at the moment. Please try again later.",
	504: "The server behind this proxy did not answer in time.",
	505: "This version of HTTP is not spoken here.",
}

func explanation(r *module.Request, status int, location string) string {
	if location != "" && status >= 300 && status < 400 {
		return fmt.Sprintf(`The document is <a href="%s">here</a>.`, html.EscapeString(location))
	}
	text, ok := explanations[status]
	if !ok {
		return "The request ended with this status."
	}
	if strings.Contains(text, "%s") {
		text = fmt.Sprintf(text, html.EscapeString(r.Method))
	}
	return text
}
