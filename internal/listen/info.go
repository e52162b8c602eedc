package listen

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/netip"
	"time"

	"transom/internal/wire/http1"
)

// Info is what the server knows of an exchange beyond the http.Request. It is valid until
// the functions given to AfterResponse have run.
type Info struct {
	ConnID     int64
	Local      netip.AddrPort
	Remote     netip.AddrPort
	Client     netip.AddrPort       // that a PROXY header named; invalid without one
	TLS        *tls.ConnectionState // nil for a plain connection
	KeepAlives int                  // requests that the connection carried before
	Received   time.Time            // when its first bytes came
	Line       string               // request line as received; of HTTP/2, as HTTP/1 would write it
	Fields     []http1.Field        // as written: order, case, repetition; nil for HTTP/2, whose http.Request has the header
	Bad        *BadRequest          // why the request must be refused, or nil

	x  *exchange
	h2 *h2Exchange
}

// BadRequest is a request that must not be served: it is answered with Status, and the
// connection closed after that. What the http.Request says of it is only good for logs.
type BadRequest struct {
	Status     int
	Reason     string
	PlainOnTLS bool // plain HTTP was spoken to a TLS port; the answer goes out plain
	LogOnly    bool // no answer goes out, as nobody asked yet
}

type infoKey struct{}

// FromContext returns the Info of the exchange that ctx belongs to, or nil.
func FromContext(ctx context.Context) *Info {
	i, _ := ctx.Value(infoKey{}).(*Info)
	return i
}

// Header makes a map of Fields, without Host.
func (i *Info) Header() http.Header {
	i.x.header = http1.FillHeader(i.x.header, i.x.values[:], i.Fields, "Host")
	return i.x.header
}

// BytesIn counts what was received for this request: head, framing and body, in the
// clear; of HTTP/2, the body alone.
func (i *Info) BytesIn() int64 {
	if i.x != nil {
		return i.x.conn.reader.Taken() - i.x.takenBefore
	}
	return i.h2.in.Load()
}

// BytesOut counts what was sent for it, likewise.
func (i *Info) BytesOut() int64 {
	if i.x != nil {
		return i.x.w.out.Load()
	}
	return i.h2.out.Load()
}

// AfterResponse calls f once the response has left the server, or failed to.
func (i *Info) AfterResponse(f func()) {
	if i.x != nil {
		i.x.after = append(i.x.after, f)
		return
	}
	i.h2.after = append(i.h2.after, f)
}

// Broken reports whether the client could not be written to, or has left before the end.
func (i *Info) Broken() bool {
	if i.x != nil {
		return i.x.w.err != nil || i.x.w.taken && i.x.abort
	}
	return i.h2.client.Err() != nil
}

// Closes reports whether the connection ends with this response; HTTP/2's stream does.
func (i *Info) Closes() bool { return i.h2 != nil || i.x.w.close || i.x.abort }

// CloseAfter ends the connection with this response, if called before its head is written.
func (i *Info) CloseAfter() {
	if i.x != nil {
		i.x.closeAfter = true
	}
}

// Abort makes the response end as a broken one when the handler returns: without its
// last chunk, the connection closed. It is for content that cannot be had to its end, and
// for a connection taken over that could not be written to.
func (i *Info) Abort() {
	if i.x != nil {
		i.x.abort = true
		return
	}
	i.h2.abort = true
}

// SetVHost names the virtual host for Snapshot.
func (i *Info) SetVHost(name *string) {
	if i.x != nil {
		i.x.conn.current.set(i.Line, name)
	}
}
