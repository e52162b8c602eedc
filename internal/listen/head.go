package listen

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"transom/internal/wire/http1"
)

// decide completes the head in buf: how the content ends, and whether the connection goes
// on. Both fields are httpd's last.
func (w *response) decide() {
	w.decided = true
	b, h := w.buf, &w.x.head
	switch {
	case w.noBody:
		if w.length >= 0 && (h.Method == "HEAD" || w.status == http.StatusNotModified) {
			b = appendLength(b, w.length)
		}
	case w.length >= 0:
		b = appendLength(b, w.length)
	case h.Major == 1 && h.Minor > 0 && w.x.info.Bad == nil:
		w.chunked = true
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	default:
		w.close = true // the content ends with the connection
	}
	w.buf = append(w.appendConnection(b), "\r\n"...)
}

func appendLength(b []byte, n int64) []byte {
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

// appendConnection decides as httpd's ap_set_keepalive.
func (w *response) appendConnection(b []byte) []byte {
	x, s := w.x, w.x.settings
	used := x.conn.keepalives
	options := w.options()
	unread := x.body.unread()
	switch {
	case x.closeAfter || x.abort || unread || dropsConnection(w.status) || w.status == http.StatusSwitchingProtocols,
		!s.KeepAlive || s.MaxKeepAliveRequests > 0 && used >= s.MaxKeepAliveRequests,
		x.conn.server.draining.Load():
		w.close = true
		// The client did not expect it: it may be sending.
		w.linger = x.head.KeepAlive || unread
	case !x.head.KeepAlive:
		w.close = true
	}
	if w.close {
		return http1.AppendField(b, "Connection", options+"close")
	}
	if x.head.KeepAliveAsk {
		b = append(b, "Keep-Alive: timeout="...)
		b = strconv.AppendInt(b, int64(s.KeepAliveTimeout.Seconds()), 10)
		if s.MaxKeepAliveRequests > 0 {
			b = append(b, ", max="...)
			b = strconv.AppendInt(b, int64(s.MaxKeepAliveRequests-used), 10)
		}
		b = append(b, "\r\n"...)
		options += "Keep-Alive, "
	}
	if options != "" {
		b = http1.AppendField(b, "Connection", strings.TrimSuffix(options, ", "))
	}
	return b
}

// options are those that the handler set in Connection, each followed by a comma, without
// the two that are the server's. close among them closes.
func (w *response) options() (list string) {
	if len(w.header) == 0 {
		return ""
	}
	for _, v := range w.header["Connection"] {
		for e, rest, ok := http1.NextElement(v); ok; e, rest, ok = http1.NextElement(rest) {
			switch {
			case http1.EqualFold(e, "close"):
				w.x.closeAfter = true
			case http1.IsToken(e) && !http1.EqualFold(e, "keep-alive"):
				list += e + ", "
			}
		}
	}
	return list
}

// dropsConnection are the statuses after which httpd trusts no further request.
func dropsConnection(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestTimeout, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusInternalServerError, http.StatusServiceUnavailable, http.StatusNotImplemented:
		return true
	}
	return false
}

// appendHeader appends the handler's fields but those that are the server's to write:
// first in the order they were received in, then by name.
func (w *response) appendHeader(b []byte, interim bool) []byte {
	var room [24]string
	names := room[:0]
	for name := range w.header {
		if !servers(name) && !w.isTrailer(name) && !(interim && name == "Date") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(w.order) > 0 {
		b, names = w.appendReceived(b, names)
	}
	for _, name := range names {
		for _, v := range w.header[name] {
			b = http1.AppendField(b, name, v)
		}
	}
	return b
}

// appendListed appends order, which is the whole header.
func (w *response) appendListed(b []byte) []byte {
	for i := range w.order {
		switch f := &w.order[i]; f.ID() {
		case http1.Connection, http1.KeepAlive, http1.ContentLength, http1.TransferEncoding: // the server's
		default:
			b = f.AppendTo(b)
		}
	}
	return b
}

// appendReceived writes the fields of order whose values the header still has, and
// returns the names that are left. They are sorted.
func (w *response) appendReceived(b []byte, names []string) ([]byte, []string) {
	var room [24]int
	same := append(room[:0], make([]int, len(names))...) // values of each name that are order's; others: -1
	for i := range w.order {
		f := &w.order[i]
		at, ok := slices.BinarySearch(names, f.Canonical())
		if !ok || same[at] < 0 {
			continue
		}
		if values := w.header[names[at]]; same[at] < len(values) && values[same[at]] == f.Value {
			same[at]++
		} else {
			same[at] = -1
		}
	}
	for i := range w.order {
		f := &w.order[i]
		if at, ok := slices.BinarySearch(names, f.Canonical()); ok && same[at] == len(w.header[names[at]]) {
			b = f.AppendTo(b)
		}
	}
	left := names[:0]
	for at, name := range names {
		if same[at] != len(w.header[name]) {
			left = append(left, name)
		}
	}
	return b, left
}

// servers are the fields that the server writes itself.
func servers(name string) bool {
	switch len(name) {
	case len("Connection"): // and Keep-Alive
		return http1.EqualFold(name, "Connection") || http1.EqualFold(name, "Keep-Alive")
	case len("Content-Length"):
		return http1.EqualFold(name, "Content-Length")
	case len("Transfer-Encoding"):
		return http1.EqualFold(name, "Transfer-Encoding")
	}
	return strings.HasPrefix(name, http.TrailerPrefix)
}

// isTrailer reports whether Trailer announces name for later.
func (w *response) isTrailer(name string) bool {
	for _, v := range w.header["Trailer"] {
		if http1.HasToken(v, name) {
			return true
		}
	}
	return false
}

// trailers are what the handler announced in Trailer, then by name what it set with http.TrailerPrefix.
func (w *response) trailers() (fields []http1.Field) {
	add := func(name string, values []string) {
		if http1.ForbiddenTrailer(name) {
			return
		}
		for _, v := range values {
			fields = append(fields, http1.Field{Name: name, Value: v})
		}
	}
	for _, v := range w.header["Trailer"] {
		for e, rest, ok := http1.NextElement(v); ok; e, rest, ok = http1.NextElement(rest) {
			add(e, w.header[http1.Canonical(e)])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.header)) {
		if rest, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			add(rest, w.header[name])
		}
	}
	return fields
}
