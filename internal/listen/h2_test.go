package listen

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Client speaks HTTP/2 frame by frame. What it says waits, and goes out at once, when it wants to hear an answer.
type h2Client struct {
	*http2.Framer
	t    *testing.T
	conn *tls.Conn
	out  *bufio.Writer
	head bytes.Buffer
	enc  *hpack.Encoder
}

func (r *rig) h2(settings ...http2.Setting) *h2Client {
	r.t.Helper()
	conn, err := tls.Dial("tcp", r.addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	out := bufio.NewWriter(conn)
	out.WriteString(http2.ClientPreface)
	c := &h2Client{Framer: http2.NewFramer(out, conn), t: r.t, conn: conn, out: out}
	c.enc = hpack.NewEncoder(&c.head)
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.WriteSettings(settings...)
	return c
}

// ask opens a stream with a GET of which fields, pairs of name and value, replace or add to the head.
func (c *h2Client) ask(stream uint32, end bool, fields ...string) {
	pairs := []string{":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/"}
	for i := 0; i < len(fields); i += 2 {
		if at := slices.Index(pairs[:8], fields[i]); at >= 0 {
			pairs[at+1] = fields[i+1]
		} else {
			pairs = append(pairs, fields[i:i+2]...)
		}
	}
	c.head.Reset()
	for i := 0; i < len(pairs); i += 2 {
		c.enc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	block := c.head.Bytes()
	first := block[:min(len(block), 16<<10)]
	c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndStream: end, EndHeaders: len(first) == len(block)})
	for block = block[len(first):]; len(block) > 0; block = block[len(first):] {
		first = block[:min(len(block), 16<<10)]
		c.WriteContinuation(stream, len(first) == len(block), first)
	}
}

// answer is the status of the next answer, "reset", "goaway", or "closed". PINGs are answered meanwhile.
func (c *h2Client) answer() string {
	c.t.Helper()
	for {
		c.out.Flush()
		f, err := c.ReadFrame()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.t.Fatal("nothing came in 20 s")
		case err != nil:
			return "closed"
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return "reset"
		case *http2.GoAwayFrame:
			return "goaway"
		case *http2.PingFrame:
			if !f.IsAck() {
				c.WritePing(true, f.Data)
			}
		}
	}
}

func TestHTTP2Refuses(t *testing.T) {
	settings := tlsSettings(t)
	settings.RegisteredMethods = true
	r := start(t, settings, func(w http.ResponseWriter, r *http.Request) {
		if bad := told(r).Bad; bad != nil {
			w.WriteHeader(bad.Status)
		}
	})
	many := func(n int) (fields []string) {
		for i := range n {
			fields = append(fields, "x-"+strconv.Itoa(i), "1")
		}
		return fields
	}
	for _, test := range []struct {
		fields []string
		want   string
	}{
		{nil, "200"},
		{[]string{":path", "/" + strings.Repeat("a", 8000)}, "200"},
		{[]string{":path", "/" + strings.Repeat("a", 9000)}, "414"},
		{[]string{"x-long", strings.Repeat("a", 8000)}, "200"},
		{[]string{"x-long", strings.Repeat("a", 9000)}, "431"},
		{many(100), "200"},
		{many(101), "431"},
		{many(300), "431"},
		{[]string{":method", "PROPFIND"}, "200"},
		{[]string{":method", "BREW"}, "501"},
		{[]string{":method", "GET /"}, "400"},
		{[]string{":method", "G\xc3\x89T"}, "400"},
		{[]string{":path", "/a b"}, "400"},
		{[]string{":path", "/a#b"}, "400"},
		{[]string{":path", "/%zz"}, "reset"},
		{[]string{":path", "http://y/"}, "reset"},
		{[]string{":authority", "x/y"}, "reset"},
		{[]string{":authority", "x..y"}, "400"},
		{[]string{":authority", ""}, "400"},
		{[]string{"host", "x"}, "200"},
		{[]string{"host", "y"}, "reset"},
		{[]string{":protocol", "websocket", ":method", "CONNECT"}, "reset"},
		{[]string{"content-length", "5"}, "400"},
		{[]string{"content-length", "0", "content-length", "0"}, "400"},
		{[]string{"content-length", "x"}, "400"},
		{[]string{"expect", "wonders"}, "417"},
		{[]string{"te", "trailers"}, "200"},
	} {
		c := r.h2()
		c.ask(1, true, test.fields...)
		if got := c.answer(); got != test.want {
			t.Errorf("%.60q: %s, want %s", test.fields, got, test.want)
		}
		c.conn.Close()
	}
}

