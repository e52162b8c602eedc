package proxy

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
	"transom/internal/wire/ws"
)

// exchange is one request on its way to an origin and back.
type exchange struct {
	r        *module.Request
	rt       *routes
	dir      *dirSettings
	server   *serverSettings
	balancer *upstream.Balancer
	kept     *bytes.Reader // the body, if it can be sent again
	url      upstream.URL
	request  upstream.Request
	fields   [20]upstream.Field                        // room for request's
	used     int                                       // of it
	tell     func(status int, fields []upstream.Field) // interim, made once
}

var exchanges = sync.Pool{New: func() any {
	x := new(exchange)
	x.tell = x.interim
	return x
}}

func newExchange(r *module.Request, settings *serverSettings) *exchange {
	x := exchanges.Get().(*exchange)
	x.r, x.rt, x.dir, x.server = r, routing.Of(r.Server.Settings), dirs.Of(r.Dir), settings
	return x
}

// recycle gives the memory to another exchange, unless a request body may still be on its way.
func (x *exchange) recycle() {
	if x.request.Body != nil {
		return
	}
	clear(x.fields[:min(x.used, len(x.fields))])
	x.request, x.url = upstream.Request{}, upstream.URL{}
	x.r, x.rt, x.dir, x.server, x.balancer, x.kept = nil, nil, nil, nil, nil, nil
	exchanges.Put(x)
}

// run sends the request over w and relays what comes back. The error is not nil if the exchange failed before any answer.
func (x *exchange) run(scheme upstream.Scheme, w *upstream.Worker, u *upstream.URL, own bool) (module.Result, *upstream.Error) {
	r := x.r
	upgrade, err := x.upgrades(w, u.Scheme)
	if err != nil {
		return fail(r, http.StatusBadRequest, "AH00898", err.Error()), nil
	}
	req := x.prepare(u, own)
	req.Upgrade = upgrade
	if s, ok := scheme.(module.CGIScheme); ok {
		script := *u
		script.Socket = ""
		if res := s.Prepare(r, script, req); res != module.OK {
			return res, nil
		}
	}
	resp, err := scheme.Exchange(x.context(), w, req)
	if err != nil {
		return x.failed(w, u, err)
	}
	if x.balancer != nil && x.balancer.Answered(w, resp.Status) {
		r.Logf("proxy_balancer", observe.Error, "AH01174", "%s: Forcing worker (%s) into error state due to status code %d matching 'failonstatus' balancer parameter", x.balancer.Name, w.Name(), resp.Status)
	}
	if resp.Upgraded != nil {
		return x.tunnel(resp), nil
	}
	return x.relay(req, resp), nil
}

func (x *exchange) prepare(u *upstream.URL, own bool) *upstream.Request {
	r, req := x.r, &x.request
	*req = upstream.Request{Method: r.Method, Target: u.Path, Timeout: x.timeout()}
	if !own {
		req.URL = u
	}
	x.outgoing(req)
	if r.HTTP.ContentLength != 0 && r.HTTP.Body != nil {
		req.Body, req.ContentLength = r.HTTP.Body, r.HTTP.ContentLength
		req.Trailer = x.requestTrailers
		req.Expect100 = expects100(r) && x.dir.continue100.Or(true)
		req.AbortBody = func() { http.NewResponseController(r.Writer).SetReadDeadline(time.Unix(1, 0)) }
	}
	_, req.HTTP10 = r.Env("force-proxy-request-1.0")
	_, req.NoReuse = r.Env("proxy-nokeepalive")
	_, initial := r.Env("proxy-initial-not-pooled")
	req.Fresh = initial && r.Conn.KeepAlives == 0
	_, req.NeedLength = r.Env("proxy-sendcl")
	if _, chunks := r.Env("proxy-sendchunked"); chunks && req.Body != nil && !req.HTTP10 && !req.NeedLength {
		req.ContentLength = -1
	}
	if policy, _ := r.Env("proxy-interim-response"); !strings.EqualFold(policy, "Suppress") && r.HTTP.ProtoAtLeast(1, 1) {
		req.Interim = x.tell
	}
	return req
}

