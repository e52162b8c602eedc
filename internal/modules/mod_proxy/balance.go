package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
)

// balance sends the request to the member that the balancer chooses, and to another one if that can't be reached.
func (x *exchange) balance(b *upstream.Balancer, url string) module.Result {
	r := x.r
	if res := x.keepBody(); res != module.OK {
		return res
	}
	_, rest, _ := strings.Cut(url[len("balancer://"):], "/")
	session := b.Session(url, r.Header())
	x.balancer = b
	for left := b.Attempts(); ; left-- {
		choice, err := b.Choose(x.context(), session)
		if err != nil {
			return x.noMember(err)
		}
		setBalancerEnv(r, b, choice)
		w := choice.Worker
		url := w.URL.String() + "/" + rest
		res, failed := x.through(w, &w.URL, url[len(hostPart(url)):])
		if failed == nil {
			return res
		}
		if !b.Failed(w, failed) || left <= 0 {
			return res
		}
		x.rewind()
	}
}

func (x *exchange) noMember(err error) module.Result {
	var e *upstream.Error
	if !errors.As(err, &e) {
		return http.StatusServiceUnavailable
	}
	x.r.Logf("proxy_balancer", observe.Error, e.Code, "%s: %s", e.Worker, e.Reason)
	return module.Result(e.Status)
}

func setBalancerEnv(r *module.Request, b *upstream.Balancer, c upstream.Choice) {
	route := c.Worker.Tuning().Route
	r.SetEnv("BALANCER_NAME", b.Name)
	r.SetEnv("BALANCER_WORKER_NAME", c.Worker.Name())
	r.SetEnv("BALANCER_WORKER_ROUTE", route)
	if c.Route != "" {
		r.SetNote("session-sticky", c.Sticky)
		r.SetNote("session-route", c.Route)
		r.SetEnv("BALANCER_SESSION_STICKY", c.Sticky)
		r.SetEnv("BALANCER_SESSION_ROUTE", c.Route)
	}
	if route != "" && c.RouteChanged {
		r.SetEnv("BALANCER_ROUTE_CHANGED", "1")
	} else {
		r.UnsetEnv("BALANCER_ROUTE_CHANGED")
	}
}

// keptBody is how much of a body is read before anything is sent, httpd's prefetch.
const keptBody = 16 << 10

// keepBody reads a short body at once, so that it can be sent to a second member. A longer one is only sent when a connection
// stands, after which no other member is tried.
func (x *exchange) keepBody() module.Result {
	n := x.r.HTTP.ContentLength
	if n <= 0 || n > keptBody || expects100(x.r) {
		return module.OK
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(x.r.HTTP.Body, body); err != nil {
		return x.badBody(err)
	}
	x.keep(body)
	return module.OK
}

// peekBody reads the beginning of a body of unknown length before an origin hears of the request: one that is malformed from
// the start goes nowhere, and one that is already complete is sent with its length.
func (x *exchange) peekBody() module.Result {
	hr := x.r.HTTP
	if expects100(x.r) {
		return module.OK
	}
	first := make([]byte, keptBody)
	n, err := hr.Body.Read(first)
	first = first[:n]
	switch {
	case err == io.EOF && len(hr.Trailer) == 0:
		x.keep(first)
	case err != nil && err != io.EOF:
		return x.badBody(err)
	default:
		hr.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(first), hr.Body), hr.Body}
	}
	return module.OK
}

func (x *exchange) keep(body []byte) {
	x.kept = bytes.NewReader(body)
	x.r.HTTP.Body, x.r.HTTP.ContentLength = io.NopCloser(x.kept), int64(len(body))
}

func (x *exchange) badBody(err error) module.Result {
	x.r.Logf("proxy_http", observe.Info, "AH02608", "read request body failed: %v", err)
	return module.Result(clientStatus(err))
}

func (x *exchange) rewind() {
	if x.kept != nil {
		x.kept.Seek(0, io.SeekStart)
	}
}
