package core

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"transom/internal/module"
)

var serverRows = []module.Directive{
	{Name: "ServerName", Where: module.Servers, Args: module.One, Syntax: "ServerName [scheme://]domain-name|ip-address[:port]",
		Doc: "The name and port by which this server knows itself.", Set: setServerName},
	{Name: "ServerAlias", Where: module.InVirtualHost, Args: module.AnyArgs, Syntax: "ServerAlias [hostname] ...",
		Doc: "Further names of a virtual host; * and ? stand for any characters and any one.", Set: setServerAlias},
	{Name: "StrictHostCheck", Where: module.Servers, Args: module.OnOff, Syntax: "StrictHostCheck On|Off",
		Doc: "Whether a Host that no server of the address names is answered with 400. The address's first server decides.", Set: func(c *module.Command) error {
			server(c).StrictHostCheck = c.Flag()
			return nil
		}},
	{Name: "ServerPath", Where: module.InVirtualHost, Args: module.One, Syntax: "ServerPath URL-path",
		Doc: "A path that selects a virtual host for browsers that send no Host.", Support: module.Ignored("every client sends a Host header today")},
	{Name: "ServerAdmin", Where: module.Servers, Args: module.One, Syntax: "ServerAdmin email-address|URL",
		Doc: "The address in server-made pages.", Set: func(c *module.Command) error {
			module.CoreServer.Edit(c.Server.Settings).ServerAdmin = c.Args[0]
			return nil
		}},
	{Name: "ServerRoot", Where: module.InServer, Args: module.One, Syntax: "ServerRoot directory-path",
		Doc: "The directory that relative paths of the configuration start from.", Set: setServerRoot},
	{Name: "DocumentRoot", Where: module.Servers, Args: module.One, Syntax: "DocumentRoot directory-path",
		Doc: "The directory that holds the files of the server.", Set: setDocumentRoot},
	{Name: "Listen", Where: module.InServer, Args: module.OneTo3, Syntax: "Listen [IP-address:]portnumber [protocol] [options=...]",
		Doc: "An address and port to listen on.", Set: setListen},
	{Name: "NameVirtualHost", Where: module.InServer, Args: module.One, Syntax: "NameVirtualHost addr[:port]",
		Doc: "In httpd 2.2, declared an address for virtual hosts by name.", Support: module.Accepted("every address takes virtual hosts by name, as in httpd 2.4")},
	{Name: "VirtualHost", Where: module.InServer, Args: module.Some, Syntax: "<VirtualHost addr[:port] [addr[:port]] ...> ... </VirtualHost>",
		Doc: "Directives for one host name or address.", Open: openVirtualHost},
}

func setServerName(c *module.Command) error {
	name := c.Args[0]
	if scheme, rest, ok := strings.Cut(name, "://"); ok {
		c.Server.Scheme, name = strings.ToLower(scheme), rest
	}
	if strings.ContainsAny(name, "*?") {
		return fmt.Errorf("Invalid ServerName %q: it is one name without wild cards, which belong into ServerAlias", c.Args[0])
	}
	host, port, err := splitPort(name)
	if err != nil {
		return fmt.Errorf("ServerName %s: %w", c.Args[0], err)
	}
	c.Server.Name, c.Server.Port = strings.ToLower(host), port
	return nil
}

// splitPort takes "host", "host:port", "[v6]:port" or "[v6]" apart; port 0 means none was given.
func splitPort(s string) (string, int, error) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return strings.Trim(s, "[]"), 0, nil
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, 0, nil
	}
	host, port := s[:i], s[i+1:]
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return "", 0, fmt.Errorf("port %q must be a number from 1 to 65535", port)
	}
	return strings.Trim(host, "[]"), n, nil
}

func setServerAlias(c *module.Command) error {
	for _, a := range c.Args {
		a = strings.ToLower(strings.TrimSuffix(a, "."))
		if ip, err := netip.ParseAddr(strings.Trim(a, "[]")); err == nil {
			a = ip.String() // as the Host header is read
		}
		if strings.ContainsAny(a, "*?") {
			c.Server.Wildcards = append(c.Server.Wildcards, a)
		} else {
			c.Server.Aliases = append(c.Server.Aliases, a)
		}
	}
	return nil
}

func setServerRoot(c *module.Command) error {
	if !filepath.IsAbs(c.Args[0]) {
		return nil // has been told of when it was read
	}
	if info, err := os.Stat(c.Args[0]); err != nil || !info.IsDir() {
		return fmt.Errorf("ServerRoot must be a valid directory: %s is none", c.Args[0])
	}
	c.Build.ServerRoot = c.Args[0]
	return nil
}

