//go:build unix

package rawnet

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestReadsAndWrites(t *testing.T) {
	c, far := connect(t)
	if n, err := c.Write([]byte("hello"), time.Minute); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	var b [8]byte
	if _, err := io.ReadFull(far, b[:5]); err != nil || string(b[:5]) != "hello" {
		t.Fatalf("%q %v", b, err)
	}
	if c.Look() != Silent {
		t.Error("a quiet socket is not silent")
	}
	go far.Write([]byte("answer"))
	if n, err := c.Read(b[:]); err != nil || string(b[:n]) != "answer" {
		t.Fatalf("%q %v", b[:n], err)
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Error(n, err)
	}
	far.Close()
	if n, err := c.Read(b[:]); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
	if c.Look() != Ended {
		t.Error("the end is not seen")
	}
}

func TestLookTakesNothing(t *testing.T) {
	c, far := connect(t)
	far.Write([]byte("x"))
	var b [1]byte
	for c.Look() != Readable {
	}
	if n, err := c.Read(b[:]); n != 1 || b[0] != 'x' || err != nil {
		t.Error(n, err)
	}
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	for c.Look() != Ended {
	}
}

// TestErrors wants net's words, since logs show them.
func TestErrors(t *testing.T) {
	c, far := connect(t)
	c.of.SetReadDeadline(time.Unix(1, 0))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(err.Error(), "read tcp 127.0.0.1:") {
		t.Error(err)
	}
	c.of.SetReadDeadline(time.Time{})
	far.(*net.TCPConn).SetLinger(0)
	far.Close()
	if _, err := c.Read(make([]byte, 1)); err == nil || !strings.HasSuffix(err.Error(), "read: connection reset by peer") {
		t.Error(err)
	}
	c.of.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := c.Write([]byte("x"), 0); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if c.Look() != Ended {
		t.Error("a closed socket has not ended")
	}
}

func TestWriteGivesUp(t *testing.T) {
	c, far := connect(t)
	big := make([]byte, 16<<20)
	n, err := c.Write(big, 10*time.Millisecond)
	if n == 0 || n == len(big) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d of %d bytes to nobody: %v", n, len(big), err)
	}
	// The deadline is over, and must not end what comes after it.
	go io.Copy(io.Discard, far)
	if n, err := c.Write(big, time.Minute); n != len(big) || err != nil {
		t.Errorf("%d of %d bytes: %v", n, len(big), err)
	}
}

// TestFillHoldsNoRoom looks at what a reader that waits holds.
func TestFillHoldsNoRoom(t *testing.T) {
	c, far := connect(t)
	s := &room{released: make(chan struct{}, 10)}
	done := make(chan error)
	go func() { done <- c.Fill(s) }()
	<-s.released
	far.Write([]byte("late"))
	if err := <-done; err != nil || string(s.b[:s.n]) != "late" {
		t.Errorf("%q %v", s.b[:s.n], err)
	}
}

type room struct {
	b        [16]byte
	n        int
	released chan struct{}
}

func (r *room) Space() []byte { return r.b[:] }
func (r *room) Add(n int)     { r.n += n }
func (r *room) Release()      { r.released <- struct{}{} }

func TestAsk(t *testing.T) {
	c, far := connect(t)
	asks(t, c, far.(*net.TCPConn))
}

// asks wants c to wait behind what it writes, and to write nothing to a far that has spoken or ended.
func asks(t *testing.T, c *Conn, far *net.TCPConn) {
	question := make([]byte, 8)
	s := &room{released: make(chan struct{}, 100)}
	for range 3 {
		go func() {
			io.ReadFull(far, question)
			far.Write([]byte("answer"))
		}()
		s.n = 0
		if n, err := c.Ask([]byte("question"), s); n != 8 || err != nil || string(s.b[:s.n]) != "answer" || string(question) != "question" {
			t.Fatalf("%d %v, %q to %q", n, err, s.b[:s.n], question)
		}
	}
	go func() {
		io.ReadFull(far, question)
		far.CloseWrite()
	}()
	s.n = 0
	if n, err := c.Ask([]byte("whether?"), s); n != 8 || err != io.EOF || s.n != 0 {
		t.Errorf("%d %v, %d bytes read", n, err, s.n)
	}
	if n, err := c.Ask([]byte("x"), s); n != 0 || err != ErrStale {
		t.Error(n, err)
	}
	far.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := far.Read(question); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes came, %v", n, err)
	}
}

func TestAskNobodySilent(t *testing.T) {
	c, far := connect(t)
	far.Write([]byte("hello"))
	for c.Look() != Readable {
	}
	s := &room{}
	if n, err := c.Ask([]byte("x"), s); n != 0 || err != ErrStale || s.n != 0 {
		t.Error(n, err, s.n)
	}
}

// TestAskLeaves: what Ask can't do it leaves to Write and Read, without an error.
func TestAskLeaves(t *testing.T) {
	c, far := connect(t)
	big := make([]byte, 16<<20)
	n, err := c.Ask(big, &room{})
	if n == 0 || n == len(big) || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	io.CopyN(io.Discard, far, int64(n))
	c.of.SetReadDeadline(time.Unix(1, 0))
	if n, err := c.Ask([]byte("x"), &room{}); n != 0 || err != nil {
		t.Error(n, err)
	}
	c.of.SetReadDeadline(time.Time{})
	c.of.Close()
	if n, err := c.Ask([]byte("x"), &room{}); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestNoGarbage(t *testing.T) {
	c, far := connect(t)
	out, in := make([]byte, 100), make([]byte, 100)
	n := testing.AllocsPerRun(100, func() {
		c.Look()
		c.Write(out, time.Minute)
		io.ReadFull(far, in)
		far.Write(in)
		c.Read(in)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNothingButSockets(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if New(a) != nil {
		t.Error("a pipe in memory is no socket")
	}
}

func connect(t *testing.T) (near *Conn, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); far.Close() })
	return New(c), far
}
