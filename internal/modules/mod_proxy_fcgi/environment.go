package proxyfcgi

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
)

// Prepare makes the variables of a request for u.
func (scheme) Prepare(r *module.Request, u upstream.URL, req *upstream.Request) module.Result {
	b := settings.Of(r.Dir)
	u.Path = strings.TrimSuffix(u.Path, "?"+r.Query) // balancers carry it along
	if b.kind != "generic" && strings.Contains(u.Path, "?") {
		r.Logf("proxy_fcgi", observe.Error, "AH10414", "To be forwarded path contains '?' (%s)", u.Path)
		return http.StatusForbidden
	}
	file := "proxy:" + u.String() // php-fpm knows this form; of a plain path it might take PATH_TRANSLATED instead
	if b.kind == "generic" {
		file = u.Path
	}
	filename, pathInfo := r.Filename, r.PathInfo
	r.Filename = file
	splitPathInfo(r, u.Path)
	r.AddCGIVariables()
	r.Filename, r.PathInfo = filename, pathInfo
	if req.Body != nil && req.ContentLength < 0 {
		r.SetEnv("HTTP_TRANSFER_ENCODING", "chunked")
	}
	b.change(r)
	req.Env = fields(r.EnvMap())
	req.Stderr = func(text string) {
		r.Logf("proxy_fcgi", observe.Error, "AH01071", "Got error '%s'", text)
	}
	return module.OK
}

// splitPathInfo finds out where the script's name ends, as the variable proxy-fcgi-pathinfo says.
func splitPathInfo(r *module.Request, path string) {
	how, ok := r.Env("proxy-fcgi-pathinfo")
	if !ok {
		return
	}
	switch strings.ToLower(how) {
	case "full":
		name := unescape(path)
		if end := fileEnd(name); end > 0 {
			r.Filename, r.PathInfo = name[:end], name[end:]
		}
	case "first-dot":
		r.PathInfo = behindSlash(path, strings.IndexByte(path, '.'), r.PathInfo)
	case "last-dot":
		r.PathInfo = behindSlash(path, strings.LastIndexByte(path, '.'), r.PathInfo)
	case "unescape":
		r.PathInfo = unescape(path)
	default:
		r.PathInfo = path
	}
}

func behindSlash(path string, dot int, otherwise string) string {
	if dot < 0 {
		return otherwise
	}
	slash := strings.IndexByte(path[dot:], '/')
	if slash < 0 {
		return otherwise
	}
	return unescape(path[dot+slash:])
}

// fileEnd is how much of path is the name of a file, or 0.
func fileEnd(path string) int {
	for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '/') {
		if info, err := os.Stat(path[:end]); err == nil {
			if info.Mode().IsRegular() {
				return end
			}
			return 0
		}
	}
	return 0
}

// unescape leaves what can't be unescaped, and escaped slashes.
func unescape(path string) string {
	parts := strings.Split(strings.ReplaceAll(path, "%2f", "%2F"), "%2F")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err == nil {
			parts[i] = plain
		}
	}
	return strings.Join(parts, "%2F")
}

// change applies ProxyFCGISetEnvIf.
func (b *backend) change(r *module.Request) {
	for _, s := range b.sets {
		if s.unset {
			r.UnsetEnv(s.name)
			continue
		}
		ok, err := s.when(r)
		value := ""
		if ok && err == nil {
			value, err = s.value(r)
		}
		switch {
		case err != nil:
			r.Logf("proxy_fcgi", observe.Error, "", "ProxyFCGISetEnvIf %s: %v", s.name, err)
		case ok:
			r.SetEnv(s.name, value)
		}
	}
}

func fields(env map[string]string) []upstream.Field {
	list := make([]upstream.Field, 0, len(env))
	for name, value := range env {
		list = append(list, upstream.Field{Name: name, Value: value})
	}
	slices.SortFunc(list, func(a, b upstream.Field) int { return strings.Compare(a.Name, b.Name) })
	return list
}
