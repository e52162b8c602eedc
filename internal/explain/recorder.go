package explain

import (
	"context"
	"net/http"
	"sort"
	"strings"

	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// recorder stands for a scheme: it writes down what that would send, and answers 200.
type recorder struct {
	upstream.Scheme
	e *Explainer
}

// previewer is a scheme that can show its request as it goes out.
type previewer interface {
	Preview(*upstream.Worker, *upstream.Request) (string, error)
}

func (s recorder) Exchange(_ context.Context, w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
	origin := &w.URL
	if req.URL != nil {
		origin = req.URL
	}
	u := Upstream{Worker: w.Name(), Tunnel: req.Upgrade}
	network, address := origin.Address(s.DefaultPort())
	u.Origin = strings.TrimPrefix(network+" "+address, "tcp ")
	head, err := s.preview(w, req)
	if err != nil {
		u.Error = err.Error()
	}
	if head != "" {
		u.Head = strings.Split(strings.TrimRight(head, "\r\n"), "\r\n")
	}
	s.e.sent = append(s.e.sent, u)
	if err != nil {
		return nil, err
	}
	return &upstream.Response{Status: http.StatusOK, Reason: "OK", Major: 1, Minor: 1, Body: http.NoBody, Ready: true, Worker: w}, nil
}

// preview lists what a scheme without a preview is asked to send.
func (s recorder) preview(w *upstream.Worker, req *upstream.Request) (string, error) {
	if p, ok := s.Scheme.(previewer); ok {
		return p.Preview(w, req)
	}
	b := []byte(req.Method + " " + req.Target + " over " + s.Name() + "\r\n")
	for _, f := range append(req.Fields[:len(req.Fields):len(req.Fields)], req.Env...) {
		b = http1.AppendField(b, f.Name, f.Value)
	}
	return string(b), nil
}

// response takes what the client would get.
type response struct {
	header http.Header
	status int
	fields []string
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status != 0 || status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status = status
	for name, values := range w.header {
		for _, v := range values {
			w.fields = append(w.fields, name+": "+v)
		}
	}
	sort.Strings(w.fields)
}

func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return len(b), nil
}

func (w *response) result() Response { return Response{w.status, w.fields} }

func (w *response) Flush() { w.WriteHeader(http.StatusOK) }
