package cdp

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// Page is a tab.
type Page struct {
	browser *Browser
	target  string
	session string

	mu       sync.Mutex
	sockets  []*WebSocket
	byID     map[string]*WebSocket
	requests []Request
	errors   []string
}

// WebSocket is what the browser's network layer saw of one.
type WebSocket struct {
	URL      string
	Status   int // of the response to the handshake; 0 if none came
	Sent     int // frames
	Received int // frames
	Error    string
	Closed   bool
}

// Request is one that the page made, other than for a WebSocket.
type Request struct{ Method, URL string }

// Open shows the URL in a new tab. It returns as soon as the navigation has begun.
func (b *Browser) Open(ctx context.Context, url string) (*Page, error) {
	p := &Page{browser: b, byID: map[string]*WebSocket{}}
	var target struct{ TargetID string }
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	p.target = target.TargetID
	var attached struct{ SessionID string }
	attach := map[string]any{"targetId": p.target, "flatten": true}
	if err := b.call(ctx, "", "Target.attachToTarget", attach, &attached); err != nil {
		return nil, err
	}
	p.session = attached.SessionID
	b.mu.Lock()
	b.pages[p.session] = p
	b.mu.Unlock()
	for _, domain := range []string{"Network", "Page", "Runtime"} {
		if err := p.call(ctx, domain+".enable", nil, nil); err != nil {
			return nil, err
		}
	}
	var navigated struct{ ErrorText string }
	if err := p.call(ctx, "Page.navigate", map[string]any{"url": url}, &navigated); err != nil {
		return nil, err
	}
	if navigated.ErrorText != "" {
		return nil, fmt.Errorf("%s: %s", url, navigated.ErrorText)
	}
	return p, nil
}

// Close closes the tab.
func (p *Page) Close(ctx context.Context) error {
	err := p.browser.call(ctx, "", "Target.closeTarget", map[string]any{"targetId": p.target}, nil)
	p.browser.mu.Lock()
	delete(p.browser.pages, p.session)
	p.browser.mu.Unlock()
	return err
}

func (p *Page) call(ctx context.Context, method string, params map[string]any, into any) error {
	return p.browser.call(ctx, p.session, method, params, into)
}

// Eval stores the value of a JavaScript expression, awaited if it is a promise, in into, unless that is nil.
func (p *Page) Eval(ctx context.Context, expression string, into any) error {
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *exception
	}
	err := p.call(ctx, "Runtime.evaluate", map[string]any{
		"expression": expression, "returnByValue": true, "awaitPromise": true,
	}, &answer)
	switch {
	case err != nil:
		return err
	case answer.ExceptionDetails != nil:
		return fmt.Errorf("%s: %s", expression, answer.ExceptionDetails)
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(answer.Result.Value, into); err != nil {
		return fmt.Errorf("%s: %w", expression, err)
	}
	return nil
}

// Wait returns when the expression is true; until then its exceptions count as false.
func (p *Page) Wait(ctx context.Context, expression string) error {
	for {
		var holds bool
		err := p.Eval(ctx, "!!("+expression+")", &holds)
		if err == nil && holds {
			return nil
		}
		select {
		case <-ctx.Done():
			var text string
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			p.Eval(last, "document.body.innerText", &text)
			return fmt.Errorf("never true: %s (%v)\nrequests: %v\nerrors: %q\nthe page:\n%s",
				expression, err, p.Requests(), p.Errors(), text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Press focuses the element that the selector finds and presses a key there ("ArrowRight"), as a user would.
func (p *Page) Press(ctx context.Context, selector, key string) error {
	quoted, err := json.Marshal(selector)
	if err != nil {
		return err
	}
	if err := p.Eval(ctx, "document.querySelector("+string(quoted)+").focus()", nil); err != nil {
		return err
	}
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": keyCodes[key]}
		if key == "Enter" {
			params["text"] = "\r" // without it, a button stays as it is
		}
		if err := p.call(ctx, "Input.dispatchKeyEvent", params, nil); err != nil {
			return err
		}
	}
	return nil
}

var keyCodes = map[string]int{"Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}

// Screenshot writes a PNG of what the tab shows.
func (p *Page) Screenshot(ctx context.Context, file string) error {
	var shot struct{ Data []byte }
	if err := p.call(ctx, "Page.captureScreenshot", nil, &shot); err != nil {
		return err
	}
	return os.WriteFile(file, shot.Data, 0o644)
}

// WebSockets are those that the page has opened, in order.
func (p *Page) WebSockets() []WebSocket {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]WebSocket, 0, len(p.sockets))
	for _, s := range p.sockets {
		all = append(all, *s)
	}
	return all
}

// Requests are those that the page has made, in order.
func (p *Page) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request{}, p.requests...)
}

// Errors are the exceptions that nothing caught, in order.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.errors...)
}

type exception struct {
	Text      string
	Exception struct{ Description string }
}

func (e *exception) String() string { return e.Text + " " + e.Exception.Description }

// event keeps what the Network and Runtime domains report.
func (p *Page) event(m message) {
	var params struct {
		RequestID        string
		URL              string
		Request          Request
		Response         struct{ Status int }
		ErrorMessage     string
		ExceptionDetails *exception
	}
	if json.Unmarshal(m.Params, &params) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch m.Method {
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, params.Request)
		return
	case "Runtime.exceptionThrown":
		p.errors = append(p.errors, params.ExceptionDetails.String())
		return
	case "Network.webSocketCreated":
		s := &WebSocket{URL: params.URL}
		p.sockets, p.byID[params.RequestID] = append(p.sockets, s), s
		return
	}
	s := p.byID[params.RequestID]
	if s == nil {
		return
	}
	switch m.Method {
	case "Network.webSocketHandshakeResponseReceived":
		s.Status = params.Response.Status
	case "Network.webSocketFrameSent":
		s.Sent++
	case "Network.webSocketFrameReceived":
		s.Received++
	case "Network.webSocketFrameError":
		s.Error = params.ErrorMessage
	case "Network.webSocketClosed":
		s.Closed = true
	}
}
