package upstream

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain fails if goroutines or sockets outlive the tests.
func TestMain(m *testing.M) {
	before := sockets()
	code := m.Run()
	for end := time.Now().Add(20 * time.Second); code == 0; time.Sleep(5 * time.Millisecond) {
		goroutines, now := runtime.NumGoroutine(), sockets()
		if goroutines <= 2 && now <= before {
			break
		}
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			fmt.Printf("leaked: %d goroutines, %d sockets (%d before)\n%s\n", goroutines, now, before, buf[:runtime.Stack(buf, true)])
			code = 1
		}
	}
	os.Exit(code)
}

// sockets counts them where the system tells.
func sockets() (n int) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// memory is a worker whose connections are pipes; servers are the backend's ends.
func memory(t *testing.T, set func(*Worker)) (w *Worker, servers func() int) {
	t.Helper()
	var mu sync.Mutex
	var conns []net.Conn
	w = NewWorker(URL{Scheme: "http", Host: "mem.example.com"}, true)
	w.Dialer.Dial = func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		mu.Lock()
		conns = append(conns, server)
		mu.Unlock()
		return client, nil
	}
	if set != nil {
		set(w)
	}
	w.Start()
	t.Cleanup(func() {
		w.Close()
		for _, c := range conns {
			c.Close()
		}
	})
	return w, func() int { mu.Lock(); defer mu.Unlock(); return len(conns) }
}

// StatusOf is what a client gets for an exchange's error.
func StatusOf(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func connect(t *testing.T, w *Worker) *Conn {
	t.Helper()
	c, err := w.Connect(context.Background(), &Request{}, "80")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPoolIsLIFO(t *testing.T) {
	w, made := memory(t, nil)
	a, b := connect(t, w), connect(t, w)
	a.Release(true)
	b.Release(true)
	b.Release(true) // twice does nothing
	if c := connect(t, w); c != b || !c.Reused {
		t.Error("the connection used last was not on top")
	} else {
		c.Release(false)
	}
	if c := connect(t, w); c != a || made() != 2 {
		t.Error("the other was not next")
	} else {
		c.Release(true)
	}
	if open, idle, _, _ := w.pool.counts(); open != 1 || idle != 1 {
		t.Errorf("%d open, %d idle", open, idle)
	}
}

func TestTTL(t *testing.T) {
	w, made := memory(t, func(w *Worker) { w.TTL = 20 * time.Millisecond })
	connect(t, w).Release(true)
	for end := time.Now().Add(20 * time.Second); w.Stats().Open > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not closed after its ttl: %+v", w.Stats())
		}
	}
	connect(t, w).Release(true)
	if made() != 2 {
		t.Errorf("%d connections", made())
	}
}

// TestWaiters: served in order, and a slot that is freed by a broken connection serves too.
func TestWaiters(t *testing.T) {
	w, made := memory(t, func(w *Worker) { w.Max, w.Children = 1, 2 })
	held := []*Conn{connect(t, w), connect(t, w)}
	got := make(chan int, 4)
	var waiters sync.WaitGroup
	for i := range 4 {
		waiters.Go(func() {
			c := connect(t, w)
			got <- i
			c.Release(i%2 == 0)
		})
		for w.Stats().Waiting != i+1 {
			time.Sleep(time.Millisecond)
		}
	}
	held[0].Release(false)
	order := []int{<-got, <-got, <-got, <-got}
	if !slices.Equal(order, []int{0, 1, 2, 3}) {
		t.Errorf("served in order %v", order)
	}
	waiters.Wait() // the last has told its number before it releases
	held[1].Release(true)
	if s := w.Stats(); s.Open > 2 || s.Busy != 0 || s.Waiting != 0 || made() > 5 {
		t.Errorf("%+v, %d made", s, made())
	}
}

func TestAcquireGivesUp(t *testing.T) {
	w, _ := memory(t, func(w *Worker) { w.Max = 1 })
	held := connect(t, w)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := w.Connect(ctx, &Request{}, "80")
	var e *Error
	if !errors.As(err, &e) || !e.Abandoned || e.Status != 503 || w.Stats().Waiting != 0 {
		t.Errorf("%v", err)
	}
	held.Release(true)
}

func TestReload(t *testing.T) {
	var set Set
	make := func(scope, params string) *Worker {
		w, _ := memory(t, func(w *Worker) {
			w.Scope = scope
			for _, kv := range strings.Fields(params) {
				key, value, _ := strings.Cut(kv, "=")
				if err := w.SetParam(key, value); err != nil {
					t.Fatal(err)
				}
			}
		})
		return w
	}
	first := []*Worker{make("a", "retry=5"), make("b", "retry=5"), make("c", "")}
	set.Replace(first)
	busy := connect(t, first[0])
	for _, w := range first {
		connect(t, w).Release(true)
		w.SetStatus(Draining, 0)
	}
	second := []*Worker{make("a", "retry=5"), make("b", "retry=6")}
	set.Replace(second)
	if s := second[0].Stats(); s.Idle != 1 || s.Open != 2 || s.Status&Draining == 0 {
		t.Errorf("unchanged: not taken over: %+v", s)
	}
	if s := second[1].Stats(); s.Idle != 0 || s.Status&Draining != 0 {
		t.Errorf("changed: %+v", s)
	}
	for _, old := range first[1:] {
		if s := old.Stats(); s.Open != 0 {
			t.Errorf("%s %s: not drained: %+v", old.Scope, old.Name(), s)
		}
	}
	late := connect(t, first[1]) // a request of the old configuration
	late.Release(true)
	busy.Release(true)
	if s := first[1].Stats(); s.Open != 0 {
		t.Errorf("late: %+v", s)
	}
	if s := second[0].Stats(); s.Idle != 2 {
		t.Errorf("the busy one did not come back: %+v", s)
	}
	if got := set.Workers(); len(got) != 2 || got[0] != second[0] {
		t.Errorf("%v", got)
	}
}

