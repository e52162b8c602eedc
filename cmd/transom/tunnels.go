package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"transom/internal/run"
)

const tunnelsUsage = `Usage: transom tunnels [-d directory] [-f file] [-D name] [-socket file] [--json]
       transom tunnels [-d directory] [-f file] [-D name] [-socket file] close ID ...
Lists the live tunnels of the running server, or closes some.
`

// configFlags are the options by which every verb finds its configuration; each -D adds a name.
func configFlags(flags *flag.FlagSet) *options {
	o := &options{}
	flags.StringVar(&o.root, "d", "", "another ServerRoot to begin with: a `directory`")
	flags.StringVar(&o.file, "f", "", "another main configuration `file`")
	flags.Func("D", "define a `name` for <IfDefine name>", func(name string) error {
		o.defines = append(o.defines, name)
		return nil
	})
	return o
}

// newFlags makes a verb's flag set, whose help is text and the flags.
func newFlags(verb, text string, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("transom "+verb, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, text, "Options:\n")
		flags.PrintDefaults()
	}
	return flags
}

// arguments reads a verb's options, wherever they stand, and returns the other arguments. It has told what was wrong, and the exit
// status then, if done.
func arguments(flags *flag.FlagSet, args []string) (others []string, status int, done bool) {
	for {
		switch err := flags.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			return nil, 0, true
		case err != nil:
			return nil, 1, true
		case flags.NArg() == 0:
			return others, 0, false
		}
		others = append(others, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// tunnels lists the running server's tunnels, or closes some of them.
func tunnels(args []string, stdout, stderr io.Writer) int {
	flags := newFlags("tunnels", tunnelsUsage, stderr)
	o := configFlags(flags)
	socket := flags.String("socket", "", "the control socket, if no configuration shall be read for it: a `file`")
	asJSON := flags.Bool("json", false, "print JSON")
	args, status, done := arguments(flags, args)
	if done {
		return status
	}
	err := func() error {
		path, err := controlSocket(o, *socket)
		switch {
		case err != nil:
			return err
		case len(args) == 0:
			return listTunnels(path, *asJSON, stdout)
		case args[0] == "close" && len(args) > 1:
			return closeTunnels(path, args[1:])
		}
		return errors.New("expected nothing, or close and the ID of a tunnel (transom tunnels -h)")
	}()
	if err != nil {
		fmt.Fprintf(stderr, "transom: tunnels: %v\n", err)
		return 1
	}
	return 0
}

// controlSocket finds the socket in the configuration, even in one that has errors by now.
func controlSocket(o *options, socket string) (string, error) {
	if socket != "" {
		return socket, nil
	}
	opt := o.forRun()
	opt.Checking = true
	c := run.Load(opt, nil, nil)
	if len(c.Errors) > 0 && c.Errors[0].Line == 0 {
		return "", errors.New(c.Errors[0].Text) // no file could be read
	}
	path := run.ControlSocket(c.Build)
	if path == "" {
		return "", errors.New("TransomControlSocket is off in this configuration")
	}
	return path, nil
}

func listTunnels(socket string, asJSON bool, w io.Writer) error {
	r, err := run.Control(socket, run.ControlRequest{Command: "tunnels"})
	if err != nil {
		return err
	}
	if asJSON {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(r.Tunnels)
	}
	printTunnels(w, r.Tunnels, time.Now())
	return nil
}

func printTunnels(w io.Writer, list []run.Tunnel, now time.Time) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tCLIENT\tHOST\tURL\tBACKEND\tAGE\tIDLE\tBYTES IN\tOUT\tMESSAGES IN\tOUT")
	for _, u := range list {
		in, out := strconv.FormatInt(u.FromClient.Messages, 10), strconv.FormatInt(u.FromBackend.Messages, 10)
		if u.Opaque {
			in, out = "-", "-"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%v\t%v\t%d\t%d\t%s\t%s\n", u.ID, u.Client, u.Host, u.URL, u.Backend,
			now.Sub(u.Started).Round(time.Second), now.Sub(u.LastActivity).Round(time.Second), u.FromClient.Bytes, u.FromBackend.Bytes, in, out)
	}
	t.Flush()
}

// closeTunnels closes each, and goes on behind one that is not there.
func closeTunnels(socket string, ids []string) error {
	var errs []error
	for _, arg := range ids {
		id, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			errs = append(errs, fmt.Errorf("%q is no ID of a tunnel; transom tunnels lists them", arg))
			continue
		}
		if _, err := run.Control(socket, run.ControlRequest{Command: "close", ID: id}); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
