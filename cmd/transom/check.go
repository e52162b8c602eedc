package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

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
	opt := o.forRun()
	opt.Checking = true
	if len(args) == 1 {
		opt.Before = append(opt.Before, "ErrorLog /dev/null") // FILE may be a part, without a ServerRoot to have logs in
	}
	c := run.Load(opt, nil, nil)
	if len(args) == 1 && len(c.Build.Listen) == 0 {
		opt.Before = append(opt.Before, "Listen 80") // FILE is a part: Listen stands elsewhere
		c = run.Load(opt, nil, nil)
	}
	findings := check.Check(check.Config{Tree: c.Tree, Errors: c.Errors, Warnings: c.Warnings})
	for _, f := range findings {
		if f.Severity != check.Note {
			status = 1
		}
	}
	if *asJSON {
		out := json.NewEncoder(stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		if findings == nil {
			findings = []check.Finding{}
		}
		if err := out.Encode(findings); err != nil {
			fmt.Fprintf(stderr, "transom: check: %v\n", err)
			return 1
		}
		return status
	}
	for _, f := range findings {
		f.Print(stdout)
	}
	if len(findings) == 0 {
		fmt.Fprintln(stderr, "Nothing found.")
	}
	return status
}
