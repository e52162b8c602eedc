package demoapp

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// client speaks one SockJS transport.
type client interface {
	frame(t *testing.T) string // the next one that is no heartbeat; "" at the end of the session's transport
	send(t *testing.T, message string)
}

// transportClients open a session at a URL (".../__sockjs__/123/abc").
var transportClients = map[string]func(t *testing.T, session string) client{
	"websocket": dialWebSocket,
	"xhr-streaming": func(t *testing.T, session string) client {
		return &httpClient{session: session, method: "POST", path: "/xhr_streaming", send_: xhrSend, decode: asIs}
	},
	"xhr-polling": func(t *testing.T, session string) client {
		return &httpClient{session: session, method: "POST", path: "/xhr", send_: xhrSend, decode: asIs}
	},
	"eventsource": func(t *testing.T, session string) client {
		return &httpClient{session: session, method: "GET", path: "/eventsource", send_: xhrSend, decode: eventData}
	},
	"htmlfile": func(t *testing.T, session string) client {
		return &httpClient{session: session, method: "GET", path: "/htmlfile?c=cb", send_: xhrSend, decode: calls("p")}
	},
	"jsonp": func(t *testing.T, session string) client {
		return &httpClient{session: session, method: "GET", path: "/jsonp?c=cb", send_: jsonpSend, decode: calls("cb")}
	},
}

// patience is for what should come at once: a test that waits longer fails rather than hangs.
const patience = 20 * time.Second

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func event(t *testing.T, events <-chan Event) Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(patience):
		t.Fatal("no event")
		return Event{}
	}
}

type webSocketClient struct{ c *websocket.Conn }

func dialWebSocket(t *testing.T, session string) client {
	c, _, err := websocket.Dial(bounded(t), session+"/websocket", &websocket.DialOptions{
		// As a browser's behind a proxy that doesn't preserve Host.
		HTTPHeader: http.Header{"Origin": {"http://websockets-demo.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return webSocketClient{c}
}

func (w webSocketClient) frame(t *testing.T) string {
	_, m, err := w.c.Read(bounded(t))
	if err != nil {
		return ""
	}
	return string(m)
}

func (w webSocketClient) send(t *testing.T, message string) {
	if err := w.c.Write(bounded(t), websocket.MessageText, quoted(message)); err != nil {
		t.Fatal(err)
	}
}

// httpClient receives by one request after the other.
type httpClient struct {
	session, method, path string
	send_                 func(t *testing.T, session, message string)
	decode                func(line string) (frame string)
	body                  *bufio.Scanner
}

func (h *httpClient) frame(t *testing.T) string {
	for {
		if h.body == nil {
			h.body = h.open(t)
		}
		for h.body.Scan() {
			if f := h.decode(h.body.Text()); f != "" && f[0] != 'h' {
				return f
			}
		}
		h.body = nil
	}
}

func (h *httpClient) open(t *testing.T) *bufio.Scanner {
	r, err := http.NewRequestWithContext(bounded(t), h.method, h.session+h.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp := answer(t, r)
	s := bufio.NewScanner(resp.Body)
	s.Buffer(nil, 1<<20)
	return s
}

func (h *httpClient) send(t *testing.T, message string) { h.send_(t, h.session, message) }

func xhrSend(t *testing.T, session, message string) {
	r, err := http.NewRequestWithContext(bounded(t), "POST", session+"/xhr_send", strings.NewReader(string(quoted(message))))
	if err != nil {
		t.Fatal(err)
	}
	answer(t, r)
}

func jsonpSend(t *testing.T, session, message string) {
	form := url.Values{"d": {string(quoted(message))}}
	r, err := http.NewRequestWithContext(bounded(t), "POST", session+"/jsonp_send", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer(t, r)
}

// answer makes the request, whose response must be a success, on a connection that the test's end closes.
func answer(t *testing.T, r *http.Request) *http.Response {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode >= 300 {
		text, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s %s: %s %s", r.Method, r.URL, resp.Status, text)
	}
	return resp
}

func quoted(message string) []byte {
	text, err := json.Marshal([]string{message})
	if err != nil {
		panic(err)
	}
	return text
}

func asIs(line string) string { return line }

func eventData(line string) string {
	data, _ := strings.CutPrefix(line, "data: ")
	frame, err := url.PathUnescape(data)
	if err != nil {
		return "undecodable: " + data
	}
	return frame
}

// calls decodes lines of JavaScript that call the function with one string.
func calls(function string) func(string) string {
	return func(line string) string {
		argument, found := strings.CutPrefix(line, function+"(")
		if !found {
			return ""
		}
		var frame string
		if err := json.Unmarshal([]byte(strings.TrimSuffix(argument, ");")), &frame); err != nil {
			return "undecodable: " + line
		}
		return frame
	}
}
