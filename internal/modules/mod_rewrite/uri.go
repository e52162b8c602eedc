package rewrite

import (
	"net/http"
	"os"
	"os/user"
	"path"
	"strings"

	"transom/internal/module"
)

const proxyPrefix = "proxy:"

func isProxied(r *module.Request) bool {
	return r.Proxy != module.NotProxied && strings.HasPrefix(r.Filename, proxyPrefix)
}

// qualify makes a path a URL of this server.
func (ctx *context) qualify() {
	r := ctx.r
	if r.Method == http.MethodConnect || isAbsolute(r.Filename) {
		return
	}
	if !strings.HasPrefix(r.Filename, "/") {
		r.Filename = "/" + r.Filename
	}
	r.Filename = r.AbsoluteURL(r.Filename)
}

type reducedKey struct{} // marks requests whose URL of this server became a path

// reduce makes a URL of this server a path.
func (ctx *context) reduce() {
	r := ctx.r
	n, _ := schemeOf(r.Filename)
	scheme := r.HTTPScheme()
	if n == 0 || !strings.EqualFold(r.Filename[:n], scheme+"://") {
		return
	}
	rest := r.Filename[n:]
	authority, uri := rest, "/"
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		authority, uri = rest[:slash], rest[slash:]
	}
	host, portText, hasPort := strings.Cut(authority, ":")
	port := 80
	switch {
	case hasPort:
		port = atoi(portText)
	case scheme == "https":
		port = 443
	}
	if !isThisServer(r.Server, host, port) {
		return
	}
	ctx.log(3, "reduce %s -> %s", r.Filename, uri)
	r.Filename = uri
	if !ctx.server.options.has(legacyPrefixDocRoot) {
		r.Set(reducedKey{}, true)
	}
}

// isThisServer is httpd's ap_matches_request_vhost: the names count only with the very port that ServerName gives.
func isThisServer(s *module.Server, host string, port int) bool {
	for _, a := range s.Addresses {
		if (a.Port == 0 || a.Port == port) && a.IP.IsValid() && strings.EqualFold(a.IP.String(), host) {
			return true
		}
	}
	if port != s.Port {
		return false
	}
	host = strings.ToLower(host)
	if host == s.Name {
		return true
	}
	for _, name := range s.Aliases {
		if host == name {
			return true
		}
	}
	for _, pattern := range s.Wildcards {
		if ok, _ := path.Match(pattern, host); ok {
			return true
		}
	}
	return false
}

// inFileSystem says whether a path is a file's rather than a URL's: its first component exists at the root, and it is not
// the client who chose it (CVE-2024-38475).
func (ctx *context) inFileSystem(name string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(name, "/"), "/")
	root := "/" + first
	if _, err := os.Stat(root); err != nil {
		return false
	}
	p := ctx.lastSubstitution
	if p == nil {
		ctx.log(3, "prefix_stat no lastsub subst prefix %s", root)
		return true
	}
	if p.allowPrefixStat || ctx.server.options.has(unsafePrefixStat) || strings.HasPrefix(p.output, root) {
		return true
	}
	for _, dir := range []string{documentRoot(ctx.r), ctx.r.Notes["context-document-root"]} {
		if dir != "" && isBelow(name, dir) {
			return true
		}
	}
	return false
}

func isBelow(name, dir string) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(dir, "/"))
	return ok && (rest == "" || rest[0] == '/')
}

func documentRoot(r *module.Request) string {
	return module.CoreServer.Of(r.Server.Settings).DocumentRoot
}

// expandTilde replaces /~user by the user's home directory.
func expandTilde(name string) string {
	rest, ok := strings.CutPrefix(name, "/~")
	if !ok {
		return name
	}
	who, path := rest, ""
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		who, path = rest[:slash], rest[slash:]
	}
	u, err := user.Lookup(who)
	if who == "" || err != nil || u.HomeDir == "" {
		return name
	}
	if path == "" {
		return u.HomeDir
	}
	return strings.TrimSuffix(u.HomeDir, "/") + path
}

// climbs says whether a path leads above where it begins.
func climbs(name string) bool {
	depth := 0
	for _, segment := range strings.Split(name, "/") {
		switch segment {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return false
}

// replacePrefix puts subst in place of a path's prefix; ok is false if the path doesn't begin with it.
func (ctx *context) replacePrefix(name, prefix, subst string) (string, bool) {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(prefix, "/"))
	if !ok || !strings.HasPrefix(rest, "/") {
		return name, false
	}
	ctx.log(5, "strip matching prefix: %s -> %s", name, rest[1:])
	if subst != "" && !strings.HasSuffix(subst, "/") {
		subst += "/"
	}
	ctx.log(4, "add subst prefix: %s -> %s", rest[1:], subst+rest[1:])
	return subst + rest[1:], true
}
