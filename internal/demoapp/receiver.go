package demoapp

import (
	"bytes"
	"net/http"
	"time"
)

// serveReceiver asks the SockJS library in the browser's place while that holds on to the browser's last request. The
// end of a response can reach the browser before the library has let go of it, and to a browser that asks again at
// once it would then say "Another connection still open", which ends the session. Where another connection is open
// indeed, the answer is the same after a moment.
func serveReceiver(h http.Handler, w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		h.ServeHTTP(w, r)
		return
	}
	rec := &receiver{ResponseWriter: w}
	for range 50 {
		rec.refused = false
		h.ServeHTTP(rec, r)
		if !rec.refused {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	rec.final = true
	h.ServeHTTP(rec, r)
}

// receiver keeps the library's refusals from the browser, up to the final one.
type receiver struct {
	http.ResponseWriter
	begun, refused, final bool
}

func (r *receiver) Write(p []byte) (int, error) {
	if !r.final && bytes.Contains(p, []byte("c[2010,")) && !bytes.Contains(p, []byte("a[")) { // a[: a message's text
		r.refused = true
		return len(p), nil
	}
	return r.ResponseWriter.Write(p)
}

// WriteHeader is called again where a transport is asked again.
func (r *receiver) WriteHeader(status int) {
	if !r.begun {
		r.begun = true
		r.ResponseWriter.WriteHeader(status)
	}
}

// Flush is what the library asks of a ResponseWriter.
func (r *receiver) Flush() { r.ResponseWriter.(http.Flusher).Flush() }
