package main

import (
	"flag"
	"fmt"
	"io"
	"net/netip"

	"transom/internal/explain"
	"transom/internal/module"
	"transom/internal/modules"
	"transom/internal/run"
)

const explainUsage = `Usage: transom explain [-d directory] [-f file] [-D name] [--tls] [--websocket] [-H 'Name: value'] [-X method]
                       [--from address] [--to address:port] [--json] URL
Says which way a request takes through the configuration: virtual host, sections, rules, the request to the origin server. Nothing is
sent. The URL is absolute, or a path on the main server; ws and wss ask for a WebSocket.
`

// explainURL tells which way a request takes.
func explainURL(args []string, stdout, stderr io.Writer) int {
	flags := newFlags("explain", explainUsage, stderr)
	o := configFlags(flags)
	var q explain.Question
	questionFlags(flags, &q)
	asJSON := flags.Bool("json", false, "print JSON")
	args, status, done := arguments(flags, args)
	if done {
		return status
	}
	if len(args) != 1 {
		fmt.Fprintf(stderr, "transom: explain: expected one URL, not %q (transom explain -h)\n", args)
		return 1
	}
	q.URL = args[0]

	e := &explain.Explainer{}
	opt := o.forRun()
	opt.Checking = true
	opt.Modules = func() []*module.Module { return e.Modules(modules.All()) }
	c := run.Load(opt, nil, nil)
	if c.Site == nil {
		c.Report(stderr)
		return 1
	}
	x, err := e.Explain(c.Site.Serve, c.Build, q)
	if err != nil {
		fmt.Fprintf(stderr, "transom: explain: %v\n", err)
		return 1
	}
	if !*asJSON {
		x.Text(stdout)
		return 0
	}
	if err := x.JSON(stdout); err != nil {
		fmt.Fprintf(stderr, "transom: explain: %v\n", err)
		return 1
	}
	return 0
}

// questionFlags are the options that say what is asked.
func questionFlags(flags *flag.FlagSet, q *explain.Question) {
	flags.BoolVar(&q.TLS, "tls", false, "the client's connection is encrypted; so it is with an https URL")
	flags.BoolVar(&q.WebSocket, "websocket", false, "the request is a WebSocket handshake")
	flags.StringVar(&q.Method, "X", "GET", "the request's `method`")
	flags.Func("H", "a `field` of the request's header, 'Name: value'", func(s string) error {
		q.Header = append(q.Header, s)
		return nil
	})
	flags.Func("from", "the client's `address`; 127.0.0.1 without it", func(s string) (err error) {
		q.From, err = netip.ParseAddr(s)
		return err
	})
	flags.Func("to", "the `address:port` that the client connects to", func(s string) (err error) {
		q.To, err = netip.ParseAddrPort(s)
		return err
	})
}
