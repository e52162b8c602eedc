package rawnet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sockets has f try a Socket that Go's poller does not know, one that it does, and one for which no waiter is left.
func sockets(t *testing.T, f func(t *testing.T, near *Socket, far *net.TCPConn)) {
	t.Run("fresh", func(t *testing.T) {
		near, far := accepted(t)
		f(t, near, far)
	})
	t.Run("settled", func(t *testing.T) {
		near, far := accepted(t)
		near.mu.Lock()
		near.settle()
		near.mu.Unlock()
		f(t, near, far)
	})
	t.Run("without a waiter", func(t *testing.T) {
		for w := borrowWaiter(); w != nil; w = borrowWaiter() {
			defer w.giveBack()
		}
		near, far := accepted(t)
		f(t, near, far)
	})
}

func listening(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	if l, err = Listen(l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func accepted(t *testing.T) (near *Socket, far *net.TCPConn) {
	t.Helper()
	l := listening(t, "tcp", "127.0.0.1:0")
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); c.Close() })
	return a.(*Socket), c.(*net.TCPConn)
}

func TestSocketMovesEveryByte(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		up, down := randomBytes(5<<20), randomBytes(7<<20)
		send := func(c io.Writer, data []byte) {
			for len(data) > 0 {
				n := min(len(data), 1+rand.IntN(200_000))
				if _, err := c.Write(data[:n]); err != nil {
					t.Error(err)
				}
				if data = data[n:]; rand.IntN(4) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}
		expect := func(c io.Reader, data []byte) {
			got := make([]byte, len(data))
			for rest := got; len(rest) > 0; {
				n, err := c.Read(rest[:min(len(rest), 1+rand.IntN(100_000))])
				if err != nil {
					t.Error(err)
					return
				}
				if rest = rest[n:]; rand.IntN(4) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			if !bytes.Equal(got, data) {
				t.Error("other bytes than were sent")
			}
		}
		var all sync.WaitGroup
		all.Go(func() { send(far, up) })
		all.Go(func() { expect(near, up) })
		all.Go(func() { send(near, down) })
		all.Go(func() { expect(far, down) })
		all.Wait()
	})
}

func TestSocketDeadlines(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		var b [1]byte
		near.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, err := near.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.HasPrefix(err.Error(), "read tcp 127.0.0.1:") {
			t.Error(err)
		}
		near.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
		if n, err := near.Write(make([]byte, 16<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(n, err)
		}
		near.SetDeadline(time.Time{})
		time.AfterFunc(10*time.Millisecond, func() { near.SetReadDeadline(past) })
		if _, err := near.Read(b[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		// A deadline of one wait must not end another.
		near.SetReadDeadline(time.Time{})
		time.AfterFunc(30*time.Millisecond, func() { far.Write([]byte("x")) })
		if n, err := near.Read(b[:]); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

// Who waits by a waiter is found also when Go's poller knows the socket, as the other direction has waited twice.
func TestSocketDeadlineEndsAWaitBegunBeforeItSettled(t *testing.T) {
	near, far := accepted(t)
	failed := make(chan error, 1)
	go func() { _, err := near.Read(make([]byte, 1)); failed <- err }()
	for over := false; !over; time.Sleep(time.Millisecond) {
		near.mu.Lock()
		settled := near.file.Load() != nil // at once, if the waiter had an old deadline
		if over = settled || near.waiting[reading] != nil; over && !settled {
			near.settle()
		}
		near.mu.Unlock()
	}
	near.SetReadDeadline(past)
	select {
	case err := <-failed:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the read does not end")
	}
	near.SetReadDeadline(time.Time{})
	io.WriteString(far, "x")
	if n, err := near.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Error(n, err)
	}
}

// A waiter given back twice would be two sockets' at once.
func TestWaiterIsOnlyOnes(t *testing.T) {
	near, _ := accepted(t)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { (*rawSocket)(near).Read(func(uintptr) bool { return false }) })
	}
	time.Sleep(20 * time.Millisecond)
	near.Close()
	all.Wait()
	seen := make(map[*waiter]bool)
	for w := borrowWaiter(); w != nil; w = borrowWaiter() {
		if seen[w] {
			t.Error("a waiter is there twice")
			continue
		}
		seen[w] = true
		defer w.giveBack()
	}
}

// A waiter's deadline may be left from another socket.
func TestWaiterWithAnOldDeadline(t *testing.T) {
	for range mostWaiters {
		near, _ := accepted(t)
		near.SetReadDeadline(time.Now().Add(time.Millisecond))
		near.Read(make([]byte, 1))
		near, far := accepted(t)
		near.SetReadDeadline(time.Now().Add(time.Hour))
		time.AfterFunc(5*time.Millisecond, func() { far.Write([]byte("x")) })
		if _, err := near.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSocketCloseEndsWaiting(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		failed := make(chan error)
		go func() { _, err := near.Read(make([]byte, 1)); failed <- err }()
		go func() { _, err := near.Write(make([]byte, 16<<20)); failed <- err }()
		time.Sleep(10 * time.Millisecond)
		if err := near.Close(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if err := <-failed; !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
		if err := near.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the second Close: %v", err)
		}
		if err := near.SetReadDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetReadDeadline: %v", err)
		}
		if New(near).Control(func(uintptr) { t.Error("a closed descriptor is used") }) == nil {
			t.Error("a closed socket can be used")
		}
		if _, err := io.Copy(io.Discard, far); err != nil {
			t.Errorf("the far side: %v", err)
		}
	})
}

