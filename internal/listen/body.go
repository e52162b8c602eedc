package listen

import (
	"errors"
	"net/http"
	"os"
	"sync"

	"transom/internal/wire/http1"
)

// maxDrain is what is read of a body that the handler left, for the connection's sake.
const maxDrain = 256 << 10

var errBodyTimeout = &http1.Error{Status: http.StatusRequestTimeout, Reason: "request body did not come in time"}

// requestBody is the request's body. The lock lets a goroutine of the handler read while
// the exchange ends.
type requestBody struct {
	x       *exchange
	mu      sync.Mutex
	in      http1.Body
	expect  bool // the client waits for 100 (Continue)
	begun   bool
	closed  bool
	failed  bool
	trailed bool // the trailers are in the request
	refused bool // the request was, so nothing behind its head can be made out
}

func (b *requestBody) open(length int64, expect bool) {
	b.in.Reset(&b.x.conn.reader, length, b.x.conn.settings.Limits, false)
	b.expect = expect
}

// Read sends 100 (Continue) before it waits, if the client expects that. An *http1.Error
// carries the status with which a bad body is to be answered.
func (b *requestBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	b.begin()
	n, err := b.in.Read(p)
	if err != nil {
		err = b.ended(err)
	}
	return n, err
}

// begin starts the body's clock with its first read.
func (b *requestBody) begin() {
	if b.begun {
		return
	}
	b.begun = true
	s := b.x.settings
	b.x.conn.pacer.begin(s.BodyTimeout, s.Timeout, now())
	b.x.conn.pacer.got(len(b.x.conn.reader.Buffered())) // came with the head
	if b.expect && b.x.w.sendContinue() {
		b.expect = false
	}
}

func (b *requestBody) ended(err error) error {
	switch {
	case b.in.Done():
		b.fillTrailer()
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.failed = true
		return errBodyTimeout
	default:
		b.failed = true
	}
	return err
}

func (b *requestBody) fillTrailer() {
	if b.trailed {
		return
	}
	b.trailed = true
	for _, f := range b.in.Trailers() {
		name := http1.Canonical(f.Name)
		if _, ok := b.x.req.Trailer[name]; ok {
			b.x.req.Trailer[name] = append(b.x.req.Trailer[name], f.Value)
		}
	}
}

// Close ends reading; what remains is the server's.
func (b *requestBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// unread reports that the rest of the body is too much to be worth reading, or can't be.
func (b *requestBody) unread() bool {
	if b.refused || b.x.head.Length == 0 {
		return b.refused
	}
	if !b.mu.TryLock() {
		return false // somebody reads: it may well come to its end
	}
	defer b.mu.Unlock()
	return !b.in.Done() && (b.failed || b.expect || b.in.Left() > maxDrain)
}

// reclaim takes the body back from the handler, whose goroutines get no more of it.
func (b *requestBody) reclaim() {
	c := b.x.conn
	if !b.mu.TryLock() {
		c.interrupt()
		b.mu.Lock()
	}
	if c.aborted.Swap(false) { // interrupted; the connection can still linger
		b.failed = true
		c.pacer.inForce = 0 // another deadline was set behind its back
	}
	b.closed = true
	b.mu.Unlock()
}

// drain reads what little is left of a reclaimed body and reports whether the connection
// stands at the next request.
func (b *requestBody) drain() bool {
	switch {
	case b.refused || b.failed:
		return false
	case b.in.Done():
		return true
	case b.expect || b.in.Left() > maxDrain:
		return false
	}
	b.begin()
	scrap := copyBuffers.Get().(*[copySize]byte)
	defer copyBuffers.Put(scrap)
	for n := 0; n <= maxDrain; {
		k, err := b.in.Read(scrap[:])
		n += k
		if err != nil {
			return b.in.Done()
		}
	}
	return false
}
