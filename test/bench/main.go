// Transom-bench measures what a proxy's processes cost: processor time per unit of work and bytes per connection, for
// Transom and its peers interleaved in one run. docs/bench.md says how, and what the figures don't say.
//
//	transom-bench [-quick] [-only peers] [-scenarios names] [-transom binary] [-out folder]
//
// transom-bench instructions counts instead of measuring time. Its other verbs are the roles it starts in processes of their own:
// backend, load, reverseproxy.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	roles := map[string]func(args []string) error{"backend": runBackend, "load": runLoad, "reverseproxy": runReverseProxy, "instructions": runInstructions}
	run, args := measure, os.Args[1:]
	if len(args) > 0 && roles[args[0]] != nil {
		run, args = roles[args[0]], args[1:]
	}
	if err := run(args); err != nil {
		fmt.Fprintln(os.Stderr, "transom-bench:", err)
		os.Exit(1)
	}
}

// Options bound a run.
type Options struct {
	Repetitions int
	Seconds     float64       // of each closed-loop sample
	Scale       int           // divides the number of idle connections
	Limit       time.Duration // no sample begins after it
	Peers       []string
	Scenarios   []string
	Transom     string
	Splice      string
	Out         string
}

func measure(args []string) error {
	o := Options{Repetitions: 3, Seconds: 1.5, Scale: 1, Limit: 11 * time.Minute}
	flags := flag.NewFlagSet("transom-bench", flag.ExitOnError)
	quick := flags.Bool("quick", false, "one short repetition, fewer idle connections: under three minutes")
	only := flags.String("only", "", "peers to measure, separated by commas")
	scenarios := flags.String("scenarios", "", "scenarios to measure, separated by commas")
	flags.StringVar(&o.Transom, "transom", "../../bin/transom", "the binary of Transom")
	flags.StringVar(&o.Splice, "splice", "splice", "the binary of splice/splice.c")
	flags.StringVar(&o.Out, "out", "../../docs", "folder for bench.json, bench.svg and the table in bench.md")
	flags.Parse(args)
	if *quick {
		o.Repetitions, o.Seconds, o.Scale, o.Limit = 1, 0.7, 4, 170*time.Second
	}
	o.Peers, o.Scenarios = list(*only), list(*scenarios)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // whoever reads the output may leave: the peers are stopped all the same
	dir, err := scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	report, err := run(ctx, o, dir)
	if err != nil {
		return err
	}
	fmt.Println(report.Markdown())
	return report.Write(filepath.Clean(o.Out))
}

// scratch makes a folder for one run. Servers that give up root's rights must still reach their files.
func scratch() (string, error) {
	dir, err := os.MkdirTemp("", "transom-bench-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
