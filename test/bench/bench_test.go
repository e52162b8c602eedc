package main

import (
	"bufio"
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	var h histogram
	for us := 1; us <= 1000; us++ {
		h.add(time.Duration(us) * time.Microsecond)
	}
	for q, want := range map[float64]float64{.5: 500, .99: 990, 1: 1000} {
		if got := h.quantile(q); math.Abs(got-want) > want*2*(bucketWidth-1) {
			t.Errorf("quantile %g is %g, want about %g", q, got, want)
		}
	}
	if got := new(histogram).quantile(.5); got != 0 {
		t.Errorf("the median of nothing is %g", got)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.in); got != c.want {
			t.Errorf("median of %v is %g, want %g", c.in, got, c.want)
		}
	}
}

// TestProcess measures this test itself, which has used some time and memory.
func TestProcess(t *testing.T) {
	self := os.Getpid()
	before := cpu(self)
	for begin := time.Now(); cpu(self)-before < 3*tick; {
		if time.Since(begin) > 30*time.Second {
			t.Fatal("busy for half a minute, and no processor time is seen")
		}
	}
	if n, err := pss(self); err != nil || n < 1<<20 {
		t.Errorf("pss is %g, %v", n, err)
	}
	found := false
	for _, pid := range tree(os.Getppid()) {
		found = found || pid == self
	}
	if !found {
		t.Error("the tree of the parent lacks this process")
	}
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 125, 126, 65535, 65536} {
		for _, masked := range []bool{false, true} {
			r := bufio.NewReader(strings.NewReader(string(appendHeader(nil, n, masked)) + "x"))
			got, err := readFrame(r)
			rest, _ := io.ReadAll(r)
			if err != nil || got != n || string(rest) != "x" {
				t.Errorf("a header of %d, masked %v, is read as %d, %v, before %q", n, masked, got, err, rest)
			}
		}
	}
}

// TestRoundTrips runs each path of the load against the backend itself.
func TestRoundTrips(t *testing.T) {
	b := &backend{pushed: map[net.Conn]bool{}, bodies: map[string][]byte{"/1k": answer(1 << 10), "/100k": answer(100 << 10)}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go b.accept(l)
	for _, path := range []string{"/echo", "/up", "/down", "/1k", "/100k"} {
		c, err := dial(Job{Port: l.Addr().(*net.TCPAddr).Port, Path: path})
		if err != nil {
			t.Fatal(path, err)
		}
		for range 2 {
			if n, err := c.unit(path); err != nil || n == 0 {
				t.Errorf("%s: %d, %v", path, n, err)
			}
		}
		c.Close()
	}
	if _, err := dial(Job{Port: l.Addr().(*net.TCPAddr).Port, Path: "/1k"}); err != nil {
		t.Error(err)
	}
}

func sampleReport() *Report {
	r := &Report{Peers: []string{"splice", "transom", "nginx"}, Machine: "a <machine>"}
	rows := r.add(scenarios()[0])
	rows[0].Samples = map[string][]float64{"splice": {10, 12, 11}, "transom": {12, 12, 12}, "nginx": {16, 14, 15}}
	return r
}

func TestReport(t *testing.T) {
	text := sampleReport().Markdown()
	for _, want := range []string{"| echo, 100 tunnels | 0.80 | - | - | 1.09 | ≤ 1 nginx: met, ≤ 1.15 splice: met |", "| 11.0 (10.0) | 12.0 (12.0) | 15.0 (14.0) |"} {
		if !strings.Contains(text, want) {
			t.Errorf("the tables lack %q:\n%s", want, text)
		}
	}
}

// TestPages: the tables in README and docs/bench.md, and the plot, are those of docs/bench.json.
func TestPages(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	r := new(Report)
	if err := json.Unmarshal([]byte(read("docs/bench.json")), r); err != nil {
		t.Fatal(err)
	}
	for _, page := range []struct{ name, tables string }{{"README.md", r.Summary()}, {"docs/bench.md", r.Markdown()}} {
		if text := read(page.name); insert(text, page.tables) != text {
			t.Errorf("%s is not what docs/bench.json says; make bench writes both", page.name)
		}
	}
	if read("docs/bench.svg") != r.SVG() {
		t.Error("docs/bench.svg is not what docs/bench.json says; make bench writes both")
	}
}

func TestSVG(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(sampleReport().SVG()))
	bars := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 4 {
		t.Errorf("%d rectangles, want the background and three bars", bars)
	}
}

func TestInsert(t *testing.T) {
	page := insert("before\n", "one\n")
	if got, want := insert(page+"after\n", "two\n"), "before\n"+beginMark+"two\n"+endMark+"after\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestProfile reads callgrind's output: what was called counts where it is executed, and names are told once.
func TestProfile(t *testing.T) {
	write := func(text string) *profile {
		path := t.TempDir() + "/callgrind"
		if err := os.WriteFile(path, []byte("version: 1\nevents: Ir\n\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := readProfile(path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	short := write("fn=(1) main\n3 10 1 1 2\n+2 5\ncfn=(2) work\ncalls=2 7\n4 40 9 9 9 9 9 9 9 9\n\nfn=(2)\n7 40 0 0 0 1 2 3 4 5\n")
	long := write("fn=(1) main\n3 10 1 1 2\n* 5\ncfn=(2) work'2\ncalls=12 7\n-4 240\n\nfn=(2)\n7 240 0 0 20 11 22 3 4 5\n")
	if want := (cost{instructions: 55, code: 2, data: 3, far: 12}); short.total != want {
		t.Errorf("totals are %v, want %v", short.total, want)
	}
	work := cost{instructions: 20, code: 2, data: 3}
	if d := long.less(short, 10); d.total != work || d.self["work"] != work || d.self["main"] != (cost{}) {
		t.Errorf("the difference is %v", d)
	}
}

// TestCoreRound: a line gets from one core to another, and not faster than light in these machines.
func TestCoreRound(t *testing.T) {
	if runtime.NumCPU() < 2 {
		return
	}
	if ns := coreRound(); ns < 1 || ns > 1e7 {
		t.Errorf("%g ns", ns)
	}
	r := Report{CoreRounds: []float64{50, 60, 300, 100}}
	if text := r.distance(); !strings.Contains(text, "50 ns; before 1 of 4 samples") || !strings.Contains(text, "300 ns") {
		t.Error(text)
	}
}
