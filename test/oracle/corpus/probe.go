package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A probe is one request and what httpd did with it.
type probe struct {
	Config, Vhost string
	TLS           bool
	Port          int
	Method, Path  string
	Headers       map[string]string
	Observed      string // from the live file
}

func readProbes(dir string) (map[string][]probe, error) {
	var probes, live []probe
	if err := readLines(filepath.Join(dir, "probes.jsonl"), &probes); err != nil {
		return nil, err
	}
	if err := readLines(filepath.Join(dir, "live-2.4.71.jsonl"), &live); err != nil {
		return nil, err
	}
	// The two files differ in order; the same request is sent several times, with
	// other headers, in the same order.
	answers := map[string][]string{}
	for _, l := range live {
		answers[l.key()] = append(answers[l.key()], l.Observed)
	}
	all := map[string][]probe{}
	for _, p := range probes {
		left := answers[p.key()]
		if len(left) == 0 {
			return nil, fmt.Errorf("no recorded answer to %s", p.key())
		}
		p.Observed, answers[p.key()] = left[0], left[1:]
		all[p.Config] = append(all[p.Config], p)
	}
	return all, nil
}

func (p probe) key() string {
	return fmt.Sprint(p.Config, " ", p.Vhost, " ", p.TLS, " ", p.Method, " ", p.Path)
}

func readLines(path string, into *[]probe) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for dec := json.NewDecoder(f); ; {
		var p probe
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		*into = append(*into, p)
	}
}

// send sends the probe and says, in the words of the live file, what became of it.
// proxyHeader says that the listener wants the PROXY protocol first.
func (p probe) send(r *recorder, timeout time.Duration, proxyHeader bool) (string, error) {
	r.take()
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", p.Port), timeout)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(timeout))
	if proxyHeader {
		fmt.Fprintf(c, "PROXY TCP4 127.0.0.1 127.0.0.1 40000 %d\r\n", p.Port)
	}
	if p.TLS {
		c = tls.Client(c, &tls.Config{ServerName: p.Vhost, InsecureSkipVerify: true})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", p.Method, p.Path, p.Vhost)
	for name, value := range p.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	if p.Method == "POST" {
		b.WriteString("Content-Length: 0\r\n")
	}
	if _, err := io.WriteString(c, b.String()+"\r\n"); err != nil {
		return "", err
	}
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: p.Method})
	if err != nil {
		return "", err
	}
	if proxied := r.take(); proxied != "" {
		return proxied, nil
	}
	if to := res.Header.Get("Location"); to != "" {
		return fmt.Sprintf("%d %s", res.StatusCode, to), nil
	}
	return fmt.Sprintf("status %d ", res.StatusCode), nil
}
