package proxyfcgi

import (
	"fmt"
	"io"
	"net"
	"net/http"

	"transom/internal/upstream"
	"transom/internal/wire/fcgi"
)

// stdout is the stream of the Stdout records. Its io.EOF is the end of the request; what the application wrote to its error output
// meanwhile is passed on.
type stdout struct {
	x      *exchange
	before string // is read first
}

func (s *stdout) Read(p []byte) (int, error) {
	if s.before != "" {
		n := copy(p, s.before)
		s.before = s.before[n:]
		return n, nil
	}
	x := s.x
	for !x.inStdout || x.in.Left() == 0 {
		if x.over {
			return 0, io.EOF
		}
		if err := x.next(); err != nil {
			return 0, err
		}
	}
	return x.in.Read(p)
}

// next goes to the next record, and reads it unless it is of Stdout.
func (x *exchange) next() error {
	h, err := x.in.Next()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if h.ID != requestID {
		return fmt.Errorf("AH01069: Got bogus rid %d, expected %d", h.ID, requestID)
	}
	x.spoke, x.inStdout = true, h.Type == fcgi.Stdout
	switch h.Type {
	case fcgi.Stdout:
	case fcgi.Stderr:
		text, err := io.ReadAll(&x.in)
		if len(text) > 0 && x.Req.Stderr != nil {
			x.Req.Stderr(string(text))
		}
		return err
	case fcgi.EndRequest:
		if _, err := io.Copy(io.Discard, &x.in); err != nil {
			return err
		}
		x.over = true
	}
	return nil
}

// Read reads the response's body. At its end the connection goes back to the pool.
func (x *exchange) Read(p []byte) (int, error) {
	switch {
	case x.Drained:
		return 0, io.EOF
	case x.Ended:
		return 0, net.ErrClosed
	case x.left == 0:
		if err := x.drain(); err != nil {
			return 0, err
		}
		return 0, io.EOF
	case x.left > 0:
		p = p[:min(int64(len(p)), x.left)]
	}
	n, err := x.out.Read(p)
	if x.left > 0 {
		x.left -= int64(n)
	}
	switch {
	case err == io.EOF && x.left > 0:
		return n, x.bodyFailed(io.ErrUnexpectedEOF)
	case err == io.EOF:
		x.Complete()
	case err != nil:
		return n, x.bodyFailed(err)
	}
	return n, err
}

// WriteTo writes the rest of the body to dst.
func (x *exchange) WriteTo(dst io.Writer) (int64, error) {
	return io.Copy(dst, struct{ io.Reader }{x})
}

// drain passes what the application says behind a response's end, and its EndRequest.
func (x *exchange) drain() error {
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{x.out}); err != nil {
		return x.bodyFailed(err)
	}
	x.Complete()
	return nil
}

func (x *exchange) bodyFailed(err error) error {
	x.Keep = false
	return &upstream.Error{Status: http.StatusBadGateway, Code: "AH01075", Reason: "Error dispatching request", Worker: x.Worker.Name(), Err: err,
		Timeout: isTimeout(err)}
}
