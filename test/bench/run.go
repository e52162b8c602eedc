package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	Options
	ctx     context.Context
	report  *Report
	backend *role
	setting map[string]Setting // by peer
	running map[string]*running
	begin   time.Time
}

// run measures all scenarios: in each, repetition by repetition, one peer after the other.
func run(ctx context.Context, o Options, dir string) (*Report, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	certificate := filepath.Join(dir, "localhost.pem")
	if err := makeCertificate(certificate); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	o.Transom, _ = filepath.Abs(o.Transom)
	o.Splice, _ = filepath.Abs(o.Splice)
	all := slices.DeleteFunc(peers(o), func(p *Peer) bool { return o.Peers != nil && !slices.Contains(o.Peers, p.Name) })
	b := &bench{Options: o, ctx: ctx, setting: map[string]Setting{}, running: map[string]*running{}, begin: time.Now()}
	b.report = newReport(o, all, int(limit.Cur))
	if b.backend, err = startRole("backend", "-ports", strconv.Itoa(len(all))); err != nil {
		return nil, err
	}
	defer b.backend.stop()
	for _, p := range all {
		line, err := b.backend.out.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("backend: %w", err)
		}
		port, _ := strconv.Atoi(strings.TrimSpace(line))
		b.setting[p.Name] = Setting{Dir: dir, Backend: port, Certificate: certificate, Descriptors: int(limit.Cur), Connections: int(limit.Cur)/2 - 100,
			User:    "www-data",
			transom: o.Transom, splice: o.Splice, me: self}
	}
	defer b.stopAll()
	for _, s := range scenarios() {
		if o.Scenarios != nil && !slices.Contains(o.Scenarios, s.Name) {
			continue
		}
		if s.fresh {
			b.stopAll()
			if !s.once {
				s.job.Conns /= o.Scale
			}
		}
		if most := int(limit.Cur)/2 - 200; s.job.Conns > most {
			s.job.Conns = most
		}
		if err := b.scenario(s, all); err != nil {
			return nil, err
		}
	}
	b.report.Took = time.Since(b.begin).Round(time.Second).String()
	return b.report, nil
}

// scenario takes the samples of one scenario. A peer that fails is reported and left out of it.
func (b *bench) scenario(s *Scenario, all []*Peer) error {
	title := s.Title
	rows := b.report.add(s)
	failed := map[string]bool{}
	for n := range b.Repetitions {
		if n > 0 && s.once {
			break
		}
		for _, p := range all {
			if s.fits(p) != nil || failed[p.Name] {
				continue
			}
			if b.ctx.Err() != nil {
				return b.ctx.Err()
			}
			if time.Since(b.begin) > b.Limit {
				b.report.note("the time was over before repetition %d of %q was complete", n+1, title)
				return nil
			}
			values, err := b.one(s, p)
			fmt.Fprintf(os.Stderr, "%4.0fs %-10s %-12s %s %v\n", time.Since(b.begin).Seconds(), s.Name, p.Name, show(s, values), errText(err))
			if err != nil {
				b.report.note("%s, %s: %v", p.Name, title, err)
				failed[p.Name] = true
				continue
			}
			for i, v := range values {
				rows[i].Samples[p.Name] = append(rows[i].Samples[p.Name], v)
			}
		}
	}
	return nil
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func show(s *Scenario, values []float64) string {
	var text strings.Builder
	for i, v := range values {
		fmt.Fprintf(&text, "%s %s  ", s.figure[i].number(v), s.figure[i].Unit)
	}
	return text.String()
}

// one takes one sample from a peer that runs already, or from one that is started for it.
func (b *bench) one(s *Scenario, p *Peer) ([]float64, error) {
	r := b.running[p.Name]
	if r == nil {
		var err error
		if r, err = p.start(b.setting[p.Name]); err != nil {
			return nil, err
		}
		if s.fresh {
			defer r.stop()
		} else {
			b.running[p.Name] = r
		}
	}
	b.report.CoreRounds = append(b.report.CoreRounds, coreRound())
	return s.sample(b, s, r)
}

func (b *bench) stopAll() {
	for name, r := range b.running {
		r.stop()
		delete(b.running, name)
	}
}

// load starts a load process for a scenario.
func (b *bench) load(s *Scenario, r *running) (*role, error) {
	job := s.job
	job.Port = s.port(r)
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	return startRole("load", "-job", string(text))
}

// ask gives a load process a command that all its connections must survive.
func ask(l *role, s *Scenario, command string) (Result, error) {
	result, err := l.ask(command)
	if err == nil && result.Alive != s.job.Conns {
		err = fmt.Errorf("%s: %d of %d connections, %s", command, result.Alive, s.job.Conns, result.Failed)
	}
	return result, err
}

// work is processor time for each unit, and the latency where units wait for one another.
func (b *bench) work(s *Scenario, r *running) ([]float64, error) {
	l, err := b.load(s, r)
	if err != nil {
		return nil, err
	}
	defer l.stop()
	if _, err := ask(l, s, "open"); err != nil {
		return nil, err
	}
	if _, err := ask(l, s, "run 0.2"); err != nil {
		return nil, err
	}
	before := cpu(r.cmd.Process.Pid)
	result, err := ask(l, s, fmt.Sprintf("run %g", b.Seconds))
	if err != nil {
		return nil, err
	}
	spent := cpu(r.cmd.Process.Pid) - before
	if result.Units == 0 {
		return nil, fmt.Errorf("no unit of work was done")
	}
	if bulk := s.job.Path == "/up" || s.job.Path == "/down"; bulk {
		return []float64{spent.Seconds() / float64(result.Units) * 1e9}, nil
	}
	each := float64(spent.Nanoseconds()) / 1e3 / float64(result.Units)
	return []float64{each, result.P50, result.P99}[:len(s.figure)], nil
}

// settle is how long idle connections are left alone before memory is counted: runtimes return it late.
const settle = 3 * time.Second

// idle is the growth of memory and the processor time for each connection opened.
func (b *bench) idle(s *Scenario, r *running) ([]float64, error) {
	l, err := b.load(s, r)
	if err != nil {
		return nil, err
	}
	defer l.stop()
	time.Sleep(300 * time.Millisecond)
	empty, err := pss(r.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	before := cpu(r.cmd.Process.Pid)
	if _, err := ask(l, s, "open"); err != nil {
		return nil, err
	}
	spent := cpu(r.cmd.Process.Pid) - before
	time.Sleep(settle)
	full, err := pss(r.cmd.Process.Pid)
	if err != nil {
		return nil, err
	}
	if _, err := ask(l, s, "check"); err != nil {
		return nil, err
	}
	n := float64(s.job.Conns)
	return []float64{(full - empty) / n, float64(spent.Nanoseconds()) / 1e3 / n}[:len(s.figure)], nil
}

// reloads is how many tunnels live after ten reloads, and how many processes it takes to keep them.
func (b *bench) reloads(s *Scenario, r *running) ([]float64, error) {
	l, err := b.load(s, r)
	if err != nil {
		return nil, err
	}
	defer l.stop()
	if _, err := ask(l, s, "open"); err != nil {
		return nil, err
	}
	for range 10 {
		if err := r.cmd.Process.Signal(r.reload); err != nil {
			return nil, err
		}
		time.Sleep(500 * time.Millisecond)
	}
	result, err := l.ask("check")
	if err != nil {
		return nil, err
	}
	return []float64{float64(result.Alive), float64(len(tree(r.cmd.Process.Pid)))}, nil
}
