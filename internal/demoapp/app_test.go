package demoapp

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"golang.org/x/net/html"
)

// start serves the application; its events arrive on the channel.
func start(t *testing.T) (address string, events <-chan Event, end context.CancelFunc) {
	ch := make(chan Event, 100)
	ctx, cancel := context.WithCancel(context.Background())
	s := httptest.NewServer(Handler(ctx, Options{OnEvent: func(e Event) { ch <- e }}))
	t.Cleanup(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL, ch, cancel
}

// messages reads from c up to the first message that want accepts.
func messages(t *testing.T, c client, want func(reply) bool) reply {
	t.Helper()
	for {
		f := c.frame(t)
		if f == "" || f[0] != 'a' {
			t.Fatalf("got frame %q, want messages", f)
		}
		var texts []string
		if err := json.Unmarshal([]byte(f[1:]), &texts); err != nil {
			t.Fatalf("%v in frame %q", err, f)
		}
		for _, text := range texts {
			var r reply
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				t.Fatalf("%v in message %q", err, text)
			}
			if want(r) {
				return r
			}
		}
	}
}

func TestEveryTransport(t *testing.T) {
	for name, open := range transportClients {
		for style, path := range map[string]string{
			"old": "sample-apps/hello/__sockjs__/042/abcdefgh",
			"new": "sample-apps/hello/__sockjs__/n=Xy12/o=z/042/abcdefgh",
		} {
			t.Run(name+"/"+style, func(t *testing.T) {
				address, events, end := start(t)
				c := open(t, address+"/"+path)
				if f := c.frame(t); f != "o" {
					t.Fatalf("first frame is %q, want o", f)
				}
				if e := event(t, events); !e.Open || e.Transport != name || !strings.HasPrefix(e.Path, "/"+path+"/") {
					t.Errorf("event %+v, want one that opens %s below /%s/", e, name, path)
				}
				h := messages(t, c, func(r reply) bool { return r.Hello != nil }).Hello
				if h.Transport != name {
					t.Errorf("hello says %+v, want transport %s", h, name)
				}

				first := messages(t, c, func(r reply) bool { return r.Plot != nil }).Plot
				next := messages(t, c, func(r reply) bool { return r.Plot != nil }).Plot
				if next.Total <= first.Total {
					t.Errorf("the plot stands still at %d observations", first.Total)
				}

				c.send(t, `{"input":{"bins":7}}`)
				messages(t, c, func(r reply) bool { return r.Plot != nil && len(r.Plot.Counts) == 7 })
				const text = "100% <söckjs>\n\x00\"quoted\""
				c.send(t, string(mustMarshal(map[string]string{"echo": text})))
				if got := *messages(t, c, func(r reply) bool { return r.Echo != nil }).Echo; got != text {
					t.Errorf("echo %q, want %q", got, text)
				}
				c.send(t, `{"ping":12.5}`)
				messages(t, c, func(r reply) bool { return string(r.Pong) == "12.5" })
				c.send(t, `not JSON`)
				messages(t, c, func(r reply) bool { return strings.Contains(r.Error, "not a message of this page") })
				c.send(t, `{}`)
				messages(t, c, func(r reply) bool { return strings.Contains(r.Error, "expected one of") })

				end()
				f := c.frame(t)
				for ; f != "" && f[0] == 'a'; f = c.frame(t) {
				}
				if f != `c[3000,"Go away!"]` {
					t.Errorf("last frame is %q, want a close", f)
				}
				e := event(t, events)
				if e.Open || e.Transport != name || e.Received != 5 || e.Sent < 8 || e.Lasted <= 0 {
					t.Errorf("event %+v, want one that closes %s after 5 messages received and 8 sent or more", e, name)
				}
			})
		}
	}
}

func mustMarshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// A browser that disappears ends its session, whether it says goodbye or not.
func TestBrowserGoesAway(t *testing.T) {
	for _, name := range []string{"websocket", "xhr-streaming", "xhr-polling"} {
		t.Run(name, func(t *testing.T) {
			address, events, _ := start(t)
			t.Run("browser", func(t *testing.T) {
				c := transportClients[name](t, address+Base+"__sockjs__/1/abc")
				if f := c.frame(t); f != "o" {
					t.Fatalf("first frame is %q, want o", f)
				}
			}) // its end closes the connections
			event(t, events)
			if e := event(t, events); e.Open {
				t.Errorf("event %+v, want one that closes", e)
			}
		})
	}
}

