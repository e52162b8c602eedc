package tunnel

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// TestMain fails the package if goroutines or descriptors survive its tests.
func TestMain(m *testing.M) {
	if name := os.Getenv(benchVariable); name != "" {
		benchRelay(name)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // so that Go's own poller is there before
	if err != nil {
		panic(err)
	}
	l.Close()
	goroutines, files := runtime.NumGoroutine(), descriptors()
	code := m.Run()
	for end := time.Now().Add(patience); code == 0; time.Sleep(10 * time.Millisecond) {
		if runtime.NumGoroutine() <= goroutines && descriptors() <= files {
			break
		}
		if time.Now().After(end) {
			fmt.Printf("left over: goroutines %d, before %d; descriptors %d, before %d\n",
				runtime.NumGoroutine(), goroutines, descriptors(), files)
			pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
			code = 1
		}
	}
	os.Exit(code)
}

// descriptors counts the open ones, where the system lists them.
func descriptors() int {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if list, err := os.ReadDir(dir); err == nil {
			return len(list)
		}
	}
	return 0
}
