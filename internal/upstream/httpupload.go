package upstream

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"transom/internal/wire/http1"
)

// Upload sends a request's body in a goroutine of its own while the response is read.
type Upload struct {
	req    *Request
	c      *Conn
	frames *Frames  // nil: as many bytes as the length says, as they are
	spool  *os.File // to be closed; may be nil

	done     chan struct{}
	finished atomic.Bool // the last write is under way or over: done is near
	aborted  atomic.Bool
	client   error // the client's body failed; valid after done
	backend  error // the connection failed
	panicked error // what reads the body did; valid after done
}

// Frames are what a protocol puts around the pieces of a body.
type Frames struct {
	Head, Tail int                            // the room that a frame needs before and behind its data
	Frame      func(buf []byte, n int) []byte // the part of buf that is the frame, its n bytes of data standing at buf[Head:]
	Last       func(buf []byte) []byte        // what ends the body; it may use buf
}

// StartUpload begins to send req.Body over c. The caller must End it before c is released. Spool, if not nil, is closed at the end
// of the body.
func StartUpload(req *Request, c *Conn, spool *os.File, frames *Frames) *Upload {
	u := &Upload{req: req, c: c, frames: frames, spool: spool, done: make(chan struct{})}
	c.sending.Store(true)
	go u.run()
	return u
}

func (u *Upload) run() {
	defer close(u.done)
	u.send()
	if u.spool != nil {
		u.spool.Close()
	}
	u.c.sentAt.Store(time.Now().UnixNano())
	u.c.sending.Store(false)
	if u.client != nil {
		u.c.Conn.Close() // wakes the reader; the backend must not take the body for complete
	}
}

func (u *Upload) send() {
	defer func() {
		if e := recover(); e != nil {
			u.panicked = fmt.Errorf("reading the request's body: %v\n%s", e, debug.Stack())
			u.client = u.panicked
		}
	}()
	buf := buffers.Get().(*[copySize]byte)
	defer buffers.Put(buf)
	if u.frames != nil {
		u.sendFrames(buf[:])
	} else {
		u.sendLength(buf[:])
	}
}

const copySize = 32 << 10

var buffers = sync.Pool{New: func() any { return new([copySize]byte) }}

func (u *Upload) sendLength(buf []byte) {
	for left := u.req.ContentLength; left > 0; {
		n, err := u.req.Body.Read(buf[:min(int64(len(buf)), left)])
		left -= int64(n)
		if left == 0 {
			u.finished.Store(true)
		}
		if n > 0 && !u.write(buf[:n]) {
			return
		}
		if err != nil && left > 0 {
			u.client = err
			return
		}
	}
}

// sendFrames sends what each Read brings as a frame, in one write.
func (u *Upload) sendFrames(buf []byte) {
	f := u.frames
	data := buf[f.Head : len(buf)-f.Tail]
	for left := u.req.ContentLength; ; {
		n, err := u.req.Body.Read(data)
		left -= int64(n)
		if n > 0 && !u.write(f.Frame(buf, n)) {
			return
		}
		switch {
		case err == io.EOF && left > 0:
			u.client = io.ErrUnexpectedEOF
			return
		case err == io.EOF:
			u.finished.Store(true)
			u.write(f.Last(buf[:0]))
			return
		case err != nil:
			u.client = err
			return
		}
	}
}

const (
	chunkHead = 10 // size in hex and CRLF
	chunkTail = 2
)

func (m *message) upload(req *Request, c *Conn) *Upload {
	spool := m.spool
	m.spool = nil
	if !m.chunked {
		return StartUpload(req, c, spool, nil)
	}
	return StartUpload(req, c, spool, &Frames{Head: chunkHead, Tail: chunkTail, Frame: chunk,
		Last: func(buf []byte) []byte { return http1.AppendLastChunk(buf, trailers(req)) }})
}

func chunk(buf []byte, n int) []byte {
	var size [chunkHead]byte
	head := append(strconv.AppendInt(size[:0], int64(n), 16), "\r\n"...)
	start, end := chunkHead-len(head), chunkHead+n+chunkTail
	copy(buf[start:], head)
	copy(buf[chunkHead+n:end], "\r\n")
	return buf[start:end]
}

func trailers(req *Request) (fields []Field) {
	if req.Trailer == nil {
		return nil
	}
	for _, f := range req.Trailer() {
		if !http1.ForbiddenTrailer(f.Name) {
			fields = append(fields, f)
		}
	}
	return fields
}

func (u *Upload) write(p []byte) bool {
	if u.aborted.Load() {
		return false
	}
	_, u.backend = u.c.Write(p)
	return u.backend == nil
}

// Over says without waiting whether the whole body was sent.
func (u *Upload) Over() bool { return u.ended() && u.client == nil && u.backend == nil }

// End waits for the goroutine and breaks it off unless it is about to end. It reports whether the whole body was sent.
func (u *Upload) End() bool {
	if !u.finished.Load() || !u.endsSoon() {
		u.aborted.Store(true)
		u.c.Conn.Close()
		if u.req.AbortBody != nil && !u.ended() {
			u.req.AbortBody()
		}
		<-u.done
	}
	return u.client == nil && u.backend == nil && !u.aborted.Load()
}

// Rethrow, behind End, panics in the caller's goroutine as the upload's did. The connection should have been released before.
func (u *Upload) Rethrow() {
	if u.panicked != nil {
		panic(u.panicked)
	}
}

// endsSoon gives the last write a moment; a backend that answered without reading the request would let it block.
func (u *Upload) endsSoon() bool {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-u.done:
		return true
	case <-timer.C:
		return false
	}
}

func (u *Upload) ended() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}
