package listen

import (
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// An idle kept-alive connection costs at most 4 KB of heap and stack together. Clients
// are bare descriptors, so that all growth is the server's.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const n = 500
	s := DefaultSettings()
	s.KeepAliveTimeout = time.Hour
	r := start(t, s, answer)
	addr, err := net.ResolveTCPAddr("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	before := inUse()
	buf := make([]byte, 4096)
	for range n {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: addr.Port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
		syscall.Write(fd, []byte(benchRequest))
		if k, err := syscall.Read(fd, buf); k <= 0 {
			t.Fatal(err)
		}
	}
	for resting(r) < n {
		time.Sleep(10 * time.Millisecond)
	}
	if each := (inUse() - before) / n; each > 4096 {
		t.Errorf("%d bytes for each idle connection", each)
	}
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
