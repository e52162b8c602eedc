package rawnet

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"
)

// pair is a socket and its other end.
func pair(t *testing.T, network, address string) (near *Conn, far net.Conn) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err = net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); far.Close() })
	return New(c), far
}

func randomBytes(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestSpliceMovesEveryByte(t *testing.T) {
	for name, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": t.TempDir() + "/socket"} {
		t.Run(name, func(t *testing.T) {
			src, from := pair(t, name, address)
			dst, to := pair(t, "tcp", "127.0.0.1:0")
			data := randomBytes(3<<20 + 7)
			go func() {
				for rest := data; len(rest) > 0; {
					n := min(len(rest), 1+rand.IntN(100_000))
					from.Write(rest[:n])
					rest = rest[n:]
				}
				io.WriteString(from, "behind")
			}()
			got := make(chan []byte)
			go func() {
				b, _ := io.ReadAll(to)
				got <- b
			}()
			for left := int64(len(data)); left > 0; {
				n, srcErr, dstErr := Splice(dst, src, left, time.Minute)
				if srcErr != nil || dstErr != nil {
					t.Fatal(srcErr, dstErr)
				}
				left -= n
			}
			dst.of.Close()
			if !bytes.Equal(<-got, data) {
				t.Error("other bytes than were sent")
			}
			rest := make([]byte, 6)
			if _, err := io.ReadFull(src.of, rest); string(rest) != "behind" {
				t.Errorf("%q, %v: more was taken than asked for", rest, err)
			}
		})
	}
}

func TestSpliceTellsWhoseFaultItIs(t *testing.T) {
	t.Run("the source is silent", func(t *testing.T) {
		src, _ := pair(t, "tcp", "127.0.0.1:0")
		dst, _ := pair(t, "tcp", "127.0.0.1:0")
		src.of.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if n, srcErr, dstErr := Splice(dst, src, 10, time.Minute); n != 0 || !errors.Is(srcErr, os.ErrDeadlineExceeded) || dstErr != nil {
			t.Error(n, srcErr, dstErr)
		}
	})
	t.Run("the source ends", func(t *testing.T) {
		src, from := pair(t, "tcp", "127.0.0.1:0")
		dst, _ := pair(t, "tcp", "127.0.0.1:0")
		from.Close()
		if n, srcErr, dstErr := Splice(dst, src, 10, time.Minute); n != 0 || srcErr != io.EOF || dstErr != nil {
			t.Error(n, srcErr, dstErr)
		}
	})
	t.Run("the sink takes nothing", func(t *testing.T) {
		src, from := pair(t, "tcp", "127.0.0.1:0")
		dst, to := pair(t, "tcp", "127.0.0.1:0")
		go func() {
			for b := make([]byte, 1<<20); ; {
				if _, err := from.Write(b); err != nil {
					return
				}
			}
		}()
		for {
			_, srcErr, dstErr := Splice(dst, src, 1<<30, 50*time.Millisecond)
			if srcErr != nil {
				t.Fatal(srcErr)
			}
			if dstErr == nil {
				continue
			}
			if !errors.Is(dstErr, os.ErrDeadlineExceeded) {
				t.Error(dstErr)
			}
			break
		}
		// The deadline was for that wait: what comes later has its own.
		go io.Copy(io.Discard, to)
		if _, err := dst.Write([]byte("x"), time.Minute); err != nil {
			t.Error(err)
		}
	})
	t.Run("the sink is gone", func(t *testing.T) {
		src, from := pair(t, "tcp", "127.0.0.1:0")
		dst, _ := pair(t, "tcp", "127.0.0.1:0")
		dst.of.(*net.TCPConn).CloseWrite()
		io.WriteString(from, "x")
		if n, srcErr, dstErr := Splice(dst, src, 10, time.Minute); n != 0 || srcErr != nil || dstErr == nil {
			t.Error(n, srcErr, dstErr)
		}
	})
}