// The library lets one connection at a time receive for a session, and the second is told so.
func TestSecondReceiver(t *testing.T) {
	address, _, _ := start(t)
	for _, name := range []string{"xhr-streaming", "eventsource", "htmlfile"} {
		session := address + Base + "__sockjs__/1/" + name
		if f := transportClients[name](t, session).frame(t); f != "o" {
			t.Fatalf("%s: first frame is %q, want o", name, f)
		}
		if f := transportClients[name](t, session).frame(t); !strings.HasPrefix(f, "c[2010,") {
			t.Errorf("%s: the second connection's first frame is %q, want c[2010,...]", name, f)
		}
	}
}

func TestEcho(t *testing.T) {
	address, events, end := start(t)
	c, _, err := websocket.Dial(bounded(t), address+Base+"echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(maxBody)
	for kind, m := range map[websocket.MessageType]string{
		websocket.MessageText:   "hello",
		websocket.MessageBinary: strings.Repeat("\x00\xff", maxBody/2),
	} {
		if err := c.Write(bounded(t), kind, []byte(m)); err != nil {
			t.Fatal(err)
		}
		gotKind, got, err := c.Read(bounded(t))
		if err != nil || gotKind != kind || string(got) != m {
			t.Errorf("got %v of %d bytes, %v; want %v of %d bytes", gotKind, len(got), err, kind, len(m))
		}
	}
	end()
	if _, _, err := c.Read(bounded(t)); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("at the end of the demo: %v, want close code 1001", err)
	}
	event(t, events)
	if e := event(t, events); e.Open || e.Transport != "echo" || e.Sent != 2 || e.Received != 2 {
		t.Errorf("event %+v, want one that closes an echo after 2 messages each way", e)
	}
}

func TestBadRequests(t *testing.T) {
	address, _, _ := start(t)
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/nothing", "", 404},
		{"GET", Base + "nothing.js", "", 404},
		{"GET", Base + "../../app.go", "", 404},
		{"GET", Base + "__sockjs__/", "", 200},
		{"GET", Base + "__sockjs__/1/abc/nothing", "", 404},
		{"GET", Base + "__sockjs__/1/abc/xhr", "", 405},
		{"GET", Base + "__sockjs__/1/abc/websocket", "", 400},
		{"GET", Base + "echo", "", 426},
		{"POST", Base + "__sockjs__/1/nobody/xhr_send", `["x"]`, 404},
		{"POST", Base + "__sockjs__/1/nobody/xhr_send", `["x`, 400},
		{"GET", Base + "__sockjs__/1/abc/jsonp?c=a%3Cscript", "", 400},
	} {
		r, err := http.NewRequestWithContext(bounded(t), c.method, address+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s %s: %s, want %d", c.method, c.path, resp.Status, c.status)
		}
	}
}

// The page works without a network: all that it names is here.
func TestPageNamesOnlyItsOwnFiles(t *testing.T) {
	address, _, _ := start(t)
	get := func(path string) string {
		r, err := http.NewRequestWithContext(bounded(t), "GET", address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer(t, r).Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	page, err := html.Parse(strings.NewReader(get("/"))) // redirected to Base
	if err != nil {
		t.Fatal(err)
	}
	var named int
	for n := range page.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "src" || a.Key == "href" {
				named++
				get(Base + a.Val)
			}
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s>: the page's Content-Security-Policy forbids it", n.Data, a.Key)
			}
		}
	}
	if named < 3 {
		t.Errorf("the page names %d files, want its script, style and icon", named)
	}
	for _, name := range []string{"index.html", "app.js", "sockjs.js", "plot.js", "style.css", "icon.svg"} {
		text := strings.ReplaceAll(get(Base+strings.TrimSuffix(name, "index.html")), "http://www.w3.org/2000/svg", "")
		if strings.Contains(text, "http://") || strings.Contains(text, "https://") || strings.Contains(text, "url(") {
			t.Errorf("%s names another place", name)
		}
	}
}
