package demoapp

import (
	"encoding/json"
	"time"

	"github.com/igm/sockjs-go/v3/sockjs"
)

// request is a message from the page: one field is set.
type request struct {
	Input *input          `json:"input"`
	Echo  *string         `json:"echo"`
	Ping  json.RawMessage `json:"ping"`
}

// reply is a message to the page: one field is set.
type reply struct {
	Hello *hello          `json:"hello,omitempty"`
	Plot  *plot           `json:"plot,omitempty"`
	Echo  *string         `json:"echo,omitempty"`
	Pong  json.RawMessage `json:"pong,omitempty"`
	Error string          `json:"error,omitempty"`
}

// hello tells the page how its session arrived here, behind whatever stands between.
type hello struct {
	Transport     string `json:"transport"`
	Path          string `json:"path"`
	Host          string `json:"host"`
	ForwardedFor  string `json:"forwardedFor,omitempty"`
	ForwardedHost string `json:"forwardedHost,omitempty"`
}

var transports = map[sockjs.ReceiverType]string{
	sockjs.ReceiverTypeWebsocket:    "websocket",
	sockjs.ReceiverTypeXHRStreaming: "xhr-streaming",
	sockjs.ReceiverTypeEventSource:  "eventsource",
	sockjs.ReceiverTypeHtmlFile:     "htmlfile",
	sockjs.ReceiverTypeXHR:          "xhr-polling",
	sockjs.ReceiverTypeJSONP:        "jsonp",
}

// session runs one page until the browser or the application goes away.
func (a *app) session(s sockjs.Session) {
	r := s.Request()
	path, _ := r.Context().Value(pathKey{}).(string)
	p := &page{
		session: s,
		event:   Event{Open: true, Transport: transports[s.ReceiverType()], Path: path},
		plotter: newPlotter(),
	}
	start := time.Now()
	a.onEvent(p.event)
	defer func() {
		p.event.Open, p.event.Lasted = false, time.Since(start)
		a.onEvent(p.event)
	}()
	p.send(reply{Hello: &hello{
		Transport:     p.event.Transport,
		Path:          path,
		Host:          r.Host,
		ForwardedFor:  r.Header.Get("X-Forwarded-For"),
		ForwardedHost: r.Header.Get("X-Forwarded-Host"),
	}})
	p.run(a.ctx.Done())
}

// page is the server's side of one open page; it belongs to the goroutine of run.
type page struct {
	session sockjs.Session
	event   Event
	plotter *plotter
}

func (p *page) run(ending <-chan struct{}) {
	messages := make(chan string)
	go receive(p.session, messages)
	tick := time.NewTicker(p.plotter.in.interval())
	defer tick.Stop()
	for {
		select {
		case m, ok := <-messages:
			if !ok {
				return
			}
			p.event.Received++
			if p.handle(m) {
				tick.Reset(p.plotter.in.interval())
			}
		case <-tick.C:
			p.plotter.advance()
			p.send(reply{Plot: p.plotter.plot()})
		case <-ending:
			p.session.Close(3000, "Go away!")
			ending = nil // receive ends with the session
		}
	}
}

// receive passes messages on until the session ends, and closes the channel.
func receive(s sockjs.Session, to chan<- string) {
	defer close(to)
	for {
		m, err := s.RecvCtx(s.Context())
		if err != nil {
			return
		}
		to <- m
	}
}

// handle answers one message, and says whether an input changed.
func (p *page) handle(message string) bool {
	var m request
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		p.send(reply{Error: "not a message of this page: " + err.Error()})
		return false
	}
	switch {
	case m.Input != nil:
		p.plotter.set(*m.Input)
		p.send(reply{Plot: p.plotter.plot()})
		return true
	case m.Echo != nil:
		p.send(reply{Echo: m.Echo})
	case m.Ping != nil:
		p.send(reply{Pong: m.Ping})
	default:
		p.send(reply{Error: `expected one of "input", "echo" or "ping"`})
	}
	return false
}

// send has no error to return: a session that can't be written ends by itself, and receive sees it.
func (p *page) send(m reply) {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // reply holds nothing that can't be marshalled
	}
	if p.session.Send(string(text)) == nil {
		p.event.Sent++
	}
}
