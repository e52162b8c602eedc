// Package reqtimeout is mod_reqtimeout: how long a client may take to send its request. The listener keeps the time.
package reqtimeout

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
)

// Module returns mod_reqtimeout.
func Module() *module.Module {
	return &module.Module{Name: "mod_reqtimeout", Identifier: "reqtimeout_module", Hooks: hooks, Directives: []module.Directive{
		{Name: "RequestReadTimeout", Where: module.Servers, Args: module.AnyArgs,
			Syntax: "RequestReadTimeout [handshake=timeout[-maxtimeout][,MinRate=rate]] [header=timeout[-maxtimeout][,MinRate=rate]] [body=timeout[-maxtimeout][,MinRate=rate]]",
			Doc:    "How long a client may take for the TLS handshake, the header and the body of a request.", Set: set},
	}}
}

func set(c *module.Command) error {
	s := module.ReadTimeouts.Edit(c.Server.Settings)
	for _, arg := range c.Args {
		stage, value, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("RequestReadTimeout %s: expected handshake=, header= or body= with a number of seconds, as in header=20-40,MinRate=500", arg)
		}
		pace, err := parse(value)
		if err == nil {
			err = store(s, strings.ToLower(stage), pace)
		}
		if err != nil {
			return fmt.Errorf("RequestReadTimeout: %s: %w", arg, err)
		}
	}
	return nil
}

func store(s *module.ReadTimeoutSettings, stage string, p *module.ReadPace) error {
	switch stage {
	case "handshake":
		s.Handshake = p
	case "header":
		s.Header = p
	case "body":
		s.Body = p
	default:
		return fmt.Errorf("%q is no part of a request: known are handshake, header and body", stage)
	}
	return nil
}

// parse reads timeout[-maxtimeout][,MinRate=rate], in seconds and bytes per second.
func parse(value string) (*module.ReadPace, error) {
	times, rate, hasRate := strings.Cut(value, ",")
	first, last, ranged := strings.Cut(times, "-")
	p := &module.ReadPace{}
	var err error
	if p.First, err = seconds(first); err != nil {
		return nil, err
	}
	if hasRate {
		name, number, _ := strings.Cut(rate, "=")
		if !strings.EqualFold(name, "MinRate") {
			return nil, fmt.Errorf("Cannot parse ',%s': only MinRate=rate may follow the comma", rate)
		}
		if p.MinRate, err = strconv.Atoi(number); err != nil {
			return nil, fmt.Errorf("Cannot parse '%s': the rate is a number of bytes per second", number)
		}
		if p.MinRate <= 0 {
			return nil, fmt.Errorf("Minimum data rate must be larger than 0")
		}
	}
	if !ranged {
		return p, nil
	}
	if !hasRate {
		return nil, fmt.Errorf("Must set MinRate option if using timeout range")
	}
	if p.Max, err = seconds(last); err != nil {
		return nil, err
	}
	if p.Max <= p.First {
		return nil, fmt.Errorf("Maximum timeout must be larger than initial timeout")
	}
	return p, nil
}

func seconds(s string) (time.Duration, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("Value '%s' not numerical: a timeout is a number of seconds", s)
	}
	return time.Duration(n) * time.Second, nil
}
