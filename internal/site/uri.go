package site

import (
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/percent"
)

// decode splits and decodes the request's path (ap_normalize_path and ap_unescape_url): dots and double slashes are
// resolved, a malformed escape is 400, an encoded slash 404 unless AllowEncodedSlashes says otherwise.
func (s *Site) decode(r *module.Request) module.Result {
	for strings.HasPrefix(r.UnparsedURI, "//") { // those are one, whatever MergeSlashes says (ap_parse_uri)
		r.UnparsedURI = r.UnparsedURI[1:]
	}
	target := r.UnparsedURI
	if path, query, ok := plainTarget(target); ok && r.Method != "CONNECT" {
		r.URI, r.Query = path, query
		return module.OK
	}
	return s.decodeEscaped(r)
}

func (s *Site) decodeEscaped(r *module.Request) module.Result {
	target := r.UnparsedURI
	if target == "*" {
		r.URI = "*"
		if r.Method != "OPTIONS" {
			return 400
		}
		return module.OK
	}
	if r.Method == "CONNECT" {
		r.URI = target
		return module.OK
	}
	target = pathOf(target)
	path, query, _ := strings.Cut(target, "?")
	path, _, _ = strings.Cut(path, "#")
	r.Query = query
	core := module.CoreServer.Of(r.Server.Settings)
	decoded, status := unescape(path, core.AllowEncodedSlashes)
	if status != 0 {
		r.URI, _, _ = strings.Cut(decoded, "\x00") // for logs and pages, as far as httpd has it then
		r.Logf("core", observe.Info, "AH00026", "found %%2f (encoded '/') or a bad escape in URI path %q (decoded=%q), returning %d", path, decoded, status)
		return module.Result(status)
	}
	clean, ok := normalize(decoded, core.MergeSlashes.Or(true))
	if !ok {
		r.URI = decoded
		r.Logf("core", observe.Error, "AH10244", "invalid URI path (%s)", target)
		return 400
	}
	r.URI = clean
	return module.OK
}

// plainTarget takes a target apart in whose path nothing is escaped and nothing must be resolved, as in most.
func plainTarget(target string) (path, query string, ok bool) {
	if target == "" || target[0] != '/' {
		return "", "", false
	}
	for i := 1; i < len(target); i++ {
		switch target[i] {
		case '?':
			return target[:i], target[i+1:], true
		case '%', '#':
			return "", "", false
		case '/', '.':
			if target[i-1] == '/' {
				return "", "", false
			}
		}
	}
	return target, "", true
}

// pathOf cuts scheme and authority off an absolute-form target.
func pathOf(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	if i := strings.Index(target, "://"); i >= 0 {
		rest := target[i+3:]
		if j := strings.IndexAny(rest, "/?"); j >= 0 {
			if rest[j] == '?' {
				return "/" + rest[j:]
			}
			return rest[j:]
		}
		return "/"
	}
	return target
}

func unescape(s, slashes string) (string, int) {
	if strings.IndexByte(s, '%') < 0 {
		return s, 0
	}
	b := make([]byte, 0, len(s))
	status := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		c, ok := percent.Decode(s[i:])
		if !ok {
			return s, 400
		}
		switch {
		case c == 0:
			status = 404
		case c == '/' && slashes == "nodecode":
			b = append(b, s[i:i+3]...)
			i += 2
			continue
		case c == '/' && slashes != "on":
			status = 404
		}
		b = append(b, c)
		i += 2
	}
	return string(b), status
}

// normalize resolves "." and ".." segments, merges slashes if asked to, and refuses a path that climbs above its root
// or does not begin with a slash.
func normalize(p string, merge bool) (string, bool) {
	if !strings.HasPrefix(p, "/") {
		return p, false
	}
	if !strings.Contains(p, "/.") && !(merge && strings.Contains(p, "//")) {
		return p, true
	}
	var out []string
	segments := strings.Split(p[1:], "/")
	for i, seg := range segments {
		last := i == len(segments)-1
		switch {
		case seg == ".":
			if last {
				out = append(out, "")
			}
		case seg == "..":
			if len(out) == 0 {
				return p, false
			}
			out = out[:len(out)-1]
			if last {
				out = append(out, "")
			}
		case seg == "" && merge && !last:
		default:
			out = append(out, seg)
		}
	}
	return "/" + strings.Join(out, "/"), true
}
