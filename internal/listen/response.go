package listen

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"transom/internal/wire/http1"
)

// outSize is what of a response is held back to leave in one write.
const outSize = 4096

var outBuffers = sync.Pool{New: func() any { return new([outSize]byte) }}

// response writes one response. Its lock lets the handler's goroutines read the body,
// which may have to send 100 (Continue), flush, and write.
//
// Before the head's end is decided, fields gather in buf and content in held, as the
// content may turn out short enough to be counted; after that all goes to buf.
type response struct {
	x      *exchange
	mu     sync.Mutex
	header http.Header
	order  []http1.Field
	reason string
	status int

	room      *[outSize]byte // where buf begins
	buf, held []byte
	length    int64 // declared by the handler or counted; -1 unknown
	written   int64 // content accepted from the handler
	out       atomic.Int64

	err error

	responseFlags
}

type responseFlags struct {
	decided bool // the head is complete in buf, or sent
	noBody  bool // the status or method allows none
	chunked bool
	close   bool // the connection, after this
	linger  bool
	discard bool
	taken   bool
	listed  bool // order is the header; a map of it is made for whoever asks
}

// reset makes w as good as new, but for memory that can be used again. finish has left no buf and held.
func (w *response) reset() {
	if len(w.header) > 0 {
		clear(w.header)
	}
	w.order, w.reason, w.status, w.length, w.written, w.err = w.order[:0], "", 0, 0, 0, nil
	w.out = atomic.Int64{}
	w.responseFlags = responseFlags{}
}

// Header is sent with the first Write, Flush or WriteHeader.
func (w *response) Header() http.Header {
	if w.listed {
		w.listed = false
		w.header = http1.FillHeader(w.header, nil, w.order, "")
	}
	if w.header == nil {
		w.header = make(http.Header, 8)
	}
	return w.header
}

// HeaderOrder gives the order, case and repetition in which fields were received from
// elsewhere: those that Header still has unchanged are written like that, before others.
func (w *response) HeaderOrder(fields []http1.Field) { w.order = append(w.order[:0], fields...) }

// Reason sets the words behind the status; "" are the usual ones.
func (w *response) Reason(text string) { w.reason = text }

// WriteHeader sends an interim response at once; of others it fixes status and fields.
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		w.interim(status)
		return
	}
	w.writeHeader(status)
}

// WriteFields is WriteHeader for a header that is a list: it goes out in this order, case and repetition, with reason behind the
// status. It reports false, and has done nothing, if Header has something or the response has begun.
func (w *response) WriteFields(status int, reason string, fields []http1.Field) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.header) > 0 || w.status != 0 || w.taken {
		return false
	}
	w.reason, w.listed = reason, true
	w.order = append(w.order[:0], fields...)
	w.writeHeader(status)
	return true
}

func (w *response) interim(status int) {
	if w.status != 0 || w.taken || w.discard || w.x.head.Minor == 0 || w.x.head.Major == 0 {
		return
	}
	b := http1.AppendStatusLine(w.room[:0], status, "")
	w.send(append(w.appendHeader(b, true), "\r\n"...))
}

func (w *response) writeHeader(status int) {
	if w.status != 0 || w.taken {
		return
	}
	w.status = status
	length, dated := w.told()
	w.length, w.noBody = length, http1.NoBody(w.x.head.Method, status)
	if w.x.head.Major == 0 && w.x.info.Bad == nil {
		w.decided, w.close, w.length = true, true, -1 // HTTP/0.9 has no head
		w.buf = w.room[:0]
		return
	}
	b := http1.AppendStatusLine(w.room[:0], status, w.reason)
	if !dated {
		b = append(b, w.x.conn.server.date.at(w.x.info.Received)...)
	}
	if w.listed {
		w.buf = w.appendListed(b)
	} else {
		w.buf = w.appendHeader(b, false)
	}
	if w.noBody || w.length >= 0 {
		w.decide()
	}
}

// told is the length that the handler has set, or -1, and whether it gave a Date of its own.
func (w *response) told() (length int64, dated bool) {
	length = -1
	if w.listed {
		for i := len(w.order) - 1; i >= 0; i-- { // the first one counts
			switch f := &w.order[i]; f.ID() {
			case http1.Date:
				dated = true
			case http1.ContentLength:
				length = lengthOf(f.Value)
			}
		}
		return length, dated
	}
	_, dated = w.header["Date"]
	if values := w.header["Content-Length"]; len(values) > 0 {
		length = lengthOf(values[0])
	}
	return length, dated
}

func lengthOf(text string) int64 {
	n, err := http1.ParseLength(text)
	if err != nil {
		return -1
	}
	return n
}

// Write holds small content back until Flush, the end, or more of it.
func (w *response) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.write(p)
}

// WriteString is Write.
func (w *response) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

