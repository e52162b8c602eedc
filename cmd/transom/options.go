package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"transom/internal/observe"
)

// options are httpd's command line.
type options struct {
	root, file       string   // -d -f
	before, after    []string // -C -c
	defines          []string // -D
	startupLog       string   // -E
	quiet            bool     // -e with a level above warn
	action           string   // -k
	mode             string   // "t", "l", "L", "v", "V", "h" or empty: serve
	dumps            []string // -D DUMP_...; -S and -M are short for some
	skipDocumentRoot bool     // -T
	foreground       bool     // -DFOREGROUND, NO_DETACH
}

const (
	withArgument    = "DCcdfEek"
	withoutArgument = "vVlLtTSMhX?"
)

// parse reads httpd's options, with values attached or separate. A wrong one is an error to be followed by the usage.
func parse(args []string) (*options, error) {
	o := &options{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			return nil, fmt.Errorf("%q is no option", arg)
		}
		for j := 1; j < len(arg); j++ {
			c := arg[j : j+1]
			if strings.Contains(withoutArgument, c) {
				o.letter(c)
				continue
			}
			if !strings.Contains(withArgument, c) {
				return nil, fmt.Errorf("illegal option -- %s", c)
			}
			value := arg[j+1:]
			if value == "" {
				if i++; i == len(args) {
					return nil, fmt.Errorf("option requires an argument -- %s", c)
				}
				value = args[i]
			}
			if err := o.value(c, value); err != nil {
				return nil, err
			}
			break
		}
	}
	return o, nil
}

func (o *options) letter(c string) {
	switch c {
	case "X":
		o.foreground = true
	case "T":
		o.skipDocumentRoot = true
	case "?":
		o.mode = "h"
	case "S":
		o.define("DUMP_VHOSTS")
		o.define("DUMP_RUN_CFG")
	case "M":
		o.define("DUMP_MODULES")
	default:
		o.mode = c
	}
}

func (o *options) value(c, value string) error {
	switch c {
	case "D":
		o.define(value)
	case "C":
		o.before = append(o.before, value)
	case "c":
		o.after = append(o.after, value)
	case "d":
		root, err := filepath.Abs(value)
		if err != nil {
			return fmt.Errorf("-d: %w", err)
		}
		o.root = root
	case "f":
		o.file = value
	case "E":
		o.startupLog = value
	case "e":
		level, err := observe.ParseLevel(value)
		if err != nil {
			return fmt.Errorf("-e: %w", err)
		}
		o.quiet = level < observe.Warn
	case "k":
		switch value {
		case "start", "restart", "graceful", "stop", "graceful-stop":
			o.action = value
		default:
			return fmt.Errorf("-k knows start, restart, graceful, stop and graceful-stop, not %q", value)
		}
	}
	return nil
}

func (o *options) define(value string) {
	o.defines = append(o.defines, value)
	switch value {
	case "FOREGROUND", "NO_DETACH", "ONE_PROCESS", "DEBUG":
		o.foreground = true
	default:
		if strings.HasPrefix(value, "DUMP_") {
			o.dumps, o.mode = append(o.dumps, value), "t"
		}
	}
}

func usage(w io.Writer) {
	fmt.Fprint(w, `Usage: transom [-D name] [-d directory] [-f file]
               [-C "directive"] [-c "directive"]
               [-k start|restart|graceful|graceful-stop|stop]
               [-e level] [-E file]
               [-v] [-V] [-h] [-l] [-L] [-t] [-T] [-S] [-M] [-X]
Options:
  -D name            : define a name for <IfDefine name>; FOREGROUND stays in the foreground
  -d directory       : another ServerRoot to begin with
  -f file            : another main configuration file
  -C "directive"     : a directive before the configuration files
  -c "directive"     : a directive after the configuration files
  -e level           : show only what is as bad as this when starting
  -E file            : log startup errors to this file
  -k action          : start, restart, graceful (reload, nothing is cut), graceful-stop, stop
  -v                 : show the version
  -V                 : show the settings that were compiled in
  -h                 : show this list
  -l                 : list the modules that are compiled in
  -L                 : list the directives and where each may stand
  -t -D DUMP_VHOSTS  : show what the virtual hosts came to
  -t -D DUMP_RUN_CFG : show the settings of the process
  -t -D DUMP_MODULES : show the modules
  -t -D DUMP_INCLUDES : show the files that were read
  -t -D DUMP_CERTS   : show the files of certificates
  -t -D DUMP_CONFIG  : show the directives, each with its place
  -S                 : the same as -t -D DUMP_VHOSTS -D DUMP_RUN_CFG
  -M                 : the same as -t -D DUMP_MODULES
  -t                 : check the configuration
  -T                 : start without checking that DocumentRoot exists
  -X                 : stay in the foreground, for debugging
Verbs of Transom's own:
`)
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-18s : %s\n", v.name, v.doc)
	}
}
