package run

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"transom/internal/modules"
	"transom/test/freeport"
)

// rig is a server in this process, with a ServerRoot of its own.
type rig struct {
	*Server
	t       *testing.T
	root    string
	address string
	client  *http.Client
	stderr  bytes.Buffer
}

// newRig writes a configuration, in which "@" is the address to listen on.
func newRig(t *testing.T, config string) *rig {
	t.Helper()
	root, err := os.MkdirTemp("", "run") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	r := &rig{t: t, root: root, address: freeport.Address(t), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	os.Mkdir(filepath.Join(root, "logs"), 0o755)
	os.Mkdir(filepath.Join(root, "htdocs"), 0o755)
	r.write(config)
	return r
}

func (r *rig) write(config string) {
	r.t.Helper()
	text := "ServerName rig.test\nListen " + r.address + "\n" + strings.ReplaceAll(config, "@", r.address)
	if err := os.WriteFile(filepath.Join(r.root, "httpd.conf"), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) start() error {
	var err error
	r.Server, err = Start(&Options{Root: r.root, File: "httpd.conf", Modules: modules.All}, &r.stderr)
	return err
}

func (r *rig) mustStart() {
	r.t.Helper()
	if err := r.start(); err != nil {
		r.t.Fatalf("%v\n%s", err, r.stderr.String())
	}
}

func (r *rig) get(path string) string {
	r.t.Helper()
	resp, err := r.client.Get("http://" + r.address + path)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %s", resp.StatusCode, body)
}

func (r *rig) expect(path, want string) {
	r.t.Helper()
	if got := r.get(path); got != want {
		r.t.Errorf("GET %s is %q, want %q", path, got, want)
	}
}

func (r *rig) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(r.root, name))
	return string(text)
}

// descriptors is how many are open, but for those of epoll: the first connection that rests leaves one behind.
func descriptors() (n int) {
	list, _ := os.ReadDir("/dev/fd")
	for _, fd := range list {
		if name, _ := os.Readlink(filepath.Join("/dev/fd", fd.Name())); name != "anon_inode:[eventpoll]" {
			n++
		}
	}
	return n
}

