package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
)

// A recorder plays all backends of a configuration and remembers the last request.
type recorder struct {
	cert      tls.Certificate
	listeners []net.Listener

	mu   sync.Mutex
	last string
}

func (r *recorder) listen(ports []int) error {
	for _, port := range ports {
		ln, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			return err
		}
		r.listeners = append(r.listeners, ln)
		go r.serve(ln, func(scheme string) string { return fmt.Sprintf("%s://127.0.0.1:%d", scheme, port-shift) })
	}
	return nil
}

var unixSocket = regexp.MustCompile(`unix:(\S+?\.sock)\|`)

// listenUnix opens the sockets that a configuration names.
func (r *recorder) listenUnix(conf, root string) error {
	seen := map[string]bool{}
	for _, m := range unixSocket.FindAllStringSubmatch(conf, -1) {
		path := filepath.Clean(m[1])
		if seen[path] {
			continue
		}
		seen[path] = true
		ln, err := net.Listen("unix", path)
		if err != nil {
			return err
		}
		if err := os.Chmod(path, 0o666); err != nil {
			return err
		}
		r.listeners = append(r.listeners, ln)
		// The recorded form is that of httpd's log: no host behind the bar.
		go r.serve(ln, func(string) string { return "unix:" + original(path, root, nil) + "|http:" })
	}
	return nil
}

func (r *recorder) serve(ln net.Listener, prefix func(scheme string) string) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go r.answer(c, prefix)
	}
}

func (r *recorder) answer(c net.Conn, prefix func(scheme string) string) {
	defer c.Close()
	br := bufio.NewReader(c)
	first, err := br.Peek(1)
	if err != nil {
		return
	}
	secure := first[0] == 0x16 // a TLS handshake record
	if secure {
		t := tls.Server(peeked{c, br}, &tls.Config{Certificates: []tls.Certificate{r.cert}})
		c, br = t, bufio.NewReader(t)
	}
	for {
		req, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		scheme := "http"
		if req.Header.Get("Upgrade") != "" {
			scheme = "ws" // what the worker was called doesn't show
		}
		if secure {
			scheme += "s"
		}
		r.mu.Lock()
		r.last = prefix(scheme) + req.RequestURI
		r.mu.Unlock()
		if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")); err != nil {
			return
		}
	}
}

// take returns the last request and forgets it.
func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.last
	r.last = ""
	return last
}

func (r *recorder) close() {
	for _, ln := range r.listeners {
		ln.Close()
	}
}

// peeked is a connection whose first bytes are in a reader.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.r.Read(b) }
