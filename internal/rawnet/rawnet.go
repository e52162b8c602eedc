//go:build unix

// Package rawnet reads and writes the sockets behind net's connections by system calls that Go's scheduler is not told of:
// none of them blocks, and what the scheduler and its monitor do around each costs a proxy more than its own work. A goroutine
// for which there is nothing to move is parked by Go's poller, as always.
package rawnet

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Conn is another way to use a socket, which stays its owner's. One goroutine may read and one may write at a time.
type Conn struct {
	of  net.Conn
	raw syscall.RawConn

	space   Space  // where what Fill reads goes
	room    []byte // where what Read reads goes
	got     int
	readErr syscall.Errno
	tryRead func(fd uintptr) bool // made once, as it is garbage; nil for a Socket, whose raw knows what to do

	left     []byte // to be written
	waited   bool   // in the write under way, or the last one
	writeErr syscall.Errno
	tryWrite func(fd uintptr) // as tryRead

	seen   Sight
	look   func(fd uintptr)
	tryAsk func(fd uintptr) bool
}

// Space is asked for room each time the socket is tried, and then told how much came or to take the room back.
type Space interface {
	Space() []byte
	Add(n int)
	Release()
}

// New is nil for a connection that is no socket, or that has something like TLS between it and the socket.
func New(of net.Conn) *Conn {
	if s, ok := of.(*Socket); ok {
		return &s.io
	}
	s, ok := of.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return nil
	}
	c := &Conn{of: of, raw: raw}
	c.tryRead, c.tryWrite = c.readOnce, c.writeAll
	return c
}

// Control is that of the socket's syscall.RawConn.
func (c *Conn) Control(f func(fd uintptr)) error { return c.raw.Control(f) }

// Read is the socket's, under the read deadline set there.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.room = p
	err := c.await()
	c.room = nil
	return c.got, err
}

// Fill reads into space, of which nothing is used while there is nothing to read.
func (c *Conn) Fill(space Space) error {
	c.space = space
	err := c.await()
	c.space = nil
	return err
}

func (c *Conn) await() error {
	if err := c.raw.Read(c.tryRead); err != nil || c.got <= 0 {
		return c.notRead(err)
	}
	return nil
}

func (c *Conn) readOnce(fd uintptr) (over bool) {
	if c.space == nil {
		c.got, c.readErr = read(fd, c.room)
		return c.readErr != syscall.EAGAIN
	}
	c.got, c.readErr = read(fd, c.space.Space())
	if c.got > 0 {
		c.space.Add(c.got)
		return true
	}
	c.space.Release()
	return c.readErr != syscall.EAGAIN
}

// notRead makes one of the poller's error and the socket's.
func (c *Conn) notRead(err error) error {
	c.got = 0
	switch {
	case err != nil:
		return renamed("read", err)
	case c.readErr != 0:
		return c.failed("read", c.readErr)
	}
	return io.EOF
}

// Write writes all of p. It gives up when the socket takes nothing for as long as patience, if that is not 0. No write
// deadline is in force afterwards.
//
// It is by Control as long as there is nothing to wait for, which costs half of what the poller's Write does.
func (c *Conn) Write(p []byte, patience time.Duration) (int, error) {
	c.left, c.waited = p, false
	err := c.raw.Control(c.tryWrite)
	if err != nil || c.writeErr != 0 {
		err = c.notWritten(err, patience)
	}
	n := len(p) - len(c.left)
	c.left = nil
	return n, err
}

func (c *Conn) writeAll(fd uintptr) {
	c.writeErr = 0
	for len(c.left) > 0 {
		n, err := write(fd, c.left)
		if err != 0 {
			c.writeErr = err
			return
		}
		c.left = c.left[n:]
	}
}

func (c *Conn) notWritten(err error, patience time.Duration) error {
	if err == nil && c.writeErr == syscall.EAGAIN {
		err = c.insist(patience, c.writeAll)
	}
	return c.afterWrite("write", err)
}

// insist calls try until it leaves no EAGAIN in writeErr, each time that the socket can take more.
func (c *Conn) insist(patience time.Duration, try func(fd uintptr)) error {
	c.waited = false
	return c.raw.Write(func(fd uintptr) (over bool) {
		if try(fd); c.writeErr != syscall.EAGAIN {
			return true
		}
		if patience > 0 { // for each wait
			c.waited = true
			c.of.SetWriteDeadline(time.Now().Add(patience))
		}
		return false
	})
}

// Waited says whether the last write had to wait for the peer.
func (c *Conn) Waited() bool { return c.waited }

// afterWrite makes one of the poller's error and the socket's.
func (c *Conn) afterWrite(op string, err error) error {
	if c.waited {
		c.of.SetWriteDeadline(time.Time{})
	}
	switch {
	case err != nil:
		return renamed(op, err)
	case c.writeErr != 0:
		return c.failed(op, c.writeErr)
	}
	return nil
}

// Look says without waiting, and without taking anything, what a read would find.
//
// It is by Control, not Read: a read deadline that has passed meanwhile must not matter.
func (c *Conn) Look() Sight {
	if c.look == nil {
		c.look = c.lookOnce
	}
	if err := c.raw.Control(c.look); err != nil {
		return Ended
	}
	return c.seen
}

func (c *Conn) lookOnce(fd uintptr) {
	n, err := peek(fd)
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		c.seen = Silent
	case err == 0 && n > 0:
		c.seen = Readable
	default:
		c.seen = Ended
	}
}

// Sight is what Look sees.
type Sight uint8

const (
	Ended    Sight = iota // the peer has closed, or the connection is broken
	Silent                // nothing
	Readable              // bytes
)

// Ask writes p to a peer that ought to be silent and fills space with the answer, in one call of the poller. A peer that isn't silent
// is told nothing: ErrStale. What can't be written at once, and all of p if the read deadline is over, is left to Write: n is less
// than len(p) then, and nothing was read.
func (c *Conn) Ask(p []byte, space Space) (n int, err error) {
	if c.tryAsk == nil {
		c.tryAsk = c.askOnce
	}
	c.left, c.space, c.seen = p, space, Silent
	err = c.raw.Read(c.tryAsk)
	n = len(p) - len(c.left)
	c.left, c.space = nil, nil
	switch {
	case c.seen != Silent:
		err = ErrStale
	case n < len(p):
		err = nil
	case err != nil || c.got <= 0:
		err = c.notRead(err)
	}
	return n, err
}

// ErrStale says that the peer has closed the connection, or sent what nobody asked for.
var ErrStale = errors.New("the connection ended, or was spoken on, while it was idle")

// askOnce waits as soon as it has written: hardly any answer comes so fast, and none is missed, as the poller remembers what has
// happened since its Read began.
func (c *Conn) askOnce(fd uintptr) (over bool) {
	if len(c.left) == 0 {
		return c.readOnce(fd)
	}
	if c.lookOnce(fd); c.seen == Silent {
		c.writeAll(fd)
	}
	return len(c.left) > 0
}

// renamed is the poller's error in net's words.
func renamed(op string, err error) error {
	if e := (*net.OpError)(nil); errors.As(err, &e) {
		e.Op = op
	}
	return err
}

func (c *Conn) failed(op string, err error) error {
	local, remote := c.of.LocalAddr(), c.of.RemoteAddr()
	return &net.OpError{Op: op, Net: local.Network(), Source: local, Addr: remote, Err: os.NewSyscallError(op, err)}
}

// errnoOf is the number in an error of syscall's, 0 without one.
func errnoOf(err error) syscall.Errno {
	errno, _ := err.(syscall.Errno)
	return errno
}
