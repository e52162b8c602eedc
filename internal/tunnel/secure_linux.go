package tunnel

import (
	"crypto/tls"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// secure is a TLS connection over a stream of its own.
type secure struct {
	*tls.Conn
	stream stream
}

// keptInput is how large an input buffer may stay while nothing comes in. Small messages need no more.
const keptInput = 2 << 10

// read fills p from as many records as there are. crypto/tls keeps an error that is temporary from becoming permanent,
// and what it has read of a record.
func (s *secure) read(p []byte) (n int, err error) {
	for n < len(p) {
		k, err := s.Conn.Read(p[n:])
		n += k
		if err == errAgainNet {
			trim(s.Conn, keptInput)
			return n, errAgain
		}
		if err != nil {
			if n > 0 {
				return n, nil // the error comes again
			}
			return 0, err
		}
	}
	return n, nil
}

// write takes all of p or, while the kernel has not taken the records of an earlier call, nothing.
func (s *secure) write(p []byte) (int, error) {
	if s.stream.queue != nil {
		return 0, errAgain
	}
	s.stream.corked = true
	n, err := s.Conn.Write(p)
	s.stream.corked = false
	if err != nil {
		return n, err
	}
	return n, s.sent()
}

// shut sends a close_notify, which ends one direction only.
func (s *secure) shut() error {
	if err := s.CloseWrite(); err != nil {
		return err
	}
	return s.sent()
}

func (s *secure) sent() error {
	if s.flush() {
		return s.stream.err
	}
	return errAgain
}

// flush reports whether nothing is left to write, be it because of an error.
func (s *secure) flush() bool {
	q := s.stream.queue
	if q == nil {
		return true
	}
	n, err := rawWrite(s.stream.fd, q.b[q.off:])
	q.off += n
	switch {
	case err == errAgain:
		return false
	case err != nil:
		s.stream.err = err
	}
	s.stream.queue = q.free()
	return true
}

// stream is a net.Conn that never blocks: reading answers errAgainNet, and what the kernel does not take of a write
// is queued. Only crypto/tls uses it, from the goroutine of the loop.
type stream struct {
	fd     int32
	dry    bool  // there is nothing to read until the next event
	doubt  bool  // as in port
	corked bool  // the records of one call are sent in one piece, by flush
	queue  *rest // to be written
	err    error // of a write
}

func (s *stream) Read(p []byte) (int, error) {
	if s.dry {
		return 0, errAgainNet
	}
	n, err := rawRead(s.fd, p)
	s.dry = err == errAgain && (n == 0 || !s.doubt)
	if err == errAgain && n == 0 {
		return 0, errAgainNet
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

func (s *stream) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n := 0
	if s.queue == nil && !s.corked {
		var err error
		if n, err = rawWrite(s.fd, p); err != nil && err != errAgain {
			s.err = err
			return n, err
		}
	}
	if n < len(p) {
		s.queue = s.queue.add(p[n:])
	}
	return len(p), nil
}

func (s *stream) Close() error {
	if s.queue != nil {
		rawWrite(s.fd, s.queue.b[s.queue.off:])
		s.queue = s.queue.free()
	}
	return unix.Close(int(s.fd))
}

func (s *stream) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *stream) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *stream) SetDeadline(time.Time) error      { return nil }
func (s *stream) SetReadDeadline(time.Time) error  { return nil }
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

// errAgainNet is errAgain as crypto/tls understands it.
var errAgainNet net.Error = again{}

type again struct{}

func (again) Error() string   { return errAgain.Error() }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }
