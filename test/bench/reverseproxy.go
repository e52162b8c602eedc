package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"time"
)

// runReverseProxy is what a Go program gets with net/http and httputil.ReverseProxy as they come.
func runReverseProxy(args []string) error {
	flags := flag.NewFlagSet("reverseproxy", flag.ExitOnError)
	ports := flags.String("ports", "", "plain, logged and TLS port")
	backend := flags.Int("backend", 0, "port")
	certificate := flags.String("certificate", "", "PEM file")
	log := flags.String("log", "", "access log")
	flags.Parse(args)
	target := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", *backend)}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256
	transport.DisableCompression = true
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.SetXForwarded() }}
	file, err := os.Create(*log)
	if err != nil {
		return err
	}
	defer file.Close()
	failed := make(chan error)
	serve := func(port string, h http.Handler, secure bool) {
		s := &http.Server{Addr: "127.0.0.1:" + port, Handler: h}
		if secure {
			// HTTP/2 carries no upgrade.
			s.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
			failed <- s.ListenAndServeTLS(*certificate, *certificate)
			return
		}
		failed <- s.ListenAndServe()
	}
	p := strings.Split(*ports, ",")
	if len(p) != 3 {
		return fmt.Errorf("-ports %q: expected three", *ports)
	}
	go serve(p[0], proxy, false)
	go serve(p[1], logged(proxy, file), false)
	go serve(p[2], proxy, true)
	return <-failed
}

// logged writes a line of the combined format for each request, unbuffered as httpd and nginx write it.
func logged(h http.Handler, file *os.File) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &counter{ResponseWriter: w}
		h.ServeHTTP(c, r)
		fmt.Fprintf(file, "%s - - [%s] \"%s %s %s\" %d %d %q %q\n", r.RemoteAddr, time.Now().Format("02/Jan/2006:15:04:05 -0700"),
			r.Method, r.RequestURI, r.Proto, c.status, c.bytes, r.Referer(), r.UserAgent())
	})
}

type counter struct {
	http.ResponseWriter
	status, bytes int
}

func (c *counter) WriteHeader(status int) { c.status = status; c.ResponseWriter.WriteHeader(status) }

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += n
	return n, err
}

func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
