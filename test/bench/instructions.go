package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runInstructions counts what a proxy executes outside the kernel for one unit of work, by valgrind's callgrind, and what its caches
// would miss. That tells of a change of one part in a hundred, whatever else the machine is doing, and where it is: processor time does
// neither.
//
//	transom-bench instructions [-only transom,nginx] [-scenarios get1k,get1klog,echo100,idlews] [-top 20]
func runInstructions(args []string) error {
	var o Options
	flags := flag.NewFlagSet("instructions", flag.ExitOnError)
	only := flags.String("only", "transom,nginx", "peers, of transom and nginx")
	names := flags.String("scenarios", "get1k,get1klog,echo100,idlews", "scenarios of requests, messages and idle connections, which count handshakes")
	top := flags.Int("top", 0, "how many functions to list")
	flags.StringVar(&o.Transom, "transom", "../../bin/transom", "the binary of Transom")
	flags.Parse(args)
	o.Transom, _ = filepath.Abs(o.Transom)
	os.Setenv("GODEBUG", "asyncpreemptoff=1") // callgrind loses its way where signals meet Go's stacks
	dir, err := scratch()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, s := range scenarios() {
		if !slices.Contains(list(*names), s.Name) {
			continue
		}
		for _, p := range peers(o) {
			if !slices.Contains(list(*only), p.Name) {
				continue
			}
			c, err := count(p, s, o, dir)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", p.Name, s.Title, err)
			}
			fmt.Printf("%-10s %-10s %v\n", s.Name, p.Name, c.total)
			c.list(os.Stdout, *top)
		}
	}
	return nil
}

// count is the difference of two runs, so that start and stop don't count.
func count(p *Peer, s *Scenario, o Options, dir string) (*profile, error) {
	few, many := 200, 1400
	short, err := stubborn(p, s, few, o, dir)
	if err != nil {
		return nil, err
	}
	long, err := stubborn(p, s, many, o, dir)
	if err != nil {
		return nil, err
	}
	return long.less(short, float64(many-few)), nil
}

// stubborn is profiled. Some runs of a Go program end with a failed assertion of callgrind's.
func stubborn(p *Peer, s *Scenario, units int, o Options, dir string) (c *profile, err error) {
	for range 10 {
		if c, err = profiled(p, s, units, o, dir); err == nil {
			break
		}
	}
	return c, err
}

// profiled has a peer do so many units of work under valgrind.
func profiled(p *Peer, s *Scenario, units int, o Options, dir string) (*profile, error) {
	backend, err := startRole("backend", "-ports", "1")
	if err != nil {
		return nil, err
	}
	defer backend.stop()
	line, err := backend.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	port, _ := strconv.Atoi(strings.TrimSpace(line))
	certificate := filepath.Join(dir, "localhost.pem")
	if err := makeCertificate(certificate); err != nil {
		return nil, err
	}
	plain := p.command
	under := *p
	under.command = func(set *Setting) []string {
		args := []string{"valgrind", "--tool=callgrind", "--vgdb=no", "--fair-sched=yes", "--callgrind-out-file=" + filepath.Join(set.Dir, "callgrind")}
		args = slices.Concat(args, missed, plain(set))
		if p.Name == "nginx" {
			args = append(args, "-g", "master_process off;")
		}
		return args
	}
	r, err := under.start(Setting{Dir: dir, Backend: port, Certificate: certificate, Descriptors: 4096, Connections: 2000, transom: o.Transom})
	if err != nil {
		return nil, err
	}
	err = s.repeat(s.port(r), units)
	time.Sleep(500 * time.Millisecond) // a signal while connections end is what callgrind bears least
	r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.exited:
	case <-time.After(20 * time.Second):
		r.stop()
	}
	if err != nil {
		return nil, err
	}
	return readProfile(filepath.Join(r.Dir, "callgrind"))
}

