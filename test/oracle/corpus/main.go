// Corpus loads a folder of published reverse-proxy configurations with a server,
// sends each the probes recorded for it, and says where the server does something
// else than httpd 2.4.71 did.
//
//	corpus -shared DIR [-server transom|/usr/sbin/apache2] [-only NAME]
//
// DIR/corpus holds configs/, broken/, support/, probes.jsonl and live-2.4.71.jsonl.
// It needs root and Linux: the servers run in a network namespace of their own, on
// the ports that the configurations name, with hosts of their own. The exit status is 1 if anything differs.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"transom/test/e2e/harness"
)

func main() {
	shared := flag.String("shared", "", "the folder that has corpus/ in it")
	program := flag.String("server", "/usr/sbin/apache2", "the server to try")
	only := flag.String("only", "", "one configuration's name")
	flag.Parse()
	if *shared == "" {
		flag.Usage()
		os.Exit(2)
	}
	if os.Getenv(inside) == "" {
		os.Exit(reexec())
	}
	same, err := try(filepath.Join(*shared, "corpus"), serverFor(*program), *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(2)
	}
	if !same {
		os.Exit(1)
	}
}

func serverFor(program string) harness.Server {
	if strings.Contains(filepath.Base(program), "apache2") || strings.Contains(filepath.Base(program), "httpd") {
		s := harness.Httpd()
		s.Command = []string{program}
		return s
	}
	if abs, err := filepath.Abs(program); err == nil {
		program = abs
	}
	return harness.Transom(program)
}

func try(dir string, server harness.Server, only string) (bool, error) {
	if err := loopbackUp(); err != nil {
		return false, fmt.Errorf("loopback interface: %w", err)
	}
	probes, err := readProbes(dir)
	if err != nil {
		return false, err
	}
	if err := ownHosts(hosts(probes)); err != nil {
		return false, fmt.Errorf("/etc/hosts: %w", err)
	}
	t := &trial{dir: dir, server: server, httpd: harness.Httpd(), timeout: 10 * time.Second}
	if err := t.tryConfigs(probes, only); err != nil {
		return false, err
	}
	if only == "" {
		if err := t.tryBroken(); err != nil {
			return false, err
		}
	}
	t.print()
	return t.loaded == t.configs && t.agreed == t.probes && t.judged == t.broken, nil
}

// hosts gives the names of all virtual hosts an address; some configurations use
// one as the address of a <VirtualHost>.
func hosts(probes map[string][]probe) string {
	text := "127.0.0.1 localhost\n"
	for _, list := range probes {
		for _, p := range list {
			text += "127.0.0.1 " + p.Vhost + "\n"
		}
	}
	return text
}

// inside marks the process that runs in the namespace.
const inside = "CORPUS_INSIDE"

func reexec() int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		return 2
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = ownNetwork()
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "corpus: (root is needed for a network namespace)", err)
		return 2
	}
	return 0
}
