// Package demoapp is a small application that looks and behaves like a live Shiny page: a plot that moves over SockJS,
// with all of SockJS's fallbacks, and a plain WebSocket that echoes. It is what `transom demo` serves through the proxy.
package demoapp

import (
	"context"
	"embed"
	"io/fs"
	"net/http"
	"regexp"
	"time"

	"github.com/coder/websocket"
	"github.com/igm/sockjs-go/v3/sockjs"
)

// Base is where Shiny Server puts its first example, and so the demo.
const Base = "/sample-apps/hello/"

// Options may be zero.
type Options struct {
	// OnEvent, if set, is told of each session's and echo's beginning and end. It is called from their goroutines.
	OnEvent func(Event)
}

// Event is the beginning or the end of a SockJS session or of an echo connection.
type Event struct {
	Open      bool
	Transport string        // SockJS's name for it: "websocket", "xhr-streaming" ...; "echo" for the plain WebSocket
	Path      string        // of the request that opened it
	Sent      int64         // messages to the browser, at the end
	Received  int64         // messages from the browser, at the end
	Lasted    time.Duration // at the end
}

//go:embed assets
var assets embed.FS

// Handler serves the page below Base, and sends "/" there. The end of ctx ends every session, which shutting an
// http.Server down doesn't, since a WebSocket is no longer the server's.
func Handler(ctx context.Context, o Options) http.Handler {
	if o.OnEvent == nil {
		o.OnEvent = func(Event) {}
	}
	a := &app{ctx: ctx, onEvent: o.OnEvent}
	mux := http.NewServeMux()
	mux.Handle("/{$}", http.RedirectHandler(Base, http.StatusFound))
	mux.Handle(Base, a.page())
	mux.Handle(Base+"__sockjs__/", a.sockJS())
	mux.HandleFunc(Base+"echo", a.echo)
	return mux
}

type app struct {
	ctx     context.Context
	onEvent func(Event)
}

func (a *app) page() http.Handler {
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the name is a constant
	}
	server := http.StripPrefix(Base, http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		server.ServeHTTP(w, r)
	})
}

// shinyPath is everything up to SockJS's own part of a path. Between the two, today's Shiny Server puts parameters of
// its own: __sockjs__/n=<id>/123/<session>/websocket.
var shinyPath = regexp.MustCompile(`^.*/__sockjs__(?:/[a-z]+=[^/]*)*`)

// maxBody bounds one xhr_send or jsonp_send request.
const maxBody = 1 << 20

func (a *app) sockJS() http.Handler {
	opts := sockjs.DefaultOptions
	opts.SockJSURL = Base + "sockjs.js"
	opts.WebsocketWriteTimeout = 10 * time.Second
	h := sockjs.NewHandler("", opts, a.session)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.Path
		inner := r.Clone(context.WithValue(r.Context(), pathKey{}, path))
		inner.URL.Path, inner.URL.RawPath = path[len(shinyPath.FindString(path)):], ""
		// A proxy changes Host (ProxyPreserveHost Off), so that Origin can't be compared with it, and nothing here
		// needs to be kept from other sites.
		inner.Header.Del("Origin")
		inner.Body = http.MaxBytesReader(w, r.Body, maxBody)
		serveReceiver(h, w, inner)
	})
}

// pathKey finds the path as the browser sent it in a request's context.
type pathKey struct{}

// echo sends each message back as it came.
func (a *app) echo(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // no Origin check: as in sockJS
	if err != nil {
		return // Accept has answered
	}
	defer c.CloseNow()
	defer context.AfterFunc(a.ctx, func() { c.Close(websocket.StatusGoingAway, "the demo is ending") })()
	c.SetReadLimit(maxBody)

	e := Event{Open: true, Transport: "echo", Path: r.URL.Path}
	start := time.Now()
	a.onEvent(e)
	defer func() {
		e.Open, e.Lasted = false, time.Since(start)
		a.onEvent(e)
	}()
	for {
		kind, message, err := c.Read(context.Background())
		if err != nil {
			return
		}
		e.Received++
		if c.Write(context.Background(), kind, message) != nil {
			return
		}
		e.Sent++
	}
}
