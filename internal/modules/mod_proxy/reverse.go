package proxy

import (
	"strings"

	"transom/internal/module"
)

// mapping is one ProxyPassReverse, ProxyPassReverseCookieDomain or -Path: what the origin says, and what the client gets.
type mapping struct {
	inside      string // of the origin: a URL, a domain, a path
	outside     string
	interpolate bool
}

// of is the mapping with the request's variables put in.
func (m mapping) of(x *exchange) mapping {
	if m.interpolate && x.dir.interpolate.Or(false) {
		m.inside, m.outside = interpolate(x.r, m.inside), interpolate(x.r, m.outside)
	}
	return m
}

// reverseURL applies ProxyPassReverse to a URL of the response, the first that fits.
func (x *exchange) reverseURL(url string) string {
	if x.r.Proxy != module.ReverseProxied {
		return url
	}
	for _, m := range x.dir.reverse {
		m = m.of(x)
		mapped, ok := "", false
		if isBalancerURL(m.inside) {
			mapped, ok = x.reverseMember(m, url)
		} else {
			mapped, ok = reversePlain(m, url)
		}
		if ok {
			return x.absolute(mapped)
		}
	}
	return url
}

func (x *exchange) absolute(url string) string {
	if isURL(url) {
		return url
	}
	return x.r.AbsoluteURL(url)
}

// isURL is httpd's ap_is_url: a scheme and a colon.
func isURL(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':':
			return i > 0
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		default:
			return false
		}
	}
	return false
}

// reversePlain compares with a URL or, if the mapping is for a path, with the path of one.
func reversePlain(m mapping, url string) (string, bool) {
	part := url
	if strings.HasPrefix(m.inside, "/") {
		if i := strings.Index(url, "://"); i >= 0 {
			if j := strings.IndexByte(url[i+3:], '/'); j >= 0 {
				part = url[i+3+j:]
			}
		}
	}
	rest, ok := cutPrefixFold(part, m.inside)
	return m.outside + rest, ok && m.inside != ""
}

// reverseMember finds the balancer's member that a URL belongs to.
func (x *exchange) reverseMember(m mapping, url string) (string, bool) {
	b := x.rt.balancer(m.inside)
	if b == nil {
		return reversePlain(m, url)
	}
	path := ""
	if i := strings.IndexByte(m.inside[len("balancer://"):], '/'); i >= 0 {
		path = m.inside[len("balancer://")+i:]
	}
	for _, w := range b.Members {
		name := w.URL
		name.Socket = ""
		prefix := name.String()
		if path == "" || path == "/" {
			if rest, ok := cutPrefixFold(url, prefix); ok {
				if m.outside == "/" && strings.HasPrefix(rest, "/") {
					return rest, true
				}
				return m.outside + rest, true
			}
			continue
		}
		rest, ok := cutPrefixFold(url, strings.TrimSuffix(prefix, "/"))
		if !ok {
			continue
		}
		if rest, ok = strings.CutPrefix(rest, path); ok {
			return m.outside + rest, true
		}
	}
	return "", false
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// reverseCookie applies ProxyPassReverseCookiePath and -Domain to a Set-Cookie field.
func (x *exchange) reverseCookie(cookie string) string {
	if x.r.Proxy != module.ReverseProxied || len(x.dir.cookiePaths)+len(x.dir.cookieDomains) == 0 {
		return cookie
	}
	cookie = x.reverseAttribute(cookie, "path=", x.dir.cookiePaths, false)
	return x.reverseAttribute(cookie, "domain=", x.dir.cookieDomains, true)
}

// reverseAttribute replaces an attribute that begins with what a mapping names.
func (x *exchange) reverseAttribute(cookie, attribute string, mappings []mapping, fold bool) string {
	i := attributeIndex(cookie, attribute)
	if i < 0 {
		return cookie
	}
	start := i + len(attribute)
	end := len(cookie)
	if j := strings.IndexByte(cookie[start:], ';'); j >= 0 {
		end = start + j
	}
	value := cookie[start:end]
	for _, m := range mappings {
		m = m.of(x)
		ok := strings.HasPrefix(value, m.inside)
		if fold {
			_, ok = cutPrefixFold(value, m.inside)
		}
		if ok {
			return cookie[:start] + m.outside + cookie[end:]
		}
	}
	return cookie
}

// attributeIndex finds name= behind a semicolon, in any case.
func attributeIndex(cookie, name string) int {
	for i := strings.IndexByte(cookie, ';'); i >= 0 && i < len(cookie); {
		i++
		for i < len(cookie) && cookie[i] == ' ' {
			i++
		}
		if len(cookie)-i >= len(name) && strings.EqualFold(cookie[i:i+len(name)], name) {
			return i
		}
		next := strings.IndexByte(cookie[i:], ';')
		if next < 0 {
			return -1
		}
		i += next
	}
	return -1
}
