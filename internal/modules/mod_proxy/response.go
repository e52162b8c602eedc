package proxy

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/upstream"
	"transom/internal/wire/http1"
)

// relay sends the origin's response to the client. It owns resp.
func (x *exchange) relay(resp *upstream.Response) module.Result {
	r := x.r
	if x.request.Body != nil {
		// The request may still be on its way. The listener ends its reading before it runs this.
		x.later, x.resp = true, resp
		r.Conn.AfterResponse(x.end)
	} else {
		defer resp.Body.Close()
	}
	if x.dir.override == module.On && x.overrides(resp.Status) {
		if resp.Status == http.StatusUnauthorized {
			r.SetErrHeader("Www-Authenticate", resp.Get("WWW-Authenticate"))
		}
		return module.Result(resp.Status)
	}
	x.mapFields(resp)
	r.ContentType = ""
	if !resp.ImpliedStatus {
		r.RedirectNow = 0 // the status of an ErrorDocument from an origin server is the origin server's, as in httpd
	}
	if r.Head == nil || !r.Head.WriteFields(resp.Status, resp.Reason, resp.Fields) {
		writeHeader(r.Writer, resp)
	}
	if resp.ContentLength == 0 {
		return module.OK
	}
	if resp.Whole {
		if _, err := resp.WriteTo(r.Writer); err != nil {
			x.broken(err)
		}
		return module.OK
	}
	return x.relayBody(resp)
}

func (x *exchange) relayBody(resp *upstream.Response) module.Result {
	if err := x.copyBody(resp); err != nil {
		x.broken(err)
	} else if resp.Trailer != nil {
		addTrailers(x.r.Writer, resp)
	}
	return module.OK
}

// broken ends a response in its midst.
func (x *exchange) broken(err error) {
	var e *upstream.Error
	if errors.As(err, &e) {
		x.r.Logf(logName(e.Code), observe.Error, e.Code, "%v", e)
	} else {
		x.r.Logf("proxy_http", observe.Info, "", "sending the response: %v", err)
	}
	x.r.Conn.Abort()
}

func addTrailers(w http.ResponseWriter, resp *upstream.Response) {
	fields := resp.Trailer()
	if f, ok := w.(http.Flusher); ok && len(fields) > 0 {
		f.Flush() // else a short body might be sent with its length, which leaves no place for trailers
	}
	for _, f := range fields {
		w.Header().Add(http.TrailerPrefix+f.Name, f.Value)
	}
}

// overrides says whether ProxyErrorOverride puts an error page of this server in place of the response.
func (x *exchange) overrides(status int) bool {
	if len(x.dir.overrideCodes) == 0 {
		return status >= 400
	}
	return slices.Contains(x.dir.overrideCodes, status)
}

// mapFields applies ProxyPassReverse and its kin, and ProxyVia.
func (x *exchange) mapFields(resp *upstream.Response) {
	if d := x.dir; len(d.reverse)+len(d.cookiePaths)+len(d.cookieDomains) > 0 {
		x.reverse(resp.Fields)
	}
	if x.server.via >= viaOn {
		resp.Fields = x.appendVia(resp.Fields)
	}
}

func (x *exchange) reverse(fields []upstream.Field) {
	for i := range fields {
		switch f := &fields[i]; f.ID() {
		case http1.Location, http1.ContentLocation, http1.URI, http1.Destination:
			f.Value = x.reverseURL(f.Value)
		case http1.SetCookie:
			f.Value = x.reverseCookie(f.Value)
		}
	}
}

func writeHeader(w http.ResponseWriter, resp *upstream.Response) {
	setHeader(w.Header(), resp)
	if l := below[likeness](w); l != nil {
		l.HeaderOrder(resp.Fields)
		l.Reason(resp.Reason)
	}
	w.WriteHeader(resp.Status)
}

// setHeader makes h the response's header: the origin's takes the place of all but cookies that were set before.
func setHeader(h http.Header, resp *upstream.Response) {
	for name := range h {
		if name != "Set-Cookie" {
			delete(h, name)
		}
	}
	resp.AddTo(h)
}

// likeness is what the listener's writer does so that a response looks as it came.
type likeness interface {
	HeaderOrder([]http1.Field)
	Reason(string)
}

// below finds what the listener's writer offers underneath filters.
func below[T any](w http.ResponseWriter) (found T) {
	for w != nil {
		if t, ok := w.(T); ok {
			return t
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = u.Unwrap()
	}
	return found
}

// copied is the length up to which a body goes through a buffer of ours, rather than through the kernel.
const copied = 64 << 10

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// copyBody relays the body. What came is sent on at once unless the rest is there already: the length says so, or more than the
// buffer holds. A whole one goes out from where it lies.
func (x *exchange) copyBody(resp *upstream.Response) error {
	if resp.Whole || resp.ContentLength >= copied && !isStream(resp) {
		_, err := resp.WriteTo(x.r.Writer)
		return err
	}
	return x.copyPieces(resp)
}

func (x *exchange) copyPieces(resp *upstream.Response) error {
	w := x.r.Writer
	flusher, _ := w.(http.Flusher)
	if !resp.Ready && flusher != nil {
		flusher.Flush()
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	for sent := int64(0); ; {
		n, err := resp.Body.Read(buf[:])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			sent += int64(n)
			if sent != resp.ContentLength && err == nil && n < len(buf) && flusher != nil {
				flusher.Flush()
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func isStream(resp *upstream.Response) bool {
	return strings.HasPrefix(strings.ToLower(resp.Get("Content-Type")), "text/event-stream")
}
