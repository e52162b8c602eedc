//go:build system

// Package shiny opens a real Shiny application through the proxy.
package shiny

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"transom/test/browser/cdp"
	"transom/test/browser/proxy"
	"transom/test/freeport"
)

// patience covers R's start on a busy machine.
const patience = 2 * time.Minute

// Shiny by itself serves its WebSocket at /websocket/, which the blog's pattern for Shiny Server doesn't match: it
// travels by the ProxyPass to http://, which httpd needs to be told to upgrade.
func TestShiny(t *testing.T) {
	hosts := map[string]string{"modern": proxy.Modern, "blog": proxy.Blog}
	if proxy.IsHttpd() {
		delete(hosts, "blog")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	application := startShiny(t, ctx)
	browser, err := cdp.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	for name, host := range hosts {
		t.Run(name, func(t *testing.T) {
			site := proxy.Start(t, host, application)
			page, err := browser.Open(ctx, site+"/")
			if err != nil {
				t.Fatal(err)
			}
			defer page.Close(ctx)
			checkUpdates(t, ctx, page)
			checkWebSocket(t, page, site)
			if dir := os.Getenv("TRANSOM_TEST_SCREENSHOTS"); dir != "" {
				must(t, page.Screenshot(ctx, filepath.Join(dir, "shiny-"+name+".png")))
			}
		})
	}
}

// checkUpdates sees outputs follow the server's clock, and the input that the user changes.
func checkUpdates(t *testing.T, ctx context.Context, page *cdp.Page) {
	t.Helper()
	must(t, page.Wait(ctx, `document.getElementById("summary").textContent === "30 bins"`))
	must(t, page.Wait(ctx, `document.querySelector("#histogram img").naturalWidth > 0`))
	const ticks = `Number(document.getElementById("ticks").textContent)`
	var before int
	must(t, page.Eval(ctx, ticks, &before))
	must(t, page.Wait(ctx, fmt.Sprintf("%s > %d", ticks, before)))

	var picture string
	must(t, page.Eval(ctx, `document.querySelector("#histogram img").src`, &picture))
	must(t, page.Press(ctx, "#bins", "ArrowUp"))
	must(t, page.Wait(ctx, `document.getElementById("summary").textContent === "31 bins"`))
	must(t, page.Wait(ctx, fmt.Sprintf(`document.querySelector("#histogram img").src !== %q`, picture)))
}

func checkWebSocket(t *testing.T, page *cdp.Page, site string) {
	t.Helper()
	sockets := page.WebSockets()
	url := strings.Replace(site, "http", "ws", 1) + "/websocket/"
	if len(sockets) != 1 || sockets[0].URL != url || sockets[0].Status != 101 || sockets[0].Closed || sockets[0].Error != "" {
		t.Fatalf("WebSockets %+v, want one at %s, open", sockets, url)
	}
	// To the page its configuration, outputs, ticks, outputs again; to the application the inputs, and the new one.
	if sockets[0].Received < 4 || sockets[0].Sent < 2 {
		t.Errorf("the WebSocket received %d frames and sent %d, want 4 and 2 or more", sockets[0].Received, sockets[0].Sent)
	}
	for _, r := range page.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s: want no other way to the application than the WebSocket", r.Method, r.URL)
		}
	}
}

// startShiny runs app.R until the test's end and returns its address.
func startShiny(t *testing.T, ctx context.Context) (address string) {
	t.Helper()
	const missing = "%s is missing; install Shiny: apt-get install r-cran-shiny"
	rscript, err := exec.LookPath("Rscript")
	if err != nil {
		t.Fatalf(missing, "Rscript")
	}
	if out, err := exec.Command(rscript, "-e", "library(shiny)").CombinedOutput(); err != nil {
		t.Fatalf(missing+"\n%s", "R's package shiny", out)
	}
	address = freeport.Address(t)
	_, port, err := net.SplitHostPort(address)
	must(t, err)

	cmd := exec.Command(rscript, "app.R", port)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 5 * time.Second
	must(t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-exited
		if t.Failed() {
			t.Logf("%s wrote:\n%s", cmd, &output)
		}
	})
	for {
		if resp, err := http.Get("http://" + address + "/"); err == nil {
			resp.Body.Close()
			return address
		}
		select {
		case <-exited:
			t.Fatal("the Shiny application ended at once")
		case <-ctx.Done():
			t.Fatalf("the Shiny application doesn't answer on %s", address)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
