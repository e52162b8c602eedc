// Package authzhost is mod_authz_host: Require by the client's address.
package authzhost

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"transom/internal/conf"
	"transom/internal/expr"
	"transom/internal/module"
	"transom/internal/observe"
)

// Module returns mod_authz_host.
func Module() *module.Module {
	return &module.Module{Name: "mod_authz_host", Identifier: "authz_host_module", Offers: module.Offers{AuthzProviders: []module.AuthzProvider{
		{Name: "ip", Parse: parseIP},
		{Name: "host", Parse: parseHost},
		{Name: "forward-dns", Parse: parseForwardDNS},
		{Name: "local", Parse: parseLocal},
	}}}
}

func parseIP(_ *module.Command, args string) (module.AuthzCheck, error) {
	words := conf.Words(args)
	if len(words) == 0 {
		return nil, fmt.Errorf("'require ip' requires an argument")
	}
	var subnets []expr.Subnet
	for _, w := range words {
		n, err := expr.ParseSubnet(w)
		if err != nil {
			return nil, fmt.Errorf("ip address '%s' appears to be invalid: %w", w, err)
		}
		subnets = append(subnets, n)
	}
	return func(r *module.Request) module.AuthzAnswer {
		return module.Verdict(slices.ContainsFunc(subnets, func(n expr.Subnet) bool { return n.Contains(r.UserAgentAddr) }))
	}, nil
}

// parseHost compares with the name of the client's address, if that name leads back to the address.
func parseHost(c *module.Command, args string) (module.AuthzCheck, error) {
	names, err := words(c, args)
	if err != nil {
		return nil, err
	}
	return func(r *module.Request) module.AuthzAnswer {
		host := r.VerifiedHost()
		if host == "" {
			r.Logf("authz_host", observe.Error, "AH01753", "access check of '%s' to %s failed, reason: unable to get the remote host name", strings.TrimSpace(args), r.URI)
			return module.AuthzDenied
		}
		list, err := names(r)
		if err != nil {
			r.Logf("authz_host", observe.Error, "AH02593", "authz authorize: require host: can't evaluate require expression: %v", err)
			return module.AuthzError
		}
		return module.Verdict(slices.ContainsFunc(list, func(domain string) bool { return module.InDomain(domain, host) }))
	}, nil
}

// parseForwardDNS compares the client's address with those of names; its own name is of no matter.
func parseForwardDNS(c *module.Command, args string) (module.AuthzCheck, error) {
	names, err := words(c, args)
	if err != nil {
		return nil, err
	}
	return func(r *module.Request) module.AuthzAnswer {
		list, err := names(r)
		if err != nil {
			r.Logf("authz_host", observe.Error, "AH03354", "authz authorize: require forward-dns: can't evaluate require expression: %v", err)
			return module.AuthzError
		}
		return module.Verdict(slices.ContainsFunc(list, func(name string) bool { return module.ResolvesTo(r.Context(), name, r.UserAgentAddr) }))
	}, nil
}

var loopback4 = netip.MustParsePrefix("127.0.0.0/8")

func parseLocal(*module.Command, string) (module.AuthzCheck, error) {
	return func(r *module.Request) module.AuthzAnswer {
		client := r.UserAgentAddr.Unmap().WithZone("")
		return module.Verdict(client == r.Conn.Local.Addr().Unmap().WithZone("") || loopback4.Contains(client) || client == netip.IPv6Loopback())
	}, nil
}

// words are the arguments, which may hold %{...}.
func words(c *module.Command, args string) (func(*module.Request) ([]string, error), error) {
	text, err := c.Build.CompileString(strings.TrimSpace(args))
	if err != nil {
		return nil, fmt.Errorf("Cannot parse expression in require line: %w", err)
	}
	return func(r *module.Request) ([]string, error) {
		s, err := text(r)
		return conf.Words(s), err
	}, nil
}
