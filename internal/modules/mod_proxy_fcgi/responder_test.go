package proxyfcgi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	proxyfcgi "transom/internal/modules/mod_proxy_fcgi"
	"transom/internal/upstream"
	"transom/internal/upstream/suite"
	"transom/internal/wire/fcgi"
)

// TestSuite runs what every scheme must pass.
func TestSuite(t *testing.T) {
	suite.Run(t, suite.Harness{Scheme: described{theScheme()}, Serve: serve, Streams: true, Broken: 503, Silent: 504})
}

func theScheme() upstream.Scheme { return proxyfcgi.Module().Offers.Schemes[0] }

// described says in variables what the suite asks for, as Prepare does of a client's request.
type described struct{ upstream.Scheme }

func (d described) Exchange(ctx context.Context, w *upstream.Worker, req *upstream.Request) (*upstream.Response, error) {
	sent := *req
	sent.Env = []upstream.Field{{Name: "REQUEST_METHOD", Value: req.Method}, {Name: "REQUEST_URI", Value: req.Target}, {Name: "HTTP_HOST", Value: req.Host}}
	for _, f := range req.Fields {
		sent.Env = append(sent.Env, upstream.Field{Name: variable(f.Name), Value: f.Value})
	}
	return d.Scheme.Exchange(ctx, w, &sent)
}

// received is a request of a small FastCGI application.
type received struct {
	conn net.Conn
	keep bool
	env  map[string]string
	in   fcgi.Reader
	open bool // Stdin goes on
}

func serve(conn net.Conn, handle suite.Handler) {
	defer conn.Close()
	buffered := bufio.NewReader(conn)
	for {
		got := &received{conn: conn, env: map[string]string{}, in: fcgi.Reader{Src: buffered}, open: true}
		if got.readParams() != nil || !handle(got) {
			return
		}
		if _, err := io.Copy(io.Discard, got); err != nil || !got.keep {
			return
		}
	}
}

func (g *received) readParams() error {
	for {
		h, err := g.in.Next()
		if err != nil {
			return err
		}
		content, err := io.ReadAll(&g.in)
		switch {
		case err != nil:
			return err
		case h.Type == fcgi.BeginRequest:
			g.keep = content[2]&1 != 0
		case h.Type == fcgi.Params && h.Content == 0:
			return nil
		}
		for h.Type == fcgi.Params && len(content) > 0 {
			var name, value string
			if name, value, content, err = fcgi.NextPair(content); err != nil {
				return err
			}
			g.env[name] = value
		}
	}
}

func (g *received) Method() string  { return g.env["REQUEST_METHOD"] }
func (g *received) Target() string  { return g.env["REQUEST_URI"] }
func (g *received) Body() io.Reader { return g }

func (g *received) Get(name string) string { return g.env[variable(name)] }

func variable(name string) string {
	return "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// Read reads Stdin.
func (g *received) Read(p []byte) (int, error) {
	for g.in.Left() == 0 {
		if !g.open {
			return 0, io.EOF
		}
		h, err := g.in.Next()
		if err != nil {
			return 0, noEOF(err)
		}
		if h.Type != fcgi.Stdin {
			return 0, fmt.Errorf("a record of type %d within Stdin", h.Type)
		}
		g.open = h.Content > 0
	}
	n, err := g.in.Read(p)
	return n, noEOF(err)
}

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (g *received) Head(status int, length int64, fields ...upstream.Field) error {
	head := fmt.Sprintf("Status: %d Said\r\n", status)
	for _, f := range fields {
		head += f.Name + ": " + f.Value + "\n" // many applications write no CR
	}
	if length >= 0 && status != 204 && status != 304 {
		head += "Content-Length: " + strconv.FormatInt(length, 10) + "\r\n"
	}
	_, err := g.Write([]byte(head + "\r\n"))
	return err
}

// Write writes a record of Stdout with some padding.
func (g *received) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		n := min(len(rest), 65535)
		b := make([]byte, fcgi.HeaderLen, fcgi.HeaderLen+n+3)
		fcgi.PutHeader(b, fcgi.Stdout, 1, n)
		b[6] = 3
		if _, err := g.conn.Write(append(append(b, rest[:n]...), 'p', 'a', 'd')); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(p), nil
}

func (g *received) End() error {
	_, err := g.conn.Write(fcgi.AppendEnd(fcgi.AppendRecord(nil, fcgi.Stdout, 1, nil), 1, 0))
	return err
}
