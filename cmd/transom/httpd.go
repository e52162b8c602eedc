package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"transom/internal/modules"
	"transom/internal/run"
)

// httpd does what httpd does with the same arguments.
func httpd(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "transom: %v\n", err)
		usage(stderr)
		return 1
	}
	switch o.mode {
	case "v":
		version(stdout)
	case "V":
		settings(stdout)
	case "l":
		listModules(stdout)
	case "L":
		listDirectives(stdout)
	case "h":
		usage(stdout)
	default:
		log, err := o.openStartupLog(stderr)
		if err != nil {
			fmt.Fprintf(stderr, "transom: -E: %v\n", err)
			return 1
		}
		if o.mode == "t" {
			return examine(o, stdout, log)
		}
		return act(o, stdout, log)
	}
	return 0
}

// openStartupLog is where the start's errors go; the file stays open until the process ends.
func (o *options) openStartupLog(stderr io.Writer) (io.Writer, error) {
	if o.startupLog == "" {
		return stderr, nil
	}
	return os.OpenFile(o.startupLog, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
}

func (o *options) forRun() *run.Options {
	return &run.Options{Root: o.root, File: o.file, Defines: o.defines, Before: o.before, After: o.after,
		Quiet: o.quiet, Rootless: o.skipDocumentRoot, Modules: modules.All}
}

// examine loads the configuration and tells about it.
func examine(o *options, stdout, stderr io.Writer) int {
	opt := o.forRun()
	opt.Checking = true
	c := run.Load(opt, nil, nil)
	if !o.quiet {
		c.Report(stderr)
	} else {
		c.ReportErrors(stderr)
	}
	if c.Site == nil {
		return 1
	}
	if err := run.CheckIdentity(c.Build); err != nil {
		fmt.Fprintf(stderr, "transom: %v\n", err)
		return 1
	}
	silent := false
	for _, d := range dumps() {
		if slices.Contains(o.dumps, d.name) {
			d.write(c, stdout)
			silent = silent || d.silent
		}
	}
	if !silent {
		fmt.Fprintln(stderr, "Syntax OK")
	}
	return 0
}

// act starts, or signals what runs.
func act(o *options, stdout, stderr io.Writer) int {
	if o.action == "" || o.action == "start" {
		if !o.foreground {
			return daemonize(o, stderr)
		}
		return serve(o, stderr)
	}
	opt := o.forRun()
	opt.Checking = true
	c := run.Load(opt, nil, nil)
	if c.Site == nil && o.action != "stop" && o.action != "graceful-stop" {
		// Nothing is signalled: what runs goes on with what it has.
		c.Report(stderr)
		return 1
	}
	pid, err := run.Running(run.PidFile(c.Build))
	if err != nil {
		fmt.Fprintf(stderr, "transom: %v\n", err)
		return 1
	}
	switch {
	case pid == 0 && (o.action == "stop" || o.action == "graceful-stop"):
		fmt.Fprintf(stdout, "httpd (%s) not running\n", formerly(run.PidFile(c.Build)))
		return 0
	case pid == 0:
		if os.Getenv(readyEnv) == "" {
			fmt.Fprintln(stderr, "transom: not running, trying to start")
		}
		o.action = "start"
		return act(o, stdout, stderr)
	}
	signals := map[string]os.Signal{"stop": run.SignalStop, "graceful-stop": run.SignalGracefulStop, "restart": run.SignalRestart, "graceful": run.SignalGraceful}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Signal(signals[o.action])
	}
	if err != nil {
		fmt.Fprintf(stderr, "transom: could not signal process %d: %v\n", pid, err)
		return 1
	}
	return 0
}

// formerly is what httpd calls a process that is not there.
func formerly(pidFile string) string {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return "no pid file"
	}
	return "pid " + strings.TrimSpace(string(text)) + "?"
}

// serve runs in this process until it is told to stop.
func serve(o *options, stderr io.Writer) int { return serveAnd(o, stderr, func() {}) }

// serveAnd serves, and calls ready once ports are bound and the process ID is written.
func serveAnd(o *options, stderr io.Writer, ready func()) int {
	server, err := run.Start(o.forRun(), stderr)
	if errors.Is(err, run.ErrRunning) {
		return 0
	}
	if err != nil {
		return 1
	}
	server.Run(ready)
	return 0
}