const soon = 500 * time.Millisecond

// impatient is a host whose Timeout a stream soon meets, on connections that have time.
func impatient(t *testing.T, h http.HandlerFunc) *rig {
	s := tlsSettings(t)
	quick := *s
	quick.Timeout, quick.BodyTimeout = soon, Pace{}
	paced := *s
	paced.BodyTimeout = Pace{First: soon}
	return startWith(t, func(_ netip.AddrPort, host string) *Settings {
		switch host {
		case "quick":
			return &quick
		case "paced":
			return &paced
		}
		return s
	}, h)
}

// An upload that stops halfway ends with Timeout, or RequestReadTimeout body=; it must not hold a handler for ever.
func TestHTTP2BodyThatStops(t *testing.T) {
	t.Parallel()
	r := impatient(t, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if string(got) != "half" || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read %q, %v", got, err)
		}
		w.WriteHeader(http.StatusRequestTimeout)
	})
	for i, host := range []string{"quick", "paced"} {
		c := r.h2()
		c.ask(1, false, ":authority", host, ":method", "POST")
		c.WriteData(1, false, []byte("half"))
		if got := c.answer(); got != "408" {
			t.Errorf("%d: %s", i, got)
		}
	}
}

// A client that makes no room in its window must not hold a handler, and what waits for others must not count.
func TestHTTP2WindowThatStaysShut(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	r := impatient(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			time.Sleep(soon + 100*time.Millisecond) // an origin that thinks for longer than Timeout
			_, err := io.WriteString(w, "b")
			w.(http.Flusher).Flush()
			ended <- err
			return
		}
		_, err := w.Write(make([]byte, 1<<20))
		ended <- err
	})
	c := r.h2()
	c.ask(1, true, ":authority", "quick", ":path", "/late")
	if got, err := c.answer(), <-ended; got != "200" || err != nil {
		t.Errorf("late: %s, %v", got, err)
	}
	c.ask(3, true, ":authority", "quick")
	if got := c.answer() + " " + c.answer(); got != "200 reset" {
		t.Error(got)
	}
	if <-ended == nil {
		t.Error("what nobody took was written")
	}
}

// As httpd's, a connection without streams ends with KeepAliveTimeout.
func TestHTTP2KeepAliveTimeout(t *testing.T) {
	s := tlsSettings(t)
	s.KeepAliveTimeout = 50 * time.Millisecond
	r := start(t, s, func(http.ResponseWriter, *http.Request) {})
	c := r.h2()
	if got := c.answer() + " " + c.answer(); got != "goaway closed" {
		t.Error(got)
	}
}

// A client that is gone without a word answers no PING, one that stalls reads nothing: both free their handlers.
// A stream ends with the head that answers HEAD; its client has not left.
func TestHTTP2HeadIsNotBroken(t *testing.T) {
	t.Parallel()
	broken := make(chan bool, 1)
	r := start(t, tlsSettings(t), func(w http.ResponseWriter, r *http.Request) {
		info := told(r)
		info.AfterResponse(func() {
			<-r.Context().Done()
			broken <- info.Broken()
		})
	})
	c := r.h2()
	c.ask(1, true, ":method", "HEAD")
	if got := c.answer(); got != "200" {
		t.Fatal(got)
	}
	if <-broken {
		t.Error("it counts as broken")
	}
}

func TestHTTP2DeadClients(t *testing.T) {
	t.Parallel()
	s := tlsSettings(t)
	s.Timeout = time.Second // also for each read of the handshake
	ended := make(chan string)
	r := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-r.Context().Done()
		} else {
			for _, err := w.Write(make([]byte, 1<<20)); err == nil; {
				_, err = w.Write(make([]byte, 1<<20))
			}
		}
		ended <- r.URL.Path
	})
	for _, path := range []string{"/wait", "/send"} {
		c := r.h2(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
		c.WriteWindowUpdate(0, 1<<31-1<<16)
		c.ask(1, true, ":path", path)
		c.out.Flush()
		select {
		case got := <-ended:
			if got != path {
				t.Error(got)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: the handler goes on", path)
		}
	}
}