// settle waits until nothing is left of what a test started.
func settle(t *testing.T, goroutines, files int) {
	t.Helper()
	for range 2000 {
		if runtime.NumGoroutine() <= goroutines && descriptors() <= files {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines were %d, %d descriptors were %d:\n%s", runtime.NumGoroutine(), goroutines, descriptors(), files, stacks[:runtime.Stack(stacks, true)])
}

const hello = "ErrorDocument 404 %s\n"

func TestStartReloadStopLeavesNothing(t *testing.T) {
	newRig(t, "").get("/") // what net/http keeps for good
	goroutines, files := runtime.NumGoroutine(), descriptors()
	for range 3 {
		r := newRig(t, fmt.Sprintf(hello, "one")+"CustomLog logs/access %U\nCustomLog \"|$cat >/dev/null\" %U\n")
		r.mustStart()
		r.expect("/x", "404 one")
		if pid := r.read("logs/httpd.pid"); pid != strconv.Itoa(os.Getpid())+"\n" {
			t.Errorf("the PidFile holds %q", pid)
		}
		r.write(fmt.Sprintf(hello, "two") + "CustomLog logs/access %U\nPidFile logs/other.pid\n")
		r.Reload()
		r.expect("/y", "404 two")
		if r.read("logs/httpd.pid") != "" || r.read("logs/other.pid") == "" {
			t.Error("a reload does not follow PidFile")
		}
		r.Stop(false)
		if got := r.read("logs/access"); got != "/x\n/y\n" {
			t.Errorf("the log holds %q", got)
		}
		left, _ := filepath.Glob(filepath.Join(r.root, "logs", "*"))
		for _, name := range left {
			if base := filepath.Base(name); base != "access" && base != "error_log" {
				t.Errorf("%s is left", base)
			}
		}
	}
	settle(t, goroutines, files)
}

func TestStartThatFailsLeavesNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for config, want := range map[string]string{
		"Listen " + l.Addr().String():   "httpd.conf:3: Listen: AH00072: could not bind to address " + l.Addr().String() + ": address already in use: another process listens there",
		"PidFile none/httpd.pid":        "could not create the PidFile",
		"NoSuchThing On":                "AH00526: Syntax error on line 3 of ",
		"ErrorLog none/error_log":       "could not open error log file none/error_log",
		"CustomLog none/access_log foo": "none/access_log",
	} {
		r := newRig(t, config)
		if r.start() == nil {
			t.Errorf("%s: it starts", config)
			r.Stop(false)
		}
		if !strings.Contains(r.stderr.String(), want) {
			t.Errorf("%s: it says %q, not %q", config, r.stderr.String(), want)
		}
		again, err := net.Listen("tcp", r.address)
		if err != nil {
			t.Errorf("%s: the port is not given back: %v", config, err)
		} else {
			again.Close()
		}
		if r.read("logs/httpd.pid") != "" {
			t.Errorf("%s: a PidFile is left", config)
		}
	}
}

func TestBrokenReloadChangesNothing(t *testing.T) {
	r := newRig(t, fmt.Sprintf(hello, "one"))
	r.mustStart()
	defer r.Stop(false)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, config := range []string{"NoSuchThing On\n", "Listen " + taken.Addr().String() + "\n"} {
		r.write(fmt.Sprintf(hello, "two") + config)
		r.Reload()
		r.expect("/x", "404 one")
	}
	if log := r.read("logs/error_log"); strings.Count(log, "the configuration that was in force goes on serving") != 2 || !strings.Contains(log, "httpd.conf:4: Invalid command 'NoSuchThing'") {
		t.Errorf("the error log does not tell of both:\n%s", log)
	}
}

func TestReloadMovesPorts(t *testing.T) {
	r := newRig(t, fmt.Sprintf(hello, "one"))
	r.mustStart()
	defer r.Stop(false)
	old := r.address
	r.address = freeport.Address(t)
	r.write(fmt.Sprintf(hello, "two"))
	r.Reload()
	r.expect("/x", "404 two")
	if c, err := net.Dial("tcp", old); err == nil {
		c.Close()
		t.Errorf("%s is still open", old)
	}
}

// Requests in flight end as they began, whatever is reloaded meanwhile; those that come get the new configuration.
func TestReloadUnderRequests(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		io.WriteString(w, "begun ")
		w.(http.Flusher).Flush()
		if q.URL.Path == "/slow" {
			entered <- true
			<-leave
		}
		io.WriteString(w, "ended")
	})}
	go origin.Serve(backend)
	defer origin.Close()
	r := newRig(t, "ProxyPass / http://"+backend.Addr().String()+"/\nCustomLog logs/one %U\n")
	r.mustStart()
	slow := make(chan string)
	go func() { slow <- r.get("/slow") }()
	<-entered

	var wg sync.WaitGroup
	stop := make(chan bool)
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if got := r.get("/x"); got != "200 begun ended" && got != "403 closed" {
						t.Errorf("a request got %q", got)
						return
					}
				}
			}
		})
	}
	closed := "ErrorDocument 403 closed\n<Location />\nRequire all denied\n</Location>\n"
	for i := range 20 {
		if i%2 == 0 {
			r.write(closed)
		} else {
			r.write("ProxyPass / http://" + backend.Addr().String() + "/\n")
		}
		r.Reload()
	}
	r.write(closed)
	r.Reload()
	close(stop)
	wg.Wait()
	r.expect("/x", "403 closed")
	leave <- true
	if got := <-slow; got != "200 begun ended" {
		t.Errorf("the request in flight got %q", got)
	}
	r.Stop(true)
	if log := r.read("logs/one"); !strings.Contains(log, "/slow\n") {
		t.Errorf("the request in flight is not in its log: %q", log)
	}
}
