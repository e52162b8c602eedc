//go:build system

// Package browser opens the demo in Chromium through the proxy and looks at how its data travels.
package browser

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"transom/internal/demoapp"
	"transom/test/browser/cdp"
	"transom/test/browser/proxy"
)

// patience is for one page; what is asked of it takes a second or two.
const patience = 60 * time.Second

func TestDemo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	site := proxy.Start(t, proxy.Blog, startDemo(t))
	browser, err := cdp.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()

	// The blog's pattern doesn't match today's URLs: httpd sends their handshake to the http worker, which is not
	// told to upgrade it.
	newStyle := "websocket"
	if proxy.IsHttpd() {
		newStyle = "xhr-streaming"
	}
	for query, transport := range map[string]string{
		"":                                  "websocket",
		"?urls=new":                         newStyle,
		"?transport=websocket":              "websocket",
		"?transport=eventsource":            "eventsource",
		"?transport=xhr-polling":            "xhr-polling",
		"?transport=xhr-streaming":          "xhr-streaming",
		"?transport=xhr-streaming&urls=new": "xhr-streaming",
	} {
		t.Run(transport+query, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			page, err := browser.Open(ctx, site+demoapp.Base+query)
			if err != nil {
				t.Fatal(err)
			}
			defer page.Close(ctx)
			checkUpdates(t, ctx, page, transport)
			checkTransport(t, page, site, transport, strings.Contains(query, "urls=new"))
			if errors := page.Errors(); len(errors) > 0 {
				t.Errorf("the page's errors: %q", errors)
			}
			screenshot(t, ctx, page)
		})
	}
}

// The root leads to the page, and a plain WebSocket on the http:// rule works too.
func TestPlainWebSocket(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	host := proxy.Blog
	if proxy.IsHttpd() {
		host = proxy.Modern
	}
	site := proxy.Start(t, host, startDemo(t))
	browser, err := cdp.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer browser.Close()
	page, err := browser.Open(ctx, site+"/")
	if err != nil {
		t.Fatal(err)
	}
	must(t, page.Wait(ctx, `document.body.dataset.state === "open"`))
	must(t, page.Eval(ctx, `document.getElementById("echo-over").value = "websocket"`, nil))
	must(t, page.Press(ctx, "#echo button", "Enter"))
	must(t, page.Wait(ctx, `document.getElementById("echo-answer").dataset.over === "WebSocket"`))
	must(t, page.Wait(ctx, `document.getElementById("echo-answer").textContent === "Hello over there"`))
}

func startDemo(t *testing.T) (address string) {
	ctx, cancel := context.WithCancel(context.Background())
	s := httptest.NewServer(demoapp.Handler(ctx, demoapp.Options{}))
	t.Cleanup(func() {
		cancel()
		s.CloseClientConnections()
		s.Close()
	})
	return strings.TrimPrefix(s.URL, "http://")
}

// checkUpdates sees the plot move by itself, and change when the user moves the slider.
func checkUpdates(t *testing.T, ctx context.Context, page *cdp.Page, transport string) {
	t.Helper()
	must(t, page.Wait(ctx, fmt.Sprintf(`document.getElementById("status").dataset.transport === %q`, transport)))
	must(t, page.Wait(ctx, `document.getElementById("plot").dataset.bins === "30"`))
	var total string
	must(t, page.Eval(ctx, `document.getElementById("plot").dataset.total`, &total))
	must(t, page.Wait(ctx, `document.getElementById("plot").dataset.total > `+total))
	must(t, page.Press(ctx, "#bins", "ArrowRight"))
	must(t, page.Wait(ctx, `document.querySelectorAll("#plot .bars rect").length === 31`))
}

// checkTransport compares what the page says of its transport with what the browser's network layer saw.
func checkTransport(t *testing.T, page *cdp.Page, site, transport string, newURLs bool) {
	t.Helper()
	style := ""
	if newURLs {
		style = "n=[0-9a-z]+/"
	}
	session := regexp.QuoteMeta(demoapp.Base+"__sockjs__/") + style + "[0-9]{3}/[0-9a-z]{8}/"

	var open []cdp.WebSocket
	for _, s := range page.WebSockets() {
		if s.Status == 101 {
			open = append(open, s)
		}
	}
	fallback := regexp.MustCompile(session + "(xhr|xhr_streaming|xhr_send|eventsource)$")
	var fallbacks []string
	for _, r := range page.Requests() {
		if fallback.MatchString(r.URL) {
			fallbacks = append(fallbacks, r.URL)
		}
	}
	if transport != "websocket" {
		if len(open) != 0 || len(fallbacks) < 2 {
			t.Errorf("WebSockets %+v and requests %q: want only requests", open, fallbacks)
		}
		return
	}
	if len(fallbacks) != 0 {
		t.Errorf("requests of a fallback: %q", fallbacks)
	}
	url := regexp.MustCompile("^" + regexp.QuoteMeta(strings.Replace(site, "http", "ws", 1)) + session + "websocket$")
	if len(open) != 1 || !url.MatchString(open[0].URL) || open[0].Closed || open[0].Error != "" {
		t.Fatalf("WebSockets %+v, want one at %s, open", open, url)
	}
	// The o frame, hello, and plots; the inputs at the start, and the slider's.
	if open[0].Received < 4 || open[0].Sent < 2 {
		t.Errorf("the WebSocket received %d frames and sent %d, want 4 and 2 or more", open[0].Received, open[0].Sent)
	}
}

// screenshot keeps a picture of the page in the folder that the variable names.
func screenshot(t *testing.T, ctx context.Context, page *cdp.Page) {
	if dir := os.Getenv("TRANSOM_TEST_SCREENSHOTS"); dir != "" {
		must(t, page.Screenshot(ctx, filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+".png")))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
