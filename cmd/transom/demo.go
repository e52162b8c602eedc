package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"transom/internal/demoapp"
	"transom/internal/modules"
	"transom/internal/run"
)

// demoConfig is the configuration of the blog post that Transom comes from, with the demo's addresses and file names in it.
const demoConfig = `Listen %[1]s
PidFile %[3]s/httpd.pid
ErrorLog %[3]s/error_log
LogFormat "%%h %%l %%u %%t \"%%r\" %%>s %%b \"%%{Referer}i\" \"%%{User-Agent}i\"" combined

LoadModule proxy_wstunnel_module modules/mod_proxy_wstunnel.so
<VirtualHost *:*>
  ServerName websockets-demo.hlsdev.com
  ProxyRequests Off
  ProxyPreserveHost Off
  <Proxy *>
    Order allow,deny
    Allow from all
  </Proxy>
  # websockets?
  ProxyPassMatch ^/(.*/__sockjs__/[0-9]+/.*) ws://%[2]s/$1
  ProxyPass /  http://%[2]s/ max=1 disablereuse=on keepalive=on
  ProxyPassReverse / http://%[2]s/
  CustomLog %[3]s/demo.log combined
  ErrorLog  %[3]s/demo_error.log
</VirtualHost>
`

const demoUsage = `Usage: transom demo [-listen address:port]
Serves an embedded Shiny-like application through a real configuration, and shows its tunnels, until it is interrupted.
`

// demo serves the embedded application through the proxy until it is interrupted.
func demo(args []string, stdout, stderr io.Writer) int {
	flags := newFlags("demo", demoUsage, stderr)
	address := flags.String("listen", "127.0.0.1:0", "`address` to listen on; port 0 picks a free one")
	args, status, done := arguments(flags, args)
	if done {
		return status
	}
	if len(args) > 0 {
		fmt.Fprintf(stderr, "transom: demo: expected no arguments, not %q (transom demo -h)\n", args)
		return 1
	}
	if err := runDemo(*address, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "transom: demo: %v\n", err)
		return 1
	}
	return 0
}

func runDemo(address string, stdout, stderr io.Writer) error {
	dir, err := os.MkdirTemp("", "transom-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	address, err = freeAddress(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	app, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	backend := &http.Server{Handler: demoapp.Handler(ctx, demoapp.Options{OnEvent: func(e demoapp.Event) { show(stdout, e) }})}
	go backend.Serve(app)
	defer backend.Close()

	config := fmt.Sprintf(demoConfig, address, app.Addr(), dir)
	file := filepath.Join(dir, "httpd.conf")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return err
	}
	server, err := run.Start(&run.Options{Root: dir, File: file, Modules: modules.All}, stderr)
	if err != nil {
		return errors.New("the proxy did not start; the lines above say why")
	}
	fmt.Fprintf(stdout, demoText, address, app.Addr(), config, dir, os.Getpid())
	server.Run(func() {})
	fmt.Fprintln(stdout, "The demo has ended.")
	return nil
}

const demoText = `
  Open  http://%[1]s/

The application listens on %[2]s. Transom stands in front of it with this configuration:

%[3]s
What to try:
  - The badge at the top of the page says which transport carries the plot. Move the slider: it follows.
  - Switch "New Shiny Server URLs" on: the pattern above no longer matches, and it is a WebSocket all the same.
  - Choose another transport: SockJS's fallbacks stream too.
  - Send an echo over the plain WebSocket, which travels by the ProxyPass to http://.
  - Reload while the plot moves, and see that the tunnel stays:  kill -USR1 %[5]d
  - Read the logs:  tail -f %[4]s/*log
  - End with Ctrl-C.

Tunnels and streams as they open and close:
`

// freeAddress replaces port 0 by a free port, since a configuration names its ports.
func freeAddress(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// show prints a line for what the application sees open or close.
func show(w io.Writer, e demoapp.Event) {
	at := time.Now().Format("15:04:05")
	if e.Open {
		fmt.Fprintf(w, "  %s  opened  %-13s %s\n", at, e.Transport, e.Path)
		return
	}
	fmt.Fprintf(w, "  %s  closed  %-13s %s  after %v: %d messages out, %d in\n", at, e.Transport, e.Path, e.Lasted.Round(time.Second/10), e.Sent, e.Received)
}
