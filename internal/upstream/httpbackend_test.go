package upstream_test

import (
	"io"
	"net"
	"strconv"
	"testing"

	"transom/internal/upstream"
	"transom/internal/upstream/suite"
	"transom/internal/wire/http1"
)

func TestHTTPSuite(t *testing.T) {
	for _, s := range upstream.HTTPSchemes() {
		if s.Name() == "http" || s.Name() == "ws" {
			t.Run(s.Name(), func(t *testing.T) {
				suite.Run(t, suite.Harness{Scheme: s, Serve: serveHTTP, Streams: true})
			})
		}
	}
}

// received is a request of a small HTTP/1.1 backend.
type received struct {
	head    http1.RequestHead
	body    *http1.Body
	conn    net.Conn
	chunked bool
}

func serveHTTP(conn net.Conn, handle suite.Handler) {
	defer conn.Close()
	r := http1.NewReader(conn)
	for {
		got := &received{conn: conn}
		if err := r.ReadRequest(&got.head, &http1.Options{Limits: http1.DefaultLimits}); err != nil {
			return
		}
		got.body = &http1.Body{}
		got.body.Reset(r, got.head.Length, http1.DefaultLimits, false)
		if !handle(got) {
			return
		}
		if _, err := io.Copy(io.Discard, got.body); err != nil || !got.head.KeepAlive {
			return
		}
	}
}

func (r *received) Method() string         { return r.head.Method }
func (r *received) Target() string         { return r.head.Target }
func (r *received) Get(name string) string { return http1.Get(r.head.Fields, name) }
func (r *received) Body() io.Reader        { return r.body }

func (r *received) Head(status int, length int64, fields ...upstream.Field) error {
	b := http1.AppendStatusLine(nil, status, "")
	b = http1.AppendFields(b, fields)
	switch {
	case length < 0:
		b = http1.AppendField(b, "Transfer-Encoding", "chunked")
		r.chunked = true
	case status != 204 && status != 304:
		b = http1.AppendField(b, "Content-Length", strconv.FormatInt(length, 10))
	}
	_, err := r.conn.Write(append(b, "\r\n"...))
	return err
}

func (r *received) Write(p []byte) (int, error) {
	if !r.chunked {
		return r.conn.Write(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	b := append(http1.AppendChunkSize(nil, len(p)), p...)
	_, err := r.conn.Write(append(b, "\r\n"...))
	return len(p), err
}

func (r *received) End() error {
	if !r.chunked {
		return nil
	}
	_, err := r.conn.Write(http1.AppendLastChunk(nil, nil))
	return err
}
