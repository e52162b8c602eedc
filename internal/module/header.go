package module

import (
	"net/http"
	"strings"

	"transom/internal/wire/http1"
)

// Header is the request's header, without Host, for who goes through it or edits it: from then on it is what counts, and no longer
// Conn.Fields. Field and Joined don't make it.
func (r *Request) Header() http.Header {
	if r.HTTP.Header == nil {
		r.HTTP.Header = r.Conn.Header()
	}
	return r.HTTP.Header
}

// Untouched says that the header is still Conn.Fields: nobody has asked for Header.
func (r *Request) Untouched() bool { return r.HTTP.Header == nil }

// Fields is the header as a list: Conn.Fields, or in any order what became of them.
func (r *Request) Fields() []http1.Field {
	if r.Untouched() {
		return r.Conn.Fields
	}
	var list []http1.Field
	for name, values := range r.Header() {
		for _, v := range values {
			list = append(list, http1.Field{Name: name, Value: v})
		}
	}
	return list
}

// Field is the first value of a field, "" without one. Its name is in canonical form, and not Host.
func (r *Request) Field(name string) string {
	if r.Untouched() {
		return http1.Get(r.Conn.Fields, name)
	}
	if values := r.HTTP.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Joined is Field with the values of all lines, as httpd joins them (RFC 9110 5.2).
func (r *Request) Joined(name string) (value string, set bool) {
	if !r.Untouched() {
		values := r.HTTP.Header[name]
		return strings.Join(values, ", "), len(values) > 0
	}
	for i := range r.Conn.Fields {
		f := &r.Conn.Fields[i]
		switch {
		case !http1.EqualFold(f.Name, name):
		case set:
			value += ", " + f.Value
		default:
			value, set = f.Value, true
		}
	}
	return value, set
}

// Values are those of all lines of a field.
func (r *Request) Values(name string) (values []string) {
	if !r.Untouched() {
		return r.HTTP.Header[name]
	}
	for i := range r.Conn.Fields {
		if f := &r.Conn.Fields[i]; http1.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// BasicAuth are the credentials in Authorization.
func (r *Request) BasicAuth() (user, password string, ok bool) {
	if r.Field("Authorization") == "" {
		return "", "", false
	}
	r.Header()
	return r.HTTP.BasicAuth()
}
