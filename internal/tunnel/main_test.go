package tunnel

import (
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// TestMain fails the package if goroutines, descriptors or processors survive its tests.
func TestMain(m *testing.M) {
	if name := os.Getenv(benchVariable); name != "" {
		benchRelay(name)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // so that Go's own poller is there before
	if err != nil {
		panic(err)
	}
	l.Close()
	goroutines, files, processors := runtime.NumGoroutine(), descriptors(), runtime.GOMAXPROCS(0)
	flag.Parse()
	flag.Set("test.parallel", "12") // they wait more than they work
	code := m.Run()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code) // fuzzing has goroutines of its own
	}
	for end := time.Now().Add(patience); code == 0; time.Sleep(10 * time.Millisecond) {
		if runtime.NumGoroutine() <= goroutines && len(descriptors()) <= len(files) && runtime.GOMAXPROCS(0) == processors {
			break
		}
		if time.Now().After(end) {
			fmt.Printf("left over: %d goroutines, before %d; descriptors %q, before %q; %d processors, before %d\n",
				runtime.NumGoroutine(), goroutines, descriptors(), files, runtime.GOMAXPROCS(0), processors)
			pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
			code = 1
		}
	}
	os.Exit(code)
}

// descriptors lists the open ones, where the system does.
func descriptors() (open []string) {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		list, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range list {
			what, _ := os.Readlink(dir + "/" + e.Name())
			open = append(open, e.Name()+" "+what)
		}
		break
	}
	return open
}
