package http1

import (
	"net/http"
	"slices"
)

// Get returns the first value of the field with that name, in any case.
func Get(fields []Field, name string) string {
	for i := range fields {
		if EqualFold(fields[i].Name, name) {
			return fields[i].Value
		}
	}
	return ""
}

// Has reports whether a field with that name is there, in any case.
func Has(fields []Field, name string) bool {
	for i := range fields {
		if EqualFold(fields[i].Name, name) {
			return true
		}
	}
	return false
}

// Find is the first field of that name, nil if there is none.
func Find(fields []Field, id ID) *Field {
	for i := range fields {
		if fields[i].ID() == id {
			return &fields[i]
		}
	}
	return nil
}

// Repeats reports whether a name occurs twice.
func Repeats(fields []Field) bool {
	var f framing
	f.scan(fields)
	return f.repeats(fields)
}

// few are so many names that comparing each with each costs least.
const few = 8

func repeatsUncommon(fields []Field, n int) bool {
	if n > few {
		return len(uncommonNames(fields)) < n
	}
	for i := range fields {
		if fields[i].ID() == Uncommon && Has(fields[:i], fields[i].Name) {
			return true
		}
	}
	return false
}

func uncommonNames(fields []Field) map[string]bool {
	names := map[string]bool{}
	for i := range fields {
		if fields[i].ID() == Uncommon {
			names[fields[i].Canonical()] = true
		}
	}
	return names
}

// FillHeader makes an http.Header of fields, leaving skip out (net/http keeps Host out of a request's), in memory to use: an empty
// map, or nil, and room for the values, which share one array.
func FillHeader(h http.Header, values []string, fields []Field, skip string) http.Header {
	if h == nil {
		h = make(http.Header, len(fields))
	}
	if len(values) < len(fields) {
		values = make([]string, len(fields))
	}
	repeated := false
	for i := range fields {
		f := &fields[i]
		name := f.Canonical()
		if name == skip {
			continue
		}
		if repeated {
			if old, ok := h[name]; ok {
				h[name] = append(old, f.Value)
				continue
			}
		}
		values[i] = f.Value
		n := len(h)
		h[name] = values[i : i+1 : i+1]
		if len(h) == n { // it was there: put it back, and look first from now on
			repeated = true
			first := slices.IndexFunc(fields, func(f Field) bool { return f.Canonical() == name })
			h[name] = []string{fields[first].Value, f.Value}
		}
	}
	return h
}