func setDocumentRoot(c *module.Command) error {
	root := c.Build.Path(c.Args[0])
	if info, err := os.Stat(root); !c.Build.Rootless && (err != nil || !info.IsDir()) {
		if !c.Server.Virtual() {
			return fmt.Errorf("DocumentRoot '%s' is not a directory, or is not readable", root)
		}
		c.Warnf("DocumentRoot [%s] does not exist", root)
	}
	module.CoreServer.Edit(c.Server.Settings).DocumentRoot = filepath.Clean(root)
	return nil
}

func setListen(c *module.Command) error {
	a := module.ListenAddress{Pos: c.Pos}
	for _, extra := range c.Args[1:] {
		if !strings.Contains(extra, "=") {
			a.Protocol = strings.ToLower(extra)
		}
	}
	host, port := "", c.Args[0]
	if i := strings.LastIndexByte(port, ':'); i >= 0 {
		host, port = port[:i], port[i+1:]
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("Listen %s: a port from 1 to 65535 must be specified, as in Listen 80, Listen 192.0.2.1:80 or Listen [2001:db8::1]:80", c.Args[0])
	}
	bare, bracketed := strings.CutPrefix(host, "[")
	if bracketed != strings.HasSuffix(host, "]") || bracketed != strings.Contains(host, ":") {
		return fmt.Errorf("Listen %s: an IPv6 address stands in brackets, as in Listen [2001:db8::1]:80", c.Args[0])
	}
	host = strings.TrimSuffix(bare, "]")
	if host == "*" {
		host = "0.0.0.0"
	}
	a.Address = net.JoinHostPort(host, port)
	c.Build.Listen = append(c.Build.Listen, a)
	return nil
}

func openVirtualHost(c *module.Command) error {
	site := c.Build.Site
	s := &module.Server{Pos: c.Pos, Index: len(site.Servers), Settings: &module.Settings{}, Defaults: &module.Settings{}}
	for _, arg := range c.Args {
		addresses, err := parseAddress(c, arg)
		if err != nil {
			return err
		}
		s.Addresses = append(s.Addresses, addresses...)
	}
	site.Servers = append(site.Servers, s)
	in := *c
	in.Server, in.Dir, in.Where = s, s.Defaults, module.InVirtualHost
	c.Apply(in, c.Children)
	return nil
}

func parseAddress(c *module.Command, arg string) ([]module.Address, error) {
	host, text := module.SplitAddress(arg)
	port := 0
	if text != "" && text != "*" {
		var err error
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, fmt.Errorf("<VirtualHost %s>: the address or port is invalid: expected addr[:port], a port from 1 to 65535 or *", arg)
		}
	}
	if host == "*" || strings.EqualFold(host, "_default_") || host == "" {
		return []module.Address{{Text: arg, Default: host != "*", Port: port}}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		return []module.Address{{Text: arg, Port: port}}, nil // any address of either family, as httpd counts
	} else if err == nil {
		return []module.Address{{Text: arg, IP: ip.Unmap(), Port: port}}, nil
	}
	found, err := net.LookupIP(host)
	if err != nil {
		c.Warnf("Could not resolve host name %s -- ignoring! Give its address instead: %v", host, err)
		return nil, nil
	}
	var out []module.Address
	for _, f := range found {
		if ip, ok := netip.AddrFromSlice(f); ok {
			out = append(out, module.Address{Text: arg, IP: ip.Unmap(), Port: port})
		}
	}
	return out, nil
}

// compile completes the servers' names: a virtual host without ServerName takes the main server's.
func compile(b *module.Build) error {
	main := b.Site.Servers[0]
	if main.Name == "" {
		main.Name = ownName()
	}
	for _, s := range b.Site.Servers[1:] {
		if s.Name == "" {
			s.Name = main.Name
			if s.Port == 0 {
				s.Port = main.Port
			}
		}
	}
	if len(b.Listen) == 0 {
		b.Errorf(nil, "no listening sockets available: the configuration needs at least one Listen, for example Listen 80")
	}
	b.Site.Banner = module.ServerTokens(b.Process.ServerTokens)
	b.Site.ServerHeader = []string{b.Site.Banner}
	openErrorLogs(b)
	return nil
}

func ownName() string {
	if name, err := os.Hostname(); err == nil && name != "" {
		return strings.ToLower(name)
	}
	return "localhost"
}
