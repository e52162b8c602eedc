package upstream

import (
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"transom/internal/wire/http1"
)

// upload sends a request's body in a goroutine of its own while the exchange reads the response.
type upload struct {
	req     *Request
	c       *Conn
	chunked bool
	spool   *os.File // to be closed; may be nil

	done     chan struct{}
	finished atomic.Bool // the last write is under way or over: done is near
	aborted  atomic.Bool
	client   error // the client's body failed; valid after done
	backend  error // the connection failed
}

func startUpload(req *Request, c *Conn, m *message) *upload {
	u := &upload{req: req, c: c, chunked: m.chunked, spool: m.spool, done: make(chan struct{})}
	m.spool = nil
	c.sending.Store(true)
	go u.run()
	return u
}

func (u *upload) run() {
	defer close(u.done)
	buf := buffers.Get().(*[copySize]byte)
	defer buffers.Put(buf)
	if u.chunked {
		u.sendChunks(buf[:])
	} else {
		u.sendLength(buf[:])
	}
	if u.spool != nil {
		u.spool.Close()
	}
	u.c.sentAt.Store(time.Now().UnixNano())
	u.c.sending.Store(false)
	if u.client != nil {
		u.c.Conn.Close() // wakes the reader; the backend must not take the body for complete
	}
}

const copySize = 32 << 10

var buffers = sync.Pool{New: func() any { return new([copySize]byte) }}

func (u *upload) sendLength(buf []byte) {
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

const (
	chunkHead = 10 // size in hex and CRLF
	chunkTail = 2
)

// sendChunks sends what each Read brings as a chunk, in one write.
func (u *upload) sendChunks(buf []byte) {
	data := buf[chunkHead : len(buf)-chunkTail]
	for {
		n, err := u.req.Body.Read(data)
		if n > 0 {
			var size [chunkHead]byte
			head := append(strconv.AppendInt(size[:0], int64(n), 16), "\r\n"...)
			start := chunkHead - len(head)
			copy(buf[start:], head)
			copy(data[n:n+chunkTail], "\r\n")
			if !u.write(buf[start : chunkHead+n+chunkTail]) {
				return
			}
		}
		if err == io.EOF {
			u.finished.Store(true)
			u.write(http1.AppendLastChunk(buf[:0], u.trailers()))
			return
		}
		if err != nil {
			u.client = err
			return
		}
	}
}

func (u *upload) trailers() (fields []Field) {
	if u.req.Trailer == nil {
		return nil
	}
	for _, f := range u.req.Trailer() {
		if !http1.ForbiddenTrailer(f.Name) {
			fields = append(fields, f)
		}
	}
	return fields
}

func (u *upload) write(p []byte) bool {
	if u.aborted.Load() {
		return false
	}
	_, u.backend = u.c.Write(p)
	return u.backend == nil
}

// over says without waiting whether the whole body was sent.
func (u *upload) over() bool { return u.ended() && u.client == nil && u.backend == nil }

// end waits for the goroutine and breaks it off unless it is about to end. It reports whether the whole body was sent.
func (u *upload) end() bool {
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

// endsSoon gives the last write a moment; a backend that answered without reading the request would let it block.
func (u *upload) endsSoon() bool {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-u.done:
		return true
	case <-timer.C:
		return false
	}
}

func (u *upload) ended() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}
