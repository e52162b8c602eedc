package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Job is what a load process does on its connections.
type Job struct {
	Port  int
	TLS   bool
	Path  string // "/echo", "/push", "/up" and "/down" are WebSockets, the rest is GET
	Conns int
}

func (j Job) websocket() bool { return j.Path != "/1k" && j.Path != "/100k" }

// Result is what came of one command to a load process.
type Result struct {
	Alive  int     // connections that stand and answered
	Units  int64   // round trips, messages, requests or bytes
	P50    float64 // microseconds
	P99    float64
	Failed string // the first error
}

// runLoad opens the connections, then obeys lines on its standard input, each answered by one Result as JSON:
//
//	open          open the connections
//	run SECONDS   work
//	check         one round trip on each connection
func runLoad(args []string) error {
	var l load
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	job := flags.String("job", "", "Job as JSON")
	flags.Parse(args)
	if err := json.Unmarshal([]byte(*job), &l.Job); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		words := strings.Fields(lines.Text())
		var result Result
		switch words[0] {
		case "open":
			result = l.open()
		case "check":
			result = l.check()
		case "run":
			seconds, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				return err
			}
			result = l.run(time.Duration(seconds * float64(time.Second)))
		default:
			return fmt.Errorf("unknown command %q", words[0])
		}
		if err := out.Encode(result); err != nil {
			return err
		}
	}
	return nil
}

type load struct {
	Job
	conns []*client
}

// open opens all connections, 16 at a time; those for GET have got one answer then.
func (l *load) open() Result {
	l.conns = make([]*client, l.Conns)
	return l.each(16, func(i int) error {
		c, err := dial(l.Job)
		if err != nil {
			return err
		}
		if !l.websocket() {
			if err := c.get(); err != nil {
				return err
			}
		}
		l.conns[i] = c
		return nil
	})
}

func (l *load) check() Result {
	return l.each(16, func(i int) error {
		c := l.conns[i]
		if c == nil {
			return fmt.Errorf("never opened")
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if !l.websocket() {
			return c.get()
		}
		return c.echo()
	})
}

// each does work for every connection on so many goroutines.
func (l *load) each(workers int, work func(i int) error) Result {
	var next, alive atomic.Int64
	var failed atomic.Pointer[string]
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(l.Conns); i = next.Add(1) - 1 {
				if err := work(int(i)); err != nil {
					text := err.Error()
					failed.CompareAndSwap(nil, &text)
					continue
				}
				alive.Add(1)
			}
		})
	}
	wait.Wait()
	r := Result{Alive: int(alive.Load())}
	if text := failed.Load(); text != nil {
		r.Failed = *text
	}
	return r
}

// run works on all connections for a time, each waiting for its answer before the next unit.
func (l *load) run(d time.Duration) Result {
	var units atomic.Int64
	var times histogram
	stop := time.Now().Add(d)
	if l.Path == "/push" {
		return l.listen(stop)
	}
	r := l.each(l.Conns, func(i int) error {
		c := l.conns[i]
		if c == nil {
			return fmt.Errorf("never opened")
		}
		for begin := time.Now(); begin.Before(stop); {
			n, err := c.unit(l.Path)
			if err != nil {
				return err
			}
			end := time.Now()
			units.Add(n)
			times.add(end.Sub(begin))
			begin = end
		}
		return nil
	})
	r.Units, r.P50, r.P99 = units.Load(), times.quantile(.5), times.quantile(.99)
	return r
}

// listen counts the messages that come until stop.
func (l *load) listen(stop time.Time) Result {
	var units atomic.Int64
	r := l.each(l.Conns, func(i int) error {
		c := l.conns[i]
		c.SetDeadline(stop)
		for {
			n, err := readFrame(c.r)
			if err == nil {
				_, err = c.r.Discard(n)
			}
			if err != nil {
				if time.Now().Before(stop) {
					return err
				}
				return nil
			}
			units.Add(1)
		}
	})
	r.Units = units.Load()
	return r
}