// Close may come at any moment, and closes once.
func TestSocketCloseByMany(t *testing.T) {
	for range 200 {
		near, far := accepted(t)
		var all sync.WaitGroup
		all.Go(func() { near.Read(make([]byte, 1)) })
		all.Go(func() { near.Write(make([]byte, 16<<20)) })
		for range 3 {
			all.Go(func() { near.Close() })
			all.Go(func() { near.SetReadDeadline(time.Now().Add(time.Hour)) })
		}
		all.Wait()
		if _, err := io.Copy(io.Discard, far); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSocketDetach(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		fd, err := near.Detach()
		if err != nil {
			t.Fatal(err)
		}
		near.Close()
		if _, err := near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a detached socket can be written to: %v", err)
		}
		if _, err := unix.Write(fd, []byte("hello")); err != nil {
			t.Error(err)
		}
		unix.Close(fd)
		if got, err := io.ReadAll(far); string(got) != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := near.Detach(); err == nil {
			t.Error("it can be detached twice")
		}
	})
}

func TestSocketClosesByHalves(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		io.WriteString(near, "request")
		if err := near.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(far); err != nil || string(got) != "request" {
			t.Errorf("the far side has %q, %v", got, err)
		}
		answer := make([]byte, len("answer"))
		io.WriteString(far, "answer")
		if _, err := io.ReadFull(near, answer); err != nil || string(answer) != "answer" {
			t.Errorf("behind CloseWrite came %q, %v", answer, err)
		}
	})
}

func TestSocketResets(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		if err := near.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		near.Close()
		if _, err := far.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("the far side saw %v, not a reset", err)
		}
	})
}

func TestSocketSendsFilesAndBuffers(t *testing.T) {
	data := randomBytes(9 << 20)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Clone(data[3:]), data...)
	want = append(want, "end"...)
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) {
		go func() {
			defer near.Close()
			f, err := os.Open(name)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			f.Seek(3, io.SeekStart)
			limited := &io.LimitedReader{R: f, N: int64(len(data))}
			if n, err := near.ReadFrom(limited); n != int64(len(data)-3) || limited.N != 3 || err != nil {
				t.Error(n, limited.N, err)
			}
			if n, err := near.WriteBuffers(net.Buffers{data[:5], nil, data[5:1e6], data[1e6:]}); n != int64(len(data)) || err != nil {
				t.Error(n, err)
			}
			near.ReadFrom(strings.NewReader("end"))
		}()
		time.Sleep(10 * time.Millisecond) // all buffers are full
		if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d, or other ones; %v", len(got), len(want), err)
		}
	})
}

