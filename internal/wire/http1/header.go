package http1

import "net/http"

// ConnectionHas reports whether a Connection field lists option, in any case (RFC 9110 §7.6.1).
func ConnectionHas(fields []Field, option string) bool {
	for _, f := range fields {
		if len(f.Name) == len("Connection") && equalFold(f.Name, "Connection") && HasToken(f.Value, option) {
			return true
		}
	}
	return false
}

// Get returns the first value of the field with that name, in any case.
func Get(fields []Field, name string) string {
	for _, f := range fields {
		if equalFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Has reports whether a field with that name is there, in any case.
func Has(fields []Field, name string) bool {
	for _, f := range fields {
		if equalFold(f.Name, name) {
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

// Canonical is http.CanonicalHeaderKey without garbage for names that are canonical
// already or common.
func Canonical(name string) string {
	if canonical(name) {
		return name
	}
	var low [40]byte
	if len(name) <= len(low) {
		n := copy(low[:], name)
		for i, c := range low[:n] {
			if c >= 'A' && c <= 'Z' {
				low[i] = c | 0x20
			}
		}
		if known, ok := common[string(low[:n])]; ok {
			return known
		}
	}
	return http.CanonicalHeaderKey(name)
}

func canonical(name string) bool {
	upper := true
	for i := 0; i < len(name); i++ {
		c := name[i]
		if upper && c >= 'a' && c <= 'z' || !upper && c >= 'A' && c <= 'Z' {
			return false
		}
		upper = c == '-'
	}
	return true
}

// common maps lower-case names to their canonical form.
var common = func() map[string]string {
	m := make(map[string]string)
	for _, name := range []string{
		"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Accept-Ranges", "Age", "Allow", "Authorization",
		"Cache-Control", "Connection", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length",
		"Content-Location", "Content-Range", "Content-Security-Policy", "Content-Type", "Cookie", "Date", "Dnt", "Etag", "Expect",
		"Expires", "Forwarded", "From", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
		"If-Unmodified-Since", "Keep-Alive", "Last-Modified", "Link", "Location", "Max-Forwards", "Origin", "Pragma", "Priority",
		"Proxy-Authenticate", "Proxy-Authorization", "Range", "Referer", "Referrer-Policy", "Retry-After",
		"Sec-Ch-Ua", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site",
		"Sec-Fetch-User", "Sec-Websocket-Accept", "Sec-Websocket-Extensions", "Sec-Websocket-Key", "Sec-Websocket-Protocol",
		"Sec-Websocket-Version", "Server", "Set-Cookie", "Strict-Transport-Security", "Te", "Trailer", "Transfer-Encoding",
		"Upgrade", "Upgrade-Insecure-Requests", "User-Agent", "Vary", "Via", "Warning", "Www-Authenticate",
		"X-Content-Type-Options", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Server",
		"X-Frame-Options", "X-Powered-By", "X-Real-Ip", "X-Request-Id", "X-Requested-With", "X-Xss-Protection",
	} {
		m[lower(name)] = name
	}
	return m
}()

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}