// context ends early only if somebody watches the client meanwhile, as HTTP/2 does. Of HTTP/1 it would cost a goroutine to learn
// nothing before the handler's own end.
func (x *exchange) context() context.Context {
	ctx := x.r.Context()
	if x.r.HTTP.ProtoMajor < 2 {
		return context.Background()
	}
	return ctx
}

// timeout is ProxyTimeout, else Timeout.
func (x *exchange) timeout() time.Duration {
	if x.server.timeout > 0 {
		return x.server.timeout
	}
	if t := module.CoreServer.Of(x.r.Server.Settings).Timeout; t > 0 {
		return t
	}
	return 60 * time.Second
}

// upgrades says whether the request is a WebSocket handshake that may be answered by a tunnel. An error is a handshake that must
// be refused: what follows it could be taken for its body, or for frames.
func (x *exchange) upgrades(w *upstream.Worker, scheme string) (bool, error) {
	r := x.r
	if r.Field("Upgrade") == "" {
		return false, nil
	}
	switch scheme {
	case "ws", "wss":
	case "http", "https":
		if w.Upgrade == "" && !x.dir.webSocket.Or(true) {
			return false, nil
		}
	default:
		return false, nil
	}
	if w.Upgrade != "" && !strings.EqualFold(w.Upgrade, "ANY") && !strings.EqualFold(w.Upgrade, "websocket") {
		return false, nil
	}
	err := ws.CheckRequest(r.Method, r.Protocol, r.Fields(), r.HTTP.ContentLength)
	if errors.Is(err, ws.ErrBody) {
		return false, err
	}
	return err == nil, nil
}

// requestTrailers are asked for when the body has been read.
func (x *exchange) requestTrailers() (fields []upstream.Field) {
	for name, values := range x.r.HTTP.Trailer {
		for _, v := range values {
			fields = append(fields, upstream.Field{Name: name, Value: v})
		}
	}
	return fields
}

// interim passes a 1xx on, with its own fields only: those that are there already belong to the response behind it. 100 is left to
// the listener, which sends it when the body is asked for.
func (x *exchange) interim(status int, fields []upstream.Field) {
	if status == http.StatusContinue {
		return
	}
	h := x.r.Writer.Header()
	kept := maps.Clone(h)
	clear(h)
	for _, f := range fields {
		h.Add(f.Name, f.Value)
	}
	x.r.Writer.WriteHeader(status)
	clear(h)
	maps.Copy(h, kept)
}

// failed logs why there is no response, and says what the client gets.
func (x *exchange) failed(w *upstream.Worker, u *upstream.URL, err error) (module.Result, *upstream.Error) {
	r := x.r
	var e *upstream.Error
	if !errors.As(err, &e) {
		e = &upstream.Error{Status: http.StatusBadGateway, Code: "AH00898", Reason: "Error reading from remote server", Err: err}
	}
	if e.Abandoned {
		r.Logf("proxy", observe.Info, e.Code, "the client gave up: %v", e)
		r.Conn.Abort()
		return module.Result(e.Status), e
	}
	level := observe.Error
	if e.Client {
		level = observe.Info
	}
	if e.Code == "AH01114" {
		r.Logf("proxy", observe.Error, "AH00957", "%s: attempt to connect to %s failed: %v", u.Scheme, u.HostPort(), e.Err)
		if !w.Status().Usable() {
			r.Logf("proxy", observe.Error, "AH00959", "ap_proxy_connect_backend disabling worker for (%s) for %ds", u.HostPort(), int(w.Retry.Seconds()))
		}
	}
	r.Logf(logName(e.Code), level, e.Code, "%v", e)
	if e.Status == http.StatusInternalServerError || e.Status == http.StatusBadGateway {
		note(r, e.Status, e.Reason)
	}
	return module.Result(e.Status), e
}

// logName is the module that httpd logs a failure as.
func logName(code string) string {
	switch code {
	case "AH00898", "AH00940", "AH00941", "AH01961":
		return "proxy"
	case "AH01070", "AH01075":
		return "proxy_fcgi"
	}
	return "proxy_http"
}

func clientStatus(err error) int {
	var bad *http1.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &bad):
		return bad.Status
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}
