// Package upstream speaks to origin servers: workers and their connection pools, balancers, health checks, and the schemes that
// answer one request over a worker. Names and behaviour are mod_proxy's.
package upstream

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"transom/internal/wire/http1"
)

// Scheme answers one request over a worker. Every scheme passes the suite in upstream/suite.
type Scheme interface {
	Name() string        // "http"
	DefaultPort() string // "80"; "" if the scheme has none

	// Exchange sends req over a connection of w and returns once the response's head has come. An error is an *Error. The caller
	// owns the Response and must Close its Body, or take over Upgraded; both give the connection back or end it.
	Exchange(ctx context.Context, w *Worker, req *Request) (*Response, error)
}

// Field is one line of a header, in the case in which it was or will be written.
type Field = http1.Field

// Request is what a scheme sends. It belongs to Exchange until the Response's Body is closed; from then on it can be another one, for
// which the Response and all that is in it give their memory.
type Request struct {
	Method string
	Target string // path and query as they go out; "*" for OPTIONS
	Host   string // the Host that the backend sees; "" means that of the URL

	// URL is the origin, if it isn't the worker's own (the default worker, a host made from $1). Such connections are not pooled.
	URL *URL

	// Fields are sent in this order and case, without Host, framing and hop-by-hop fields, which the scheme writes itself.
	Fields []Field

	// Env is what CGI-like protocols pass on as variables; HTTP ignores it.
	Env []Field

	// Stderr is told what a CGI-like origin writes to its error output; nil if nobody wants to know.
	Stderr func(text string)

	Body          io.Reader // nil: none. Read by at most one goroutine at a time, perhaps not the caller's
	ContentLength int64     // of Body; -1: unknown
	Trailer       func() []Field

	// AbortBody makes a blocked Body.Read return. It is called when the response is over before the request is. Without it Close
	// of a Response.Body waits until Body.Read returns.
	AbortBody func()

	// Upgrade says that Fields hold a valid WebSocket handshake, and that the caller can switch (RFC 6455 4.2.1).
	Upgrade bool

	// Expect100 says that the client waits for 100 before it sends Body, and that the origin decides (Proxy100Continue).
	Expect100 bool

	// Interim is told of each 1xx before the response, 101 excepted; nil if nobody wants them.
	Interim func(status int, fields []Field)

	Timeout    time.Duration // idle timeout of reads and writes if the worker has none (ProxyTimeout, else Timeout)
	ServerName string        // TLS server name; "" means the URL's host
	HTTP10     bool          // force-proxy-request-1.0
	NoReuse    bool          // proxy-nokeepalive
	Fresh      bool          // proxy-initial-not-pooled: not over a connection that waits in the pool
	NeedLength bool          // proxy-sendcl: the body must not go out chunked

	http exchange // of an HTTP scheme
}

// Large says that what the request has for memory is not worth keeping for another one.
func (r *Request) Large() bool { return cap(r.http.bytes) > 4*prefetch || cap(r.http.head.Fields) > 64 }

// Response is what came back. Hop-by-hop fields are gone from Fields; a Content-Length there may describe a body that isn't sent
// (HEAD, 304).
type Response struct {
	Status        int
	Reason        string
	ImpliedStatus bool // the backend named none
	Major, Minor  int  // of the HTTP version the backend spoke
	Fields        []Field
	ContentLength int64 // of Body; -1: unknown

	// Body is never nil. Reading it to its end returns the connection to the pool; Close before that ends the connection. It
	// implements io.WriterTo.
	Body    io.ReadCloser
	Trailer func() []Field // after Body's end; nil if the scheme has none
	Ready   bool           // some of Body came with the head: reading it does not wait
	Whole   bool           // all of Body did, or there is none: its WriteTo makes one Write at most, of what is there

	// Upgraded is set for a 101 that answers the request's handshake. Body is then empty.
	Upgraded *Upgraded

	Worker *Worker
}

// Upgraded is a connection that left HTTP. The receiver owns it.
type Upgraded struct {
	Conn     net.Conn // TLS included; its NetConn is then what Dialer.WrapRaw made
	Buffered []byte   // what the backend sent behind its 101
	Slot     Slot     // of the worker: it is busy until the tunnel has ended
}

// Slot is a place among a worker's connections. It is to be freed once.
type Slot interface{ Free() }

// Get returns the first value of a field, or "".
func (r *Response) Get(name string) string { return http1.Get(r.Fields, name) }

// WriteTo writes the rest of the Body to w.
func (r *Response) WriteTo(w io.Writer) (int64, error) {
	if x, ok := r.Body.(*exchange); ok {
		return x.WriteTo(w)
	}
	return io.Copy(w, r.Body)
}

// AddTo adds the response's fields to h under canonical names.
func (r *Response) AddTo(h http.Header) {
	if len(h) == 0 {
		http1.FillHeader(h, nil, r.Fields, "")
		return
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		key := f.Canonical()
		h[key] = append(h[key], f.Value)
	}
}

// Ordered makes fields of h in the order and case of the client's own fields; what those don't name follows in the order of names.
func Ordered(h http.Header, sent []Field) []Field {
	out, left := make([]Field, 0, len(h)+2), maps.Clone(h)
	for i := range sent {
		f := &sent[i]
		key := f.Canonical()
		out = appendValues(out, f.Name, left[key])
		delete(left, key)
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		out = appendValues(out, key, left[key])
	}
	return out
}

func appendValues(fields []Field, name string, values []string) []Field {
	for _, v := range values {
		fields = append(fields, Field{Name: name, Value: v})
	}
	return fields
}
