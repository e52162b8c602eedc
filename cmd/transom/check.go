package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"transom/internal/check"
	"transom/internal/run"
)

const checkUsage = `Usage: transom check [-d directory] [-f file] [-D name] [--json] [FILE]
Reports what is wrong in a configuration, or will surprise. docs/findings.md explains each code. The exit status is 1 if there are errors
or warnings.
`

// checkConfig reports what is wrong in a configuration.
func checkConfig(args []string, stdout, stderr io.Writer) int {
	flags := newFlags("check", checkUsage, stderr)
	o := configFlags(flags)
	asJSON := flags.Bool("json", false, "print JSON")
	args, status, done := arguments(flags, args)
	switch {
	case done:
		return status
	case len(args) > 1:
		fmt.Fprintf(stderr, "transom: check: expected one FILE at most, not %q (transom check -h)\n", args)
		return 1
	case len(args) == 1:
		file, err := filepath.Abs(args[0])
		if err != nil {
			fmt.Fprintf(stderr, "transom: check: %v\n", err)
			return 1
		}
		o.file = file
	}
	findings := check.Check(loadForCheck(o, len(args) == 1))
	show := showFindings
	if *asJSON {
		show = encodeFindings
	}
	if err := show(findings, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "transom: check: %v\n", err)
		return 1
	}
	if slices.ContainsFunc(findings, func(f check.Finding) bool { return f.Severity != check.Note }) {
		return 1
	}
	return 0
}

// loadForCheck reads a configuration, or a part of one: it may lack a ServerRoot to have logs in, and Listen.
func loadForCheck(o *options, part bool) check.Config {
	opt := o.forRun()
	opt.Checking = true
	if part {
		opt.Before = append(opt.Before, "ErrorLog /dev/null")
	}
	c := run.Load(opt, nil, nil)
	if part && len(c.Build.Listen) == 0 {
		opt.Before = append(opt.Before, "Listen 80")
		c = run.Load(opt, nil, nil)
	}
	return check.Config{Tree: c.Tree, Errors: c.Errors, Warnings: c.Warnings}
}

func showFindings(findings []check.Finding, stdout, stderr io.Writer) error {
	for _, f := range findings {
		f.Print(stdout)
	}
	if len(findings) == 0 {
		fmt.Fprintln(stderr, "Nothing found.")
	}
	return nil
}

func encodeFindings(findings []check.Finding, stdout, _ io.Writer) error {
	if findings == nil {
		findings = []check.Finding{} // [], not null
	}
	out := json.NewEncoder(stdout)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(findings)
}