// repeat does so many units, one after the other: handshakes whose tunnels stay, or what the scenario's connections do in turn, at most 64.
func (s *Scenario) repeat(port, units int) error {
	job := s.job
	job.Port = port
	kept := min(job.Conns, 64)
	var conns []*client
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range units {
		if s.fresh || i < kept {
			c, err := dial(job)
			if err != nil {
				return err
			}
			conns = append(conns, c)
		}
		if s.fresh {
			continue
		}
		if _, err := conns[i%kept].unit(job.Path); err != nil {
			return err
		}
	}
	return nil
}

// cost is what callgrind counts: instructions, and misses of a simulated processor's caches.
type cost struct{ instructions, code, data, far float64 }

// missed is the simulated processor: first caches for code and for data, and a second one behind which memory is far.
var missed = []string{"--cache-sim=yes", "--I1=32768,8,64", "--D1=32768,8,64", "--LL=524288,8,64"}

// cycles estimates a time, so that functions can be put in an order. The weights are of a processor that runs three instructions in a
// cycle and waits 10 cycles for code, 8 for data out of the second cache and 40 for what is far.
func (c cost) cycles() float64 {
	return c.instructions/3 + 10*c.code + 8*c.data + 40*c.far
}

func (c cost) plus(d cost, factor float64) cost {
	return cost{c.instructions + factor*d.instructions, c.code + factor*d.code, c.data + factor*d.data, c.far + factor*d.far}
}

func (c cost) String() string {
	return fmt.Sprintf("%7.0f cycles, %6.0f instructions, misses: %5.0f code, %4.0f data, %4.0f far", c.cycles(), c.instructions, c.code, c.data, c.far)
}

// profile is what each function costs by itself.
type profile struct {
	total cost
	self  map[string]cost
}

// readProfile reads callgrind's output: "fn=(ID) NAME" (the name once), lines of position and costs, and behind "calls=" one line with
// the costs of what was called, which count there.
func readProfile(path string) (*profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &profile{self: map[string]cost{}}
	names := map[string]string{}
	at, called := "", false
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		key, value, _ := strings.Cut(line, "=")
		switch {
		case key == "fn" || key == "cfn":
			id, name, named := strings.Cut(value, " ")
			if named {
				names[id] = strings.TrimSuffix(name, "'2") // the second level of a recursion
			}
			if key == "fn" {
				at = names[id]
			}
		case key == "calls":
			called = true
		case line != "" && strings.IndexByte("0123456789+-*", line[0]) >= 0:
			if c := readCost(line); !called {
				p.self[at] = p.self[at].plus(c, 1)
				p.total = p.total.plus(c, 1)
			}
			called = false
		}
	}
	if p.total.instructions == 0 {
		return nil, fmt.Errorf("%s: no profile: %w", path, cmp.Or(lines.Err(), io.ErrUnexpectedEOF))
	}
	return p, lines.Err()
}

// readCost reads a position and callgrind's nine events: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw. Zeros at the end are left out.
func readCost(line string) cost {
	var n [10]float64
	for i, word := range strings.Fields(line) {
		if i > 0 && i < len(n) {
			n[i], _ = strconv.ParseFloat(word, 64)
		}
	}
	return cost{instructions: n[1], code: n[4], data: n[5] + n[6], far: n[7] + n[8] + n[9]}
}

func (p *profile) less(q *profile, units float64) *profile {
	d := &profile{total: p.total.plus(q.total, -1).over(units), self: map[string]cost{}}
	for name, c := range p.self {
		d.self[name] = c.plus(q.self[name], -1).over(units)
	}
	return d
}

func (c cost) over(units float64) cost { return cost{}.plus(c, 1/units) }

// list writes the functions that cost most.
func (p *profile) list(w io.Writer, top int) {
	names := slices.Collect(maps.Keys(p.self))
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(p.self[b].cycles(), p.self[a].cycles()) })
	for _, name := range names[:min(top, len(names))] {
		fmt.Fprintf(w, "  %v  %s\n", p.self[name], name)
	}
}
