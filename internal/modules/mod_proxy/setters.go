package proxy

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

func serverFlag(field func(*serverSettings) *module.Flag) func(*module.Command) error {
	return func(c *module.Command) error {
		*field(servers.Edit(c.Server.Settings)) = c.Flag()
		return nil
	}
}

func dirFlag(field func(*dirSettings) *module.Flag) func(*module.Command) error {
	return func(c *module.Command) error {
		*field(dirs.Edit(c.Dir)) = c.Flag()
		return nil
	}
}

func setLimit(field func(*dirSettings) *limit) func(*module.Command) error {
	return func(c *module.Command) error {
		n, err := strconv.ParseInt(c.Args[0], 10, 63)
		if err != nil || n < 0 || field(&dirSettings{}) == nil {
			return fmt.Errorf("%s %s: expected a whole number, 0 for no limit", c.Name, c.Args[0])
		}
		if strings.HasSuffix(c.Directive.Syntax, "seconds") && n > maxSeconds {
			return fmt.Errorf("%s %s: expected at most %d seconds", c.Name, c.Args[0], maxSeconds)
		}
		*field(dirs.Edit(c.Dir)) = limit{n, true}
		return nil
	}
}

const maxSeconds int64 = 1 << 31

func setDrain(c *module.Command) error {
	n, err := strconv.ParseUint(c.Args[0], 10, 31)
	if err != nil {
		return fmt.Errorf("TransomTunnelDrain %s: expected seconds", c.Args[0])
	}
	c.Build.Process.TunnelDrain = time.Duration(n) * time.Second
	return nil
}

// setReverse is ProxyPassReverse. As in httpd, a further word that isn't interpolate is accepted and means nothing.
func setReverse(c *module.Command) error {
	m := mapping{}
	words := c.Args
	switch {
	case c.Section == nil:
		if len(words) < 2 || strings.EqualFold(words[1], "interpolate") {
			return fmt.Errorf("ProxyPassReverse needs a path when not defined in a location: %s", c.Directive.Syntax)
		}
		m.outside, m.inside, words = words[0], words[1], words[2:]
	case len(words) > 1 && !strings.EqualFold(words[1], "interpolate"):
		return fmt.Errorf("ProxyPassReverse can not have a path when defined in a location.")
	default:
		m.outside, m.inside, words = c.Section.Path, words[0], words[1:]
	}
	m.interpolate = len(words) > 0 && strings.EqualFold(words[0], "interpolate")
	if len(words) > 0 && !m.interpolate {
		c.Warnf("ProxyPassReverse: %q means nothing here", words[0])
	}
	d := dirs.Edit(c.Dir)
	d.reverse = append(d.reverse, m)
	return nil
}

func setCookie(field func(*dirSettings) *[]mapping) func(*module.Command) error {
	return func(c *module.Command) error {
		list := field(dirs.Edit(c.Dir))
		m := mapping{inside: c.Args[0], outside: c.Args[1], interpolate: len(c.Args) > 2 && strings.EqualFold(c.Args[2], "interpolate")}
		*list = append(*list, m)
		return nil
	}
}

func setErrorOverride(c *module.Command) error {
	d := dirs.Edit(c.Dir)
	switch strings.ToLower(c.Args[0]) {
	case "on":
		d.override = module.On
	case "off":
		d.override = module.Off
	default:
		return fmt.Errorf("ProxyErrorOverride first parameter must be On or Off")
	}
	if d.override == module.Off && len(c.Args) > 1 {
		return fmt.Errorf("ProxyErrorOverride Off takes no status codes")
	}
	d.overrideCodes = nil
	for _, arg := range c.Args[1:] {
		code, err := strconv.Atoi(arg)
		if err != nil || code < 400 || code > 599 {
			return fmt.Errorf("ProxyErrorOverride: %q is no status of an error, expected 400 to 599", arg)
		}
		d.overrideCodes = append(d.overrideCodes, code)
	}
	return nil
}

var viaNames = map[string]via{"off": viaOff, "on": viaOn, "full": viaFull, "block": viaBlock}

func setVia(c *module.Command) error {
	v, ok := viaNames[strings.ToLower(c.Args[0])]
	if !ok {
		return fmt.Errorf("ProxyVia must be one of: off | on | full | block")
	}
	servers.Edit(c.Server.Settings).via = v
	return nil
}

func setTimeout(c *module.Command) error {
	t, err := module.ParseTime(c.Args[0], time.Second)
	if err != nil || t < time.Second {
		return fmt.Errorf("Proxy Timeout must be at least 1 second.")
	}
	servers.Edit(c.Server.Settings).timeout = t
	return nil
}

func setMaxForwards(c *module.Command) error {
	n, err := strconv.ParseInt(c.Args[0], 10, 32)
	if err != nil {
		return fmt.Errorf("ProxyMaxForwards %s: expected a number", c.Args[0])
	}
	s := servers.Edit(c.Server.Settings)
	s.maxForwards, s.maxForwardsSet = int(n), true
	return nil
}

func setBuffer(least int, field func(*serverSettings) *int) func(*module.Command) error {
	return func(c *module.Command) error {
		n, err := strconv.ParseInt(c.Args[0], 10, 32)
		if err != nil || n != 0 && int(n) < least {
			return fmt.Errorf("%s must be %d bytes or more, or 0 for system default.", c.Name, least)
		}
		*field(servers.Edit(c.Server.Settings)) = int(n)
		return nil
	}
}

func setSource(c *module.Command) error {
	ip := net.ParseIP(c.Args[0])
	if ip == nil {
		return fmt.Errorf("ProxySourceAddress %s: expected an IP address", c.Args[0])
	}
	servers.Edit(c.Server.Settings).source = ip.String()
	return nil
}

// setBadHeader takes what is more lenient than IsError, which is the only way here.
func setBadHeader(c *module.Command) error {
	switch strings.ToLower(c.Args[0]) {
	case "iserror":
	case "ignore", "startbody":
		c.Warnf("ProxyBadHeader %s is ignored: a response whose header can't be read is always answered with 502", c.Args[0])
	default:
		return fmt.Errorf("ProxyBadHeader must be one of: IsError | Ignore | StartBody")
	}
	return nil
}

func setBlock(c *module.Command) error {
	s := servers.Edit(c.Server.Settings)
	for _, w := range c.Args {
		s.blocks = append(s.blocks, strings.ToLower(w))
	}
	return nil
}

func setStatus(c *module.Command) error {
	s := module.ProxyStatus.Edit(c.Server.Settings)
	switch strings.ToLower(c.Args[0]) {
	case "on", "full":
		*s = module.On
	case "off":
		*s = module.Off
	default:
		return fmt.Errorf("ProxyStatus must be one of: off | on | full")
	}
	return nil
}

// setRequests takes On for what is safe of it: without a forward proxy nothing is open that should be closed.
func setRequests(c *module.Command) error {
	switch strings.ToLower(c.Args[0]) {
	case "off":
	case "on":
		c.Warnf("ProxyRequests On is ignored: %s; ProxyPass needs ProxyRequests Off", noForward)
	default:
		return fmt.Errorf("ProxyRequests must be On or Off")
	}
	return nil
}

func setPersist(c *module.Command) error {
	if c.Flag() == module.On {
		c.Warnf("BalancerPersist On: changes by the balancer manager outlive a reload here, but not a restart of the process")
	}
	return nil
}
