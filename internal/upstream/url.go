package upstream

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// URL is where a worker or a request goes: scheme://host:port/path, or unix:/socket|scheme://host/path.
type URL struct {
	Scheme string // lower case
	Host   string // lower case, IPv6 without brackets
	Port   string // "" if not named
	Path   string // from the first "/", as written; may be ""
	Socket string // path of a Unix domain socket, or ""
}

var defaultPorts = map[string]string{
	"http": "80", "ws": "80", "h2c": "80", "https": "443", "wss": "443", "h2": "443",
	"ajp": "8009", "fcgi": "8000", "scgi": "4000", "uwsgi": "3031", "ftp": "21",
}

// ParseURL reads the URL of a worker. References such as $1 may stand in host, port and path.
func ParseURL(text string) (URL, error) {
	u := URL{}
	rest := text
	if len(rest) > 5 && strings.EqualFold(rest[:5], "unix:") {
		socket, after, found := strings.Cut(rest[5:], "|")
		if !found || socket == "" {
			return u, fmt.Errorf(`%q: expected unix:/path/to/socket|scheme://host/`, text)
		}
		u.Socket, rest = socket, after
	}
	scheme, rest, found := strings.Cut(rest, ":")
	if !found || !validScheme(scheme) {
		return u, fmt.Errorf("%q: URL must be absolute: scheme://host:port/path", text)
	}
	u.Scheme = strings.ToLower(scheme)
	rest, found = strings.CutPrefix(rest, "//")
	if !found {
		if u.Socket == "" {
			return u, fmt.Errorf("%q: expected // behind the scheme", text)
		}
		return u, nil // unix:/socket|http: is accepted by httpd
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	u.Path = rest[end:]
	return u, u.setAuthority(rest[:end], text)
}

func (u *URL) setAuthority(authority, text string) error {
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:] // as httpd: user and password of a worker's URL are not used
	}
	host, port := authority, ""
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 {
			return fmt.Errorf("%q: missing ] behind the IPv6 address", text)
		}
		host, port = authority[1:end], authority[end+1:]
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("%q: %q is not an IPv6 address", text, host)
		}
	} else if colon := strings.IndexByte(authority, ':'); colon >= 0 {
		host, port = authority[:colon], authority[colon:]
	}
	u.Host = strings.ToLower(host)
	if port != "" && port[0] != ':' {
		return fmt.Errorf("%q: expected a port behind the host", text)
	}
	u.Port = strings.TrimPrefix(port, ":")
	if host == "" && u.Socket == "" {
		return fmt.Errorf("%q: the host is missing", text)
	}
	if !validPort(u.Port) {
		return fmt.Errorf("%q: invalid port %q: expected 1 to 65535", text, u.Port)
	}
	if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return fmt.Errorf("%q: invalid host %q", text, host)
	}
	return nil
}

func validScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		if c >= 'a' && c <= 'z' || i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.') {
			continue
		}
		return false
	}
	return s != ""
}

func validPort(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '$' {
			return true // a back-reference of ProxyPassMatch
		}
		if s[i] < '0' || s[i] > '9' || n > 65535 {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return s == "" || n >= 1 && n <= 65535
}

// String is the worker's name as httpd writes it: scheme and host in lower case, a default port left out.
func (u URL) String() string {
	s := u.Scheme + "://" + u.HostPort() + u.Path
	if u.Socket != "" {
		s = "unix:" + u.Socket + "|" + s
	}
	return s
}

// HostPort is what a Host field says: the port only if it isn't the scheme's own.
func (u URL) HostPort() string {
	host := u.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if u.Port == "" || u.Port == defaultPorts[u.Scheme] {
		return host
	}
	return host + ":" + u.Port
}

// Address is what Dial takes.
func (u URL) Address(defaultPort string) (network, addr string) {
	if u.Socket != "" {
		return "unix", u.Socket
	}
	port := u.Port
	if port == "" {
		port = defaultPort
	}
	return "tcp", net.JoinHostPort(u.Host, port)
}

// TLS says whether the scheme is spoken over TLS.
func (u *URL) TLS() bool { return u.Scheme == "https" || u.Scheme == "wss" || u.Scheme == "h2" }
