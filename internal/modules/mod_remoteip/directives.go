// Package remoteip is mod_remoteip: the client's address as proxies in front of the server tell it.
package remoteip

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"transom/internal/conf"
	"transom/internal/expr"
	"transom/internal/module"
)

// Module returns mod_remoteip.
func Module() *module.Module {
	return &module.Module{Name: "mod_remoteip", Identifier: "remoteip_module", Directives: directives,
		Hooks: []module.Hook{
			{Phase: module.PostRead, Position: module.First, Run: takeProxied, Only: module.Proxied},
			{Phase: module.PostRead, Position: module.First, Run: takeHeader, Applies: namesHeader},
		}}
}

var directives = []module.Directive{
	{Name: "RemoteIPHeader", Where: module.Servers, Args: module.One, Syntax: "RemoteIPHeader header-field",
		Doc: "The header in which proxies list clients' addresses.", Set: func(c *module.Command) error {
			settings.Edit(c.Server.Settings).header = c.Args[0]
			return nil
		}},
	{Name: "RemoteIPProxiesHeader", Where: module.Servers, Args: module.One, Syntax: "RemoteIPProxiesHeader HeaderFieldName",
		Doc: "A header that is to hold the proxies that were passed.", Set: func(c *module.Command) error {
			settings.Edit(c.Server.Settings).proxiesHeader = c.Args[0]
			return nil
		}},
	{Name: "RemoteIPInternalProxy", Where: module.Servers, Args: module.Some, Syntax: "RemoteIPInternalProxy proxy-ip|proxy-ip/subnet|hostname ...",
		Doc: "Proxies that are believed whatever address they tell.", Set: addProxies(true)},
	{Name: "RemoteIPTrustedProxy", Where: module.Servers, Args: module.Some, Syntax: "RemoteIPTrustedProxy proxy-ip|proxy-ip/subnet|hostname ...",
		Doc: "Proxies that are believed if they tell a public address.", Set: addProxies(false)},
	{Name: "RemoteIPInternalProxyList", Where: module.Servers, Args: module.One, Syntax: "RemoteIPInternalProxyList filename",
		Doc: "A file of such proxies.", Set: addList(true)},
	{Name: "RemoteIPTrustedProxyList", Where: module.Servers, Args: module.One, Syntax: "RemoteIPTrustedProxyList filename",
		Doc: "A file of such proxies.", Set: addList(false)},
	{Name: "RemoteIPProxyProtocol", Where: module.Servers, Args: module.OnOff, Syntax: "RemoteIPProxyProtocol On|Off",
		Doc: "Connections to this server's address begin with a PROXY header.", Set: func(c *module.Command) error {
			module.ProxyProtocol.Edit(c.Server.Settings).Expect = c.Flag()
			return nil
		}},
	{Name: "RemoteIPProxyProtocolExceptions", Where: module.Servers, Args: module.Some, Syntax: "RemoteIPProxyProtocolExceptions host|range [host|range] [host|range]",
		Doc: "Peers whose connections begin without one.", Set: addExceptions},
}

func addProxies(internal bool) func(*module.Command) error {
	return func(c *module.Command) error { return add(c, internal, c.Args) }
}

func add(c *module.Command, internal bool, words []string) error {
	s := settings.Edit(c.Server.Settings)
	for _, w := range words {
		subnets, err := parse(w)
		if err != nil {
			return fmt.Errorf("RemoteIP: Error parsing IP %s for %s: %w", w, c.Name, err)
		}
		for _, n := range subnets {
			s.proxies = append(s.proxies, proxy{n, internal})
		}
	}
	return nil
}

// parse reads an address or a subnet, or looks a name up; a name stands for the addresses that it has now.
func parse(word string) ([]expr.Subnet, error) {
	if strings.ContainsAny(word, ":/") || strings.Trim(word, "0123456789.") == "" {
		n, err := expr.ParseSubnet(word)
		return []expr.Subnet{n}, err
	}
	found, err := net.DefaultResolver.LookupNetIP(context.Background(), "ip", word)
	if err != nil {
		return nil, err
	}
	var subnets []expr.Subnet
	for _, addr := range found {
		n, err := expr.ParseSubnet(addr.Unmap().WithZone("").String())
		if err != nil {
			return nil, err
		}
		subnets = append(subnets, n)
	}
	return subnets, nil
}

func addList(internal bool) func(*module.Command) error {
	return func(c *module.Command) error {
		path := c.Build.Path(c.Args[0])
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s: Could not open file %s: %w", c.Name, path, err)
		}
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			line, _, _ = strings.Cut(line, "#")
			if err := add(c, internal, conf.Words(line)); err != nil {
				return fmt.Errorf("%s:%d: %w", path, number, err)
			}
		}
		return nil
	}
}

func addExceptions(c *module.Command) error {
	s := module.ProxyProtocol.Edit(c.Server.Settings)
	for _, w := range c.Args {
		n, err := expr.ParseSubnet(w)
		if err != nil {
			return fmt.Errorf("ip address '%s' appears to be invalid: %w", w, err)
		}
		s.Except = append(s.Except, n)
	}
	return nil
}