func (w *response) write(p []byte) (int, error) {
	if w.taken {
		return 0, http.ErrHijacked
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	var over error
	if w.noBody {
		if w.x.head.Method != "HEAD" {
			over = http.ErrBodyNotAllowed
		}
		w.written += int64(len(p))
		return len(p), over
	}
	n := len(p)
	if left := w.length - w.written; w.length >= 0 && int64(n) > left {
		p, over = p[:left], http.ErrContentLength
		n = len(p)
	}
	w.written += int64(n)
	if err := w.accept(p); err != nil {
		return 0, err
	}
	return n, over
}

// accept holds p back or sends it.
func (w *response) accept(p []byte) error {
	if w.err != nil {
		return w.err
	}
	hold := &w.buf
	if !w.decided || w.chunked {
		hold = &w.held
	}
	if len(*hold)+len(p) <= outSize-chunkRoom {
		if *hold == nil {
			*hold = outBuffers.Get().(*[outSize]byte)[:0]
		}
		*hold = append(*hold, p...)
		return nil
	}
	return w.push(p)
}

// Flush sends what is held back.
func (w *response) Flush() { w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken {
		return http.ErrHijacked
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	return w.push(nil)
}

// chunkRoom is enough for a chunk's size, its line ends and the last chunk.
const chunkRoom = 32

// push sends all that is held back and then p.
func (w *response) push(p []byte) error {
	if !w.decided {
		w.decide()
	}
	if len(w.held)+len(p) == 0 {
		err := w.send(w.buf)
		w.buf = w.buf[:0]
		return err
	}
	parts := [4][]byte{w.buf, w.held, p}
	if n := len(w.held) + len(p); w.chunked && n > 0 {
		parts[0] = http1.AppendChunkSize(w.buf, n)
		parts[3] = crlf
	}
	err := w.sendAll(parts)
	w.buf, w.held = w.buf[:0], w.held[:0]
	return err
}

var crlf = []byte("\r\n")

// finish completes the response when the handler has returned.
func (w *response) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.complete()
	if w.held != nil {
		outBuffers.Put((*[outSize]byte)(w.held[:outSize]))
	}
	w.buf, w.held = nil, nil
	return err
}

func (w *response) complete() error {
	if w.taken {
		return nil
	}
	if w.x.abort {
		return errAborted
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	if !w.decided {
		w.length = int64(len(w.held))
		w.decide()
		return w.push(nil)
	}
	if !w.noBody && w.length >= 0 && w.written < w.length {
		w.push(nil)
		return errShort
	}
	if w.chunked {
		return w.lastChunk()
	}
	return w.push(nil)
}

var (
	errAborted = errors.New("response aborted")
	errShort   = errors.New("response shorter than its Content-Length")
)

func (w *response) lastChunk() error {
	if len(w.held) > 0 {
		w.buf = http1.AppendChunkSize(w.buf, len(w.held))
		w.buf = append(w.buf, w.held...)
		w.buf = append(w.buf, "\r\n"...)
	}
	w.buf = http1.AppendLastChunk(w.buf, w.trailers())
	return w.send(w.buf)
}

// sendContinue sends 100 (Continue) unless the answer is under way, and reports whether
// it was sent (RFC 9110 §10.1.1).
func (w *response) sendContinue() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status != 0 || w.taken {
		return false
	}
	return w.send([]byte("HTTP/1.1 100 Continue\r\n\r\n")) == nil
}

func (w *response) send(p []byte) error {
	if len(p) == 0 || w.discard || w.err != nil {
		return w.err
	}
	n, err := w.x.conn.write(p, w.x.settings.Timeout)
	return w.sentBytes(int64(n), err)
}

// sendAll sends parts in one write: joined if they fit where the first one lies, or on
// TLS, where each write is a record; else by writev.
func (w *response) sendAll(parts [4][]byte) error {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if n <= cap(parts[0]) {
		return w.send(join(parts[0], parts))
	}
	if w.discard || w.err != nil {
		return w.err
	}
	c := w.x.conn
	if c.tcp == nil && n <= copySize {
		room := copyBuffers.Get().(*[copySize]byte)
		defer copyBuffers.Put(room)
		return w.send(join(append(room[:0], parts[0]...), parts))
	}
	bufs := make(net.Buffers, 0, len(parts))
	for _, p := range parts {
		if len(p) > 0 {
			bufs = append(bufs, p)
		}
	}
	c.armWrite(w.x.settings.Timeout)
	sent, err := c.writeBuffers(bufs)
	c.disarmWrite()
	return w.sentBytes(sent, err)
}

// join appends all parts but the first to b, which begins with that.
func join(b []byte, parts [4][]byte) []byte {
	for _, p := range parts[1:] {
		b = append(b, p...)
	}
	return b
}

func (w *response) sentBytes(n int64, err error) error {
	w.out.Add(n)
	w.x.conn.sent.Add(n)
	w.err = err
	return err
}

// SetReadDeadline is for http.ResponseController, and takes only a time that is over: whoever reads the request's body
// gets no more of it, and the connection ends with the response.
func (w *response) SetReadDeadline(t time.Time) error {
	if t.IsZero() || t.After(time.Now()) {
		return http.ErrNotSupported
	}
	w.x.conn.interrupt()
	return nil
}

// Takeover gives the connection to the caller, with what the client sent behind the
// request; nothing but interim responses was written to it for this request. The server
// forgets it, and its goroutine ends when the handler returns.
func (w *response) Takeover() (conn net.Conn, buffered []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x := w.x
	switch {
	case w.taken:
		return nil, nil, http.ErrHijacked
	case w.status != 0:
		return nil, nil, errors.New("takeover after the response has begun")
	case x.info.Bad != nil || x.head.Length != 0 && !x.body.in.Done():
		return nil, nil, errors.New("takeover of a request that was not read to its end")
	}
	w.taken = true
	c := x.conn
	c.takenOver = true
	c.server.forget(c)
	c.sock.SetReadDeadline(time.Time{})
	if c.writeUntil != 0 {
		c.sock.SetWriteDeadline(time.Time{})
	}
	x.takenBefore += int64(len(c.reader.Buffered()))
	return c.net, c.reader.Detach(), nil
}
