package deflate

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"

	"transom/internal/module"
)

// inflate unpacks gzip, so that filters behind it see content: SetOutputFilter INFLATE;SUBSTITUTE;DEFLATE.
func inflate(r *module.Request) module.OutputFilter {
	return module.LateFilter(func(next http.ResponseWriter, status int, h http.Header) http.ResponseWriter {
		encodings := h["Content-Encoding"]
		if len(encodings) != 1 || status == http.StatusNoContent || h.Get("Content-Range") != "" {
			return next
		}
		switch strings.ToLower(encodings[0]) {
		case "gzip", "x-gzip":
		default:
			return next
		}
		delete(h, "Content-Encoding")
		delete(h, "Content-Length")
		delete(h, "Content-Md5")
		if tag := h.Get("Etag"); tag != "" && !strings.HasPrefix(tag, "W/") {
			h.Set("Etag", "W/"+tag)
		}
		if status == http.StatusNotModified || r.Method == http.MethodHead {
			return next
		}
		return &inflating{FilterWriter: module.FilterWriter{Next: next}, gone: r.Context().Done()}
	})
}

// inflating runs the decompressor, which wants to read, in a goroutine of its own. The two take turns: while one works the
// other waits, so that after each Write all that it led to has been written.
type inflating struct {
	module.FilterWriter
	feed chan []byte     // closed at the end of the input
	idle chan error      // the decompressor wants more (nil), or has ended
	gone <-chan struct{} // the request is over, whether or not Finish was called
	rest []byte
	err  error // how it ended
}

func (w *inflating) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if len(b) == 0 {
		return 0, nil
	}
	if w.feed == nil {
		w.feed, w.idle = make(chan []byte), make(chan error, 1)
		go w.run()
		<-w.idle
	}
	select {
	case w.feed <- b:
	case <-w.gone:
		return 0, context.Canceled
	}
	if err := <-w.idle; err != nil {
		w.err = err
		if err == io.EOF { // what follows the stream is dropped
			return len(b), nil
		}
		return 0, err
	}
	return len(b), nil
}

// run is the goroutine; its last word is never nil.
func (w *inflating) run() {
	z, err := gzip.NewReader(w)
	if err == nil {
		_, err = io.Copy(plain{w.Next}, z)
	}
	if err == nil {
		err = io.EOF
	}
	w.idle <- err
}

// Read is for the decompressor.
func (w *inflating) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		w.idle <- nil
		select {
		case b, ok := <-w.feed:
			if !ok {
				return 0, io.EOF // in the middle of a stream gzip makes an error of it
			}
			w.rest = b
		case <-w.gone:
			return 0, context.Canceled
		}
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// Finish ends the goroutine. A stream that breaks off is an error, so that the client does not take it for whole.
func (w *inflating) Finish() error {
	if w.feed == nil || w.err == io.EOF {
		return nil
	}
	if w.err == nil {
		close(w.feed)
		w.err = <-w.idle
	}
	if w.err == io.EOF {
		return nil
	}
	return w.err
}

// plain hides ReadFrom, which would wait for the whole stream.
type plain struct{ io.Writer }