// TestAddresses: tried in order, looked up once, and again when none works.
func TestAddresses(t *testing.T) {
	lookups, good := 0, "192.0.2.2:80"
	w, _ := memory(t, func(w *Worker) { w.Reuse, w.Retry = On, 0 })
	pipe := w.Dialer.Dial
	var tried []string
	w.Dialer.Lookup = func(_ context.Context, host string) ([]netip.Addr, error) {
		lookups++
		return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("::ffff:192.0.2.2")}, nil
	}
	w.Dialer.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		tried = append(tried, addr)
		if addr != good {
			return nil, errors.New("refused")
		}
		return pipe(ctx, network, addr)
	}
	connect(t, w).Release(false)
	connect(t, w).Release(false)
	if want := []string{"192.0.2.1:80", "192.0.2.2:80", "192.0.2.1:80", "192.0.2.2:80"}; !slices.Equal(tried, want) || lookups != 1 {
		t.Errorf("tried %v, %d lookups", tried, lookups)
	}
	good = ""
	if _, err := w.Connect(context.Background(), &Request{}, "80"); StatusOf(err) != 503 {
		t.Errorf("%v", err)
	}
	time.Sleep(time.Millisecond)
	good = "192.0.2.1:80"
	connect(t, w).Release(false)
	if lookups != 2 {
		t.Errorf("%d lookups after a failure", lookups)
	}
	w.Dialer.Lookup = func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") }
	w.dns.forget(w.URL.Host)
	if _, err := w.Connect(context.Background(), &Request{}, "80"); StatusOf(err) != 500 {
		t.Errorf("DNS failure: %v", err)
	}
}

func TestStatusNames(t *testing.T) {
	for letters, want := range map[string]string{"": "Init Ok ", "D": "Init Dis ", "+I": "Init Ign Ok ", "H-E": "Init Stby Ok ", "eS": "Init Stop Err ",
		"C": "Init HcFl ", "IN-I": "Init Drn Ok "} {
		set, clear, err := parseStatus(letters)
		if got := (set &^ clear).String(); err != nil || got != want {
			t.Errorf("%s: %q, %v", letters, got, err)
		}
	}
}

// checked is a worker whose backend answers health checks with status, or not at all if that is 0.
func checked(t *testing.T, status *int, heads *[]string, set func(*Worker)) *Worker {
	w, _ := memory(t, set)
	w.Dialer.Dial = func(context.Context, string, string) (net.Conn, error) {
		if *status == 0 {
			return nil, errors.New("refused")
		}
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			head := ""
			for r := bufio.NewReader(server); ; {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == "\r\n" {
					break
				}
				head += line
			}
			*heads = append(*heads, head)
			fmt.Fprintf(server, "HTTP/1.1 %d X\r\nContent-Length: 17\r\n\r\nUnder maintenance", *status)
			io.Copy(io.Discard, server)
		}()
		return client, nil
	}
	return w
}

func TestHealthChecks(t *testing.T) {
	status, heads, changes := 200, []string{}, []string{}
	w := checked(t, &status, &heads, func(w *Worker) {
		w.HCMethod, w.HCPasses, w.HCFails, w.HCURI, w.URL.Path = "GET", 2, 3, "/status", "/app/"
	})
	k := Checker{Changed: func(w *Worker, up bool, why error) { changes = append(changes, fmt.Sprint(up)) }}
	for _, step := range []struct {
		status int
		usable bool
	}{{200, true}, {500, true}, {404, true}, {200, true}, {500, true}, {0, true}, {503, false}, {503, false}, {302, false}, {500, false}, {200, false}, {200, true}} {
		status = step.status
		k.Check(context.Background(), w)
		if w.Status().Usable() != step.usable {
			t.Errorf("after %v: usable is %v", step, !step.usable)
		}
	}
	if !slices.Equal(changes, []string{"false", "true"}) {
		t.Errorf("changes %v", changes)
	}
	if want := "GET /app/status HTTP/1.0\r\nHost: mem.example.com\r\nConnection: close\r\n"; heads[0] != want {
		t.Errorf("asked %q, want %q", heads[0], want)
	}
}

func TestHealthExpression(t *testing.T) {
	status, heads := 500, []string{}
	w := checked(t, &status, &heads, func(w *Worker) { w.HCMethod, w.HCExpr = "GET11", "in_maint" })
	k := Checker{Passed: func(expr string, got CheckResponse) (bool, error) {
		return expr == "in_maint" && got.Status == 500 && string(got.Body) == "Under maintenance", nil
	}}
	if err := k.probe(context.Background(), w); err != nil {
		t.Error(err)
	}
	status = 200
	if err := k.probe(context.Background(), w); err == nil || !strings.HasPrefix(heads[1], "GET / HTTP/1.1\r\n") {
		t.Errorf("%v, %q", err, heads)
	}
	w.HCMethod = "TCP"
	if err := k.probe(context.Background(), w); err != nil || len(heads) != 2 {
		t.Errorf("TCP: %v", err)
	}
}

func TestCheckerRuns(t *testing.T) {
	status, heads := 0, []string{}
	w := checked(t, &status, &heads, func(w *Worker) { w.HCMethod, w.HCInterval = "TCP", time.Millisecond })
	quiet, _ := memory(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	k := Checker{Changed: func(*Worker, bool, error) { cancel() }}
	k.Run(ctx, []*Worker{w, quiet})
	if w.Status()&CheckFailed == 0 {
		t.Error("not taken out")
	}
}
