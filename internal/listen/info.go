package listen

import (
	"net/http"

	"transom/internal/module"
	"transom/internal/wire/http1"
)

var (
	_ module.Exchange   = (*exchange)(nil)
	_ module.Scoreboard = (*exchange)(nil)
	_ module.Exchange   = (*h2Stream)(nil)
	_ module.Scoreboard = (*h2Stream)(nil)
)

func (x *exchange) Header() http.Header {
	x.header = http1.FillHeader(x.header, x.values[:], x.head.Fields, "Host")
	return x.header
}

func (x *exchange) WriteFields(status int, reason string, fields []http1.Field) bool {
	return x.w.WriteFields(status, reason, fields)
}

// BytesIn counts head, framing and body, in the clear.
func (x *exchange) BytesIn() int64 { return x.conn.reader.Taken() - x.takenBefore }

func (x *exchange) BytesOut() int64 { return x.w.out.Load() }

func (x *exchange) AfterResponse(f func()) { x.after = append(x.after, f) }

func (x *exchange) Broken() bool { return x.w.err != nil || x.w.taken && x.abort }

func (x *exchange) Closes() bool { return x.w.close || x.abort }

func (x *exchange) CloseAfter() { x.closeAfter = true }

func (x *exchange) Abort() { x.abort = true }

// SetVHost names the virtual host for Snapshot.
func (x *exchange) SetVHost(name *string) { x.conn.current.set(x.info.Line, name) }

// h2Stream is what modules may ask of an HTTP/2 stream.
type h2Stream h2Exchange

// Header is that of the http.Request.
func (x *h2Stream) Header() http.Header { return nil }

// WriteFields leaves it to the library, which takes a map.
func (x *h2Stream) WriteFields(int, string, []http1.Field) bool { return false }

// BytesIn counts the body alone, as BytesOut does.
func (x *h2Stream) BytesIn() int64 { return x.in.Load() }

func (x *h2Stream) BytesOut() int64 { return x.out.Load() }

func (x *h2Stream) AfterResponse(f func()) { x.after = append(x.after, f) }

func (x *h2Stream) Broken() bool { return !x.isHead && x.client.Err() != nil }

// Closes is true of a stream, which ends.
func (x *h2Stream) Closes() bool { return true }

// CloseAfter does nothing: other streams share the connection.
func (x *h2Stream) CloseAfter() {}

func (x *h2Stream) Abort() { x.abort = true }

// SetVHost does nothing: a connection has many requests at a time.
func (x *h2Stream) SetVHost(*string) {}
