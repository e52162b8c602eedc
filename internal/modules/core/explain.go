package core

import (
	"fmt"
	"net/netip"
	"strings"

	"transom/internal/module"
)

// explainTo are the clients whose responses tell how their requests were mapped (TransomExplain).
var explainTo = &module.Slot[explainSettings]{Merge: func(_, inner *explainSettings) *explainSettings { return inner }}

type explainSettings struct{ clients []netip.Prefix }

var explainRow = module.Directive{Name: "TransomExplain", Where: module.Servers, Args: module.Some, Syntax: "TransomExplain Off|address[/bits] [address[/bits]] ...",
	Doc: "Clients whose responses say in Transom-Explain fields which directives did what; nobody unless addresses are named.", Set: setExplain}

func setExplain(c *module.Command) error {
	s := &explainSettings{}
	for _, arg := range c.Args {
		if strings.EqualFold(arg, "off") {
			continue
		}
		p, err := netip.ParsePrefix(arg)
		if err != nil {
			addr, err := netip.ParseAddr(arg)
			if err != nil {
				return fmt.Errorf("%q is no address: expected 192.0.2.7, 192.0.2.0/24, an IPv6 address, or Off", arg)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		if p.Bits() == 0 {
			return fmt.Errorf("%s would tell everyone how this server works: name the addresses of those who may know", arg)
		}
		s.clients = append(s.clients, p)
	}
	*explainTo.Edit(c.Server.Settings) = *s
	return nil
}

// Limits of what a response's header is made to carry.
const (
	explainSteps  = 64
	explainLength = 400
)

// explain lets a request tell its steps to a client that may know them: by the address of its connection, which no header
// can change.
func explain(r *module.Request) module.Result {
	s := explainTo.Of(r.Server.Settings)
	if len(s.clients) == 0 || r.Main != nil {
		return module.Declined
	}
	client := r.Conn.Remote.Addr().Unmap()
	for _, p := range s.clients {
		if p.Contains(client) {
			r.Trace = explainer(r)
			r.Tracef(r.Server.Pos, "<VirtualHost>", "%s serves %s", r.Server.Name, r.UnparsedURI)
			return module.Declined
		}
	}
	return module.Declined
}

// explainer adds steps to the response's header. What an internal redirect was derived from has added its own.
func explainer(r *module.Request) func(module.Step) {
	steps := 0
	return func(step module.Step) {
		if r.Conn.Trace != nil {
			r.Conn.Trace(step)
		}
		if steps++; steps <= explainSteps {
			r.AddErrHeader("Transom-Explain", explainLine(step))
		}
	}
}

func explainLine(s module.Step) string {
	line := s.Directive + ": " + s.Text
	if s.File != "" {
		line = fmt.Sprintf("%s:%d %s", s.File, s.Line, line)
	}
	line = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, line)
	return line[:min(len(line), explainLength)]
}
