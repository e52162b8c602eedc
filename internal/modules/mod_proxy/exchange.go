package proxy

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
	"transom/internal/wire/ws"
)

// exchange is one proxied request: what is known of its way when the URL is canonical, then its way to an origin and back.
type exchange struct {
	r        *module.Request
	rt       *routes
	filename string // r.Filename, when it was made canonical
	path     int    // where the path of the URL begins in it
	worker   *upstream.Worker
	scheme   *scheme // nil while worker is not known
	dir      *dirSettings
	server   *serverSettings
	upgrade  bool // the client sent Upgrade
	later    bool // the memory is given back by end

	request  upstream.Request
	fields   [20]upstream.Field // room for request's
	switched []byte             // room for the head of a 101
	foreign  *upstream.URL      // the URL, if its origin is not the worker's own
	balancer *upstream.Balancer
	kept     *bytes.Reader // the body, if it can be sent again
	resp     *upstream.Response

	tell func(status int, fields []upstream.Field) // interim, made once
	end  func()                                    // ended, made once
}

var exchanges sync.Pool

func newExchange(r *module.Request) *exchange {
	x, _ := exchanges.Get().(*exchange)
	if x == nil {
		x = new(exchange)
		x.tell, x.end = x.interim, x.ended
	}
	x.r, x.rt = r, routing.Of(r.Server.Settings)
	return x
}

func (x *exchange) url() string { return x.filename[len(proxyPrefix):] }

// recycle gives the memory to another exchange.
func (x *exchange) recycle() {
	if x.request.Large() || cap(x.switched) > mostSwitched {
		return
	}
	if req := &x.request; req.Body != nil {
		req.Body, req.Trailer, req.AbortBody, req.Expect100 = nil, nil, nil, false
	}
	x.r, x.scheme, x.later, x.foreign, x.balancer, x.kept = nil, nil, false, nil, nil, nil
	exchanges.Put(x)
}

const mostSwitched = 16 << 10

// ended is run when the response has left, and nobody reads the request's body any more.
func (x *exchange) ended() {
	x.resp.Body.Close()
	x.recycle()
}

// run sends the request for path over w and relays what comes back; u is the origin's URL. The error is not nil if the exchange failed
// before any answer.
func (x *exchange) run(w *upstream.Worker, u *upstream.URL, path string) (module.Result, *upstream.Error) {
	req := &x.request
	x.prepare(path)
	if x.upgrade {
		if res := x.prepareUpgrade(w, u.Scheme); res != module.OK {
			return res, nil
		}
	}
	if x.scheme.cgi != nil {
		if res := x.prepareScript(u, path); res != module.OK {
			return res, nil
		}
	}
	resp, err := x.scheme.Exchange(x.context(), w, req)
	if err != nil {
		return x.failed(w, u, err)
	}
	if x.balancer != nil {
		x.answered(w, resp.Status)
	}
	if resp.Upgraded != nil {
		return x.tunnel(resp), nil
	}
	return x.relay(resp), nil
}

func (x *exchange) prepareScript(u *upstream.URL, path string) module.Result {
	script := *u
	script.Socket, script.Path = "", path
	return x.scheme.cgi.Prepare(x.r, script, &x.request)
}

func (x *exchange) answered(w *upstream.Worker, status int) {
	if x.balancer.Answered(w, status) {
		x.r.Logf("proxy_balancer", observe.Error, "AH01174", "%s: Forcing worker (%s) into error state due to status code %d matching 'failonstatus' balancer parameter", x.balancer.Name, w.Name(), status)
	}
}

// prepare makes the request for path.
func (x *exchange) prepare(path string) {
	r, req := x.r, &x.request
	req.Method, req.Target, req.Host, req.URL, req.Timeout = r.Method, path, "", x.foreign, x.rt.timeout
	req.Env, req.Stderr, req.Interim = nil, nil, nil
	req.ContentLength = 0
	req.Upgrade, req.HTTP10, req.NoReuse, req.Fresh, req.NeedLength = false, false, false, false, false
	if r.HTTP.ProtoAtLeast(1, 1) {
		req.Interim = x.tell
	}
	x.outgoing()
	if r.HTTP.ContentLength != 0 && r.HTTP.Body != nil {
		x.prepareBody()
	}
	if r.HasEnv() {
		x.heedEnv()
	}
}

func (x *exchange) prepareBody() {
	r, req := x.r, &x.request
	req.Body, req.ContentLength = r.HTTP.Body, r.HTTP.ContentLength
	req.Trailer = x.requestTrailers
	req.Expect100 = expects100(r) && x.dir.continue100.Or(true)
	req.AbortBody = func() { http.NewResponseController(r.Writer).SetReadDeadline(time.Unix(1, 0)) }
}

// heedEnv does what variables say that are httpd's names for a client's or an origin's weaknesses.
func (x *exchange) heedEnv() {
	r, req := x.r, &x.request
	_, req.HTTP10 = r.Env("force-proxy-request-1.0")
	_, req.NoReuse = r.Env("proxy-nokeepalive")
	_, initial := r.Env("proxy-initial-not-pooled")
	req.Fresh = initial && r.Conn.KeepAlives == 0
	_, req.NeedLength = r.Env("proxy-sendcl")
	if _, chunks := r.Env("proxy-sendchunked"); chunks && req.Body != nil && !req.HTTP10 && !req.NeedLength {
		req.ContentLength = -1
	}
	if policy, _ := r.Env("proxy-interim-response"); strings.EqualFold(policy, "Suppress") {
		req.Interim = nil
	}
}

// context ends early only if somebody watches the client meanwhile, as HTTP/2 does. Of HTTP/1 it would cost a goroutine to learn
// nothing before the handler's own end.
func (x *exchange) context() context.Context {
	if x.r.HTTP.ProtoMajor < 2 {
		return context.Background()
	}
	return x.r.Context()
}

// prepareUpgrade asks for a tunnel, if there may be one.
func (x *exchange) prepareUpgrade(w *upstream.Worker, scheme string) module.Result {
	var err error
	if x.request.Upgrade, err = x.upgrades(w, scheme); err != nil {
		return fail(x.r, http.StatusBadRequest, "AH00898", err.Error())
	}
	return module.OK
}

// upgrades says whether the request is a WebSocket handshake that may be answered by a tunnel. An error is a handshake that must
// be refused: what follows it could be taken for its body, or for frames.
func (x *exchange) upgrades(w *upstream.Worker, scheme string) (bool, error) {
	r := x.r
	switch scheme {
	case "ws", "wss":
	case "http", "https":
		if w.Upgrade == "" && !x.dir.webSocket.Or(true) {
			return false, nil
		}
	default:
		return false, nil
	}
	if w.Upgrade != "" && !http1.EqualFold(w.Upgrade, "websocket") && !http1.EqualFold(w.Upgrade, "ANY") {
		return false, nil
	}
	switch err := ws.CheckRequest(r.Method, r.Protocol, r.Fields(), r.HTTP.ContentLength); err {
	case nil:
		return true, nil
	case ws.ErrBody:
		return false, err
	}
	return false, nil
}

// requestTrailers are asked for when the body has been read. They go out by name.
func (x *exchange) requestTrailers() (fields []upstream.Field) {
	trailer := x.r.HTTP.Trailer
	for _, name := range slices.Sorted(maps.Keys(trailer)) {
		for _, v := range trailer[name] {
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
