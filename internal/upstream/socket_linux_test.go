package upstream

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"transom/internal/rawnet"
)

func addrOf(t *testing.T, fd int) netip.AddrPort {
	t.Helper()
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if sa, ok := sa.(*unix.SockaddrInet6); ok {
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return netip.AddrPortFrom(netip.AddrFrom4(sa.(*unix.SockaddrInet4).Addr), uint16(sa.(*unix.SockaddrInet4).Port))
}

// deaf is a listening socket whose queue is full, so that further attempts to connect hang.
func deaf(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	addr := addrOf(t, fd)
	for {
		c, err := net.DialTimeout("tcp", addr.String(), time.Second)
		if err != nil {
			return addr
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestDialTunnelFails(t *testing.T) {
	refusing, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0) // bound, not listening
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(refusing)
	if err := unix.Bind(refusing, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	addr := addrOf(t, refusing)
	_, got := dialTunnel(t.Context(), addr, time.Minute)
	_, want := net.Dial("tcp", addr.String())
	if got == nil || got.Error() != want.Error() || !errors.Is(got, unix.ECONNREFUSED) {
		t.Errorf("refused: %v; want %v", got, want)
	}

	silent := deaf(t)
	if _, err := dialTunnel(t.Context(), silent, time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) || !isTimeout(err) {
		t.Errorf("no answer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dialTunnel(ctx, silent, time.Hour); err == nil {
		t.Error("connected although the context has ended")
	}
}

func TestConnectedToItself(t *testing.T) {
	for _, c := range []struct {
		family int
		any    unix.Sockaddr
	}{{unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}}, {unix.AF_INET6, &unix.SockaddrInet6{Addr: [16]byte{15: 1}}}} {
		fd, err := unix.Socket(c.family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := unix.Bind(fd, c.any); err != nil { // as the kernel may choose
			t.Fatal(err)
		}
		if _, err := connectSocket(t.Context(), fd, addrOf(t, fd), time.Minute); !errors.Is(err, unix.ECONNREFUSED) {
			t.Errorf("%v; want a refusal", err)
		}
	}
}

func TestDialTunnel(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.EAFNOSUPPORT) {
			t.Logf("this machine lacks the family: %v", err)
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addr := l.Addr().(*net.TCPAddr).AddrPort()
		c, err := dialTunnel(t.Context(), addr, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		fd, err := c.(*rawnet.Socket).Detach()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("a detached connection can be written to")
		}
		if _, err := unix.Write(fd, []byte("hello")); err != nil {
			t.Error(err)
		}
		unix.Close(fd)
		var b [8]byte
		if n, err := far.Read(b[:]); string(b[:n]) != "hello" {
			t.Errorf("read %q, %v", b[:n], err)
		}
	}
}
