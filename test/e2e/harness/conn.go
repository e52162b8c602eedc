package harness

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A conn is one connection that the script speaks on: a client's, or one that
// a backend accepted. The script's goroutine reads; a goroutine of the conn
// writes, so that a send never waits for the other side.
type conn struct {
	net.Conn
	r       *bufio.Reader
	backend bool
	timeout time.Duration
	host    string   // what a request's Host says if the script doesn't
	options []string // with which the script opened it

	queue chan func()
	done  chan struct{} // closed when nothing more will be written
	once  sync.Once

	sent   []string // methods of requests whose final response is still to come
	key    string   // Sec-WebSocket-Key of the last handshake
	last   head     // of the message received last
	body   *body    // of the message received last, maybe not yet at its end
	tunnel bool     // a 101 was sent or received
	over   bool     // no further exchange can happen here, and the script saw why
	broken bool     // something unexpected happened: steps are skipped until the next request
}

func newConn(c net.Conn, backend bool, timeout time.Duration) *conn {
	conn := &conn{Conn: c, r: bufio.NewReader(c), backend: backend, timeout: timeout,
		queue: make(chan func(), 256), done: make(chan struct{})}
	go func() {
		for {
			select {
			case op := <-conn.queue:
				op()
			case <-conn.done:
				return
			}
		}
	}()
	return conn
}

// enqueue has the op run behind everything that was sent.
func (c *conn) enqueue(op func()) {
	select {
	case c.queue <- op:
	case <-c.done:
	}
}

func (c *conn) write(data []byte) { c.enqueue(func() { c.Write(data) }) }

// end runs op behind everything that was sent, and waits for it: the next step finds the
// connection ended. It does not wait for a peer that never reads.
func (c *conn) end(op func()) {
	ran := make(chan struct{})
	c.enqueue(func() { op(); close(ran) })
	select {
	case <-ran:
	case <-c.done:
	case <-time.After(c.timeout):
	}
}

// finish closes the sending half.
func (c *conn) finish() {
	c.end(func() {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
	})
}

func (c *conn) close() { c.end(c.abandon) }

// reset makes the other side see a reset.
func (c *conn) reset() {
	raw := c.Conn
	if t, ok := raw.(*tls.Conn); ok {
		raw = t.NetConn()
	}
	c.end(func() {
		if t, ok := raw.(*net.TCPConn); ok {
			t.SetLinger(0)
		}
		raw.Close()
	})
}

// abandon closes at once, whatever is still queued.
func (c *conn) abandon() {
	c.once.Do(func() {
		c.Conn.Close()
		close(c.done)
	})
}

// A mismatch says what was received instead of what the step expects. The
// connection can still be spoken on.
type mismatch string

func (m mismatch) Error() string { return string(m) }

// plain gives the errors of a connection words that are the same everywhere.
func plain(err error) error {
	var ne net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return errors.New("nothing came")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), isReset(err):
		return errors.New("connection closed")
	}
	return err
}
