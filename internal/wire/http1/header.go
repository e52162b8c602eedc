package http1

import "net/http"

// ConnectionHas reports whether a Connection field lists option, in any case (RFC 9110 §7.6.1).
func ConnectionHas(fields []Field, option string) bool {
	for _, f := range fields {
		if len(f.Name) == len("Connection") && EqualFold(f.Name, "Connection") && HasToken(f.Value, option) {
			return true
		}
	}
	return false
}

// Get returns the first value of the field with that name, in any case.
func Get(fields []Field, name string) string {
	for _, f := range fields {
		if EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether a field with that name is there, in any case.
func Has(fields []Field, name string) bool {
	for _, f := range fields {
		if EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Header makes an http.Header of fields, leaving skip out (net/http keeps Host out of a
// request's).
func Header(fields []Field, skip string) http.Header { return FillHeader(nil, nil, fields, skip) }

// FillHeader is Header with memory to use: an empty map, or nil, and room for the values,
// which share one array.
func FillHeader(h http.Header, values []string, fields []Field, skip string) http.Header {
	if h == nil {
		h = make(http.Header, len(fields))
	}
	if len(values) < len(fields) {
		values = make([]string, len(fields))
	}
	for i, f := range fields {
		name := Canonical(f.Name)
		if name == skip {
			continue
		}
		if old, ok := h[name]; ok {
			h[name] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		h[name] = values[i : i+1 : i+1]
	}
	return h
}