func TestListener(t *testing.T) {
	for _, test := range []struct{ network, listen, dial string }{
		{"tcp4", "127.0.0.1:0", "127.0.0.1"}, {"tcp4", "0.0.0.0:0", "127.0.0.2"}, {"tcp", ":0", "127.0.0.1"},
		{"tcp", ":0", "::1"}, {"tcp", "[::1]:0", "::1"},
	} {
		l := listening(t, test.network, test.listen)
		_, port, _ := net.SplitHostPort(l.Addr().String())
		far, err := net.Dial("tcp", net.JoinHostPort(test.dial, port))
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		near := c.(*Socket)
		local, remote := near.Addresses()
		if local != netip.MustParseAddrPort(far.RemoteAddr().String()) || remote != netip.MustParseAddrPort(far.LocalAddr().String()) {
			t.Errorf("%v: %v from %v; the far side: %v from %v", test, local, remote, far.RemoteAddr(), far.LocalAddr())
		}
		if near.LocalAddr().String() != far.RemoteAddr().String() || near.RemoteAddr().String() != far.LocalAddr().String() {
			t.Errorf("%v: %v from %v", test, near.LocalAddr(), near.RemoteAddr())
		}
		if on, err := unix.GetsockoptInt(int(near.fd), unix.IPPROTO_TCP, unix.TCP_NODELAY); on == 0 || err != nil {
			t.Errorf("TCP_NODELAY: %d, %v", on, err)
		}
		closed := make(chan error)
		time.AfterFunc(10*time.Millisecond, func() { closed <- l.Close() })
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v: %v", test, err)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if _, err := net.Dial("tcp", far.RemoteAddr().String()); err == nil {
			t.Error("the port is open after Close")
		}
	}
}

func TestListenerTellsWhatFails(t *testing.T) {
	l := listening(t, "tcp", "127.0.0.1:0").(*Listener)
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	unix.Setrlimit(unix.RLIMIT_NOFILE, &none)
	_, err = l.Accept()
	unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if !errors.Is(err, unix.EMFILE) || errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "accept tcp 127.0.0.1:") {
		t.Error(err)
	}
	if c, err := l.Accept(); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
}

// TestNoDescriptorIsLeft counts what stays open of connections that ended in all ways.
func TestNoDescriptorIsLeft(t *testing.T) {
	accepted(t) // waiters, and what the listener keeps
	near, _ := accepted(t)
	near.SetReadDeadline(time.Now().Add(time.Millisecond))
	near.Read(make([]byte, 1))
	before := descriptors(t)
	for i := range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l, _ = Listen(l)
		far, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		for range i % 3 { // fresh, by a waiter, settled
			c.SetReadDeadline(time.Now().Add(time.Millisecond))
			c.Read(make([]byte, 1))
		}
		if i%2 == 0 {
			fd, _ := c.(*Socket).Detach()
			unix.Close(fd)
		}
		c.Close()
		far.Close()
		l.Close()
	}
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors, then %d", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestSocketAsks(t *testing.T) {
	sockets(t, func(t *testing.T, near *Socket, far *net.TCPConn) { asks(t, New(near), far) })
}

func TestSocketMakesNoGarbage(t *testing.T) {
	near, far := accepted(t)
	c := New(near)
	out, in := make([]byte, 100), make([]byte, 100)
	if n := testing.AllocsPerRun(100, func() {
		c.Look()
		c.Write(out, time.Minute)
		io.ReadFull(far, in)
		far.Write(in)
		c.Read(in)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
