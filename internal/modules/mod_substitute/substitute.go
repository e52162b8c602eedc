package substitute

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/regex"
)

// maxLine is httpd's default for SubstituteMaxLineLength.
const maxLine = 1 << 20

func substitute(r *module.Request) module.OutputFilter {
	v := settings.Of(r.Dir)
	if len(v.rules) > 0 && r.Proxy == module.NotProxied {
		r.Header().Del("Range") // ranges of the file are not those of what is sent
	}
	return module.LateFilter(func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter {
		if len(v.rules) == 0 || status == http.StatusNoContent || status == http.StatusNotModified {
			return next
		}
		delete(h, "Content-Length")
		delete(h, "Content-Md5")
		if r.Method == http.MethodHead {
			return next
		}
		limit := v.maxLine
		if limit == 0 {
			limit = maxLine
		}
		return &writer{FilterWriter: module.FilterWriter{Next: next}, r: r, rules: v.rules, limit: limit}
	})
}

// writer replaces line by line; what has no end yet waits for the rest, also when the handler flushes.
type writer struct {
	module.FilterWriter
	r     *module.Request
	rules []*rule
	limit int
	line  []byte
	err   error
}

func (w *writer) Write(b []byte) (int, error) {
	total := len(b)
	for len(b) > 0 && w.err == nil {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			w.line = append(w.line, b...)
			if len(w.line) > w.limit {
				w.fail(fmt.Errorf("Line too long, URI %s", w.r.URI))
			}
			break
		}
		// The line's end belongs to the line, as in httpd: a pattern may match it.
		w.line = append(w.line, b[:i+1]...)
		b = b[i+1:]
		w.send()
	}
	if w.err != nil {
		return 0, w.err
	}
	return total, nil
}

// send replaces in the line that is there, and forgets it.
func (w *writer) send() {
	if len(w.line) > w.limit {
		w.fail(fmt.Errorf("Line too long, URI %s", w.r.URI))
		return
	}
	text := string(w.line)
	w.line = w.line[:0]
	for _, rule := range w.rules {
		var err error
		if text, err = rule.apply(text, w.limit); err != nil {
			w.fail(err)
			return
		}
	}
	_, w.err = w.Next.Write([]byte(text))
}

// fail ends the response as a broken one: half of it has been sent.
func (w *writer) fail(err error) {
	w.err = err
	w.r.Logf("substitute", observe.Error, "AH01328", "%v", err)
	w.r.Conn.Abort()
}

func (w *writer) Finish() error {
	if w.err == nil && len(w.line) > 0 {
		w.send()
	}
	return w.err
}

func (r *rule) apply(text string, limit int) (string, error) {
	if r.anyCase != nil {
		return r.anyCase.ReplaceAllLiteralString(text, r.replacement), nil
	}
	if r.fixed != "" {
		return strings.ReplaceAll(text, r.fixed, r.replacement), nil
	}
	var out strings.Builder
	rest := r.pattern.Rest(text)
	for rest.String() != "" {
		m, err := rest.Match()
		if err != nil {
			return "", err
		}
		if !m.Matched() {
			break
		}
		start, end := m.Index(0)
		out.WriteString(rest.String()[:start])
		out.WriteString(regex.Expand(r.replacement, m))
		if end == start && end < len(rest.String()) { // an empty match: go on behind the next character
			out.WriteByte(rest.String()[end])
			end++
		}
		rest.Skip(end)
		if out.Len() > limit {
			return "", fmt.Errorf("Line too long once replaced")
		}
	}
	out.WriteString(rest.String())
	return out.String(), nil
}
