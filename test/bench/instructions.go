package main

import (
	"bufio"
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// runInstructions counts what a proxy executes outside the kernel for one unit of work, by valgrind's callgrind. That tells of a change
// of one part in a hundred, whatever else the machine is doing, and where it is: processor time does neither.
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
			fmt.Printf("%-10s %-10s %8.0f instructions\n", s.Name, p.Name, c.total)
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
		args := append([]string{"valgrind", "--tool=callgrind", "--vgdb=no", "--fair-sched=yes", "--callgrind-out-file=" + filepath.Join(set.Dir, "callgrind")}, plain(set)...)
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

// repeat does so many units, one after the other: handshakes whose tunnels stay, or what eight connections do in turn.
func (s *Scenario) repeat(port, units int) error {
	job := s.job
	job.Port = port
	var conns []*client
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range units {
		if s.fresh || i < 8 {
			c, err := dial(job)
			if err != nil {
				return err
			}
			conns = append(conns, c)
		}
		if s.fresh {
			continue
		}
		if _, err := conns[i%8].unit(job.Path); err != nil {
			return err
		}
	}
	return nil
}

// profile is how many instructions each function executed itself.
type profile struct {
	total float64
	self  map[string]float64
}

// readProfile reads callgrind's output: "fn=(ID) NAME" (the name once), lines of position and cost, and behind "calls=" one line with
// the cost of what was called, which counts there.
func readProfile(path string) (*profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &profile{self: map[string]float64{}}
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
				names[id] = name
			}
			if key == "fn" {
				at = names[id]
			}
		case key == "calls":
			called = true
		case line != "" && strings.IndexByte("0123456789+-*", line[0]) >= 0:
			if cost, ok := lastNumber(line); ok && !called {
				p.self[at] += cost
				p.total += cost
			}
			called = false
		}
	}
	if p.total == 0 {
		return nil, fmt.Errorf("%s: no profile: %w", path, cmp.Or(lines.Err(), io.ErrUnexpectedEOF))
	}
	return p, lines.Err()
}

func lastNumber(line string) (float64, bool) {
	words := strings.Fields(line)
	if len(words) < 2 {
		return 0, false
	}
	n, err := strconv.ParseFloat(words[len(words)-1], 64)
	return n, err == nil
}

func (p *profile) less(q *profile, units float64) *profile {
	d := &profile{total: (p.total - q.total) / units, self: map[string]float64{}}
	for name, n := range p.self {
		d.self[name] = (n - q.self[name]) / units
	}
	return d
}

func (p *profile) list(w io.Writer, top int) {
	names := make([]string, 0, len(p.self))
	for name := range p.self {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(p.self[b], p.self[a]) })
	for _, name := range names[:min(top, len(names))] {
		fmt.Fprintf(w, "  %8.0f %s\n", p.self[name], name)
	}
}
