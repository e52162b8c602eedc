// Transom serves Apache httpd configurations as a reverse proxy. Without one of its own verbs the command line is httpd's.
package main

import (
	"fmt"
	"io"
	"os"

	"transom/internal/conf"
)

// verb is a command of Transom's own.
type verb struct {
	name string
	doc  string
	run  func(args []string, stdout, stderr io.Writer) int
}

func verbs() []verb {
	return []verb{
		{"check", "report what is wrong in a configuration, or will surprise", checkConfig},
		{"demo", "serve an embedded Shiny-like application and watch its tunnels", demo},
		{"explain", "say which way a request takes through the configuration", explainURL},
		{"tunnels", "list the live tunnels of the running server, or close some", tunnels},
	}
}

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// command runs one command line and returns its exit status.
func command(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		for _, v := range verbs() {
			if args[0] == v.name {
				return v.run(args[1:], stdout, stderr)
			}
		}
		switch args[0] {
		case "--help", "help":
			usage(stdout)
			return 0
		case "--version", "version":
			args = []string{"-v"}
		}
		if args[0] != "" && args[0][0] != '-' {
			fmt.Fprintf(stderr, "transom: unknown verb %q%s (transom -h lists what there is)\n", args[0], meant(args[0]))
			return 1
		}
	}
	return httpd(args, stdout, stderr)
}

// meant asks whether a word was another one: apachectl's words are options here.
func meant(word string) string {
	switch word {
	case "start", "stop", "restart", "graceful", "graceful-stop":
		return ": did you mean -k " + word + "?"
	case "configtest":
		return ": did you mean -t?"
	case "status", "fullstatus":
		return ": server-status is a page (SetHandler server-status)"
	}
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	if near := conf.Nearest(word, names); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}
