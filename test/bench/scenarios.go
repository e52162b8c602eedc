package main

import "fmt"

// A Scenario is measured for every peer, once in each repetition.
type Scenario struct {
	Name   string
	Title  string
	figure []Figure // what one sample yields, in this order
	tls    bool
	logged bool
	job    Job
	sample func(b *bench, s *Scenario, r *running) ([]float64, error)
	fresh  bool // the peer is started anew for each sample
	reload bool // only peers that can reload
	once   bool // one repetition says all
}

// Figure is one number of a sample. Less is better, but for survivors.
type Figure struct {
	Name     string
	Unit     string
	Headline bool    // stands in the plot
	Nginx    float64 // to reach: at most so many times nginx's figure; 0: no goal
	Splice   float64 // the same of the splice's
	AtMost   float64 // to reach, as it is
	Exactly  float64
	Digits   int
}

func scenarios() []*Scenario {
	latency := func(cpu Figure) []Figure {
		cpu.Headline = true
		return []Figure{cpu, {Name: cpu.Name + " p50", Unit: "us"}, {Name: cpu.Name + " p99", Unit: "us"}}
	}
	idle := func(name string, bytes, cpu float64) []Figure {
		return []Figure{
			{Name: "idle " + name, Unit: "bytes each", Headline: true, AtMost: bytes},
			{Name: "handshake " + name, Unit: "us CPU", Headline: true, Nginx: cpu},
		}
	}
	all := []*Scenario{
		{Name: "echo100", Title: "echo of 64 bytes on 100 tunnels", job: Job{Path: "/echo", Conns: 100},
			figure: latency(Figure{Name: "echo, 100 tunnels", Unit: "us CPU", Nginx: 1, Splice: 1.15, Digits: 1})},
		{Name: "echo1000", Title: "echo of 64 bytes on 1000 tunnels", job: Job{Path: "/echo", Conns: 1000},
			figure: latency(Figure{Name: "echo, 1000 tunnels", Unit: "us CPU", Nginx: 1, Splice: 1.15, Digits: 1})},
		{Name: "push", Title: "10 messages of 64 bytes a second to each of 1000 tunnels", job: Job{Path: "/push", Conns: 1000},
			figure: []Figure{{Name: "push, 1000 tunnels", Unit: "us CPU", Headline: true, Nginx: 1, Splice: 1.15, Digits: 1}}},
		{Name: "up", Title: "2 tunnels, messages of 64 KiB towards the backend", job: Job{Path: "/up", Conns: 2},
			figure: []Figure{{Name: "bulk up", Unit: "s CPU per GB", Headline: true, Splice: 1.2, Digits: 2}}},
		{Name: "down", Title: "2 tunnels, messages of 64 KiB towards the client", job: Job{Path: "/down", Conns: 2},
			figure: []Figure{{Name: "bulk down", Unit: "s CPU per GB", Headline: true, Splice: 1.2, Digits: 2}}},
		{Name: "get1k", Title: "GET of 1 KiB on 64 kept connections", job: Job{Path: "/1k", Conns: 64},
			figure: latency(Figure{Name: "GET 1 KiB", Unit: "us CPU", Nginx: 1.15, Digits: 1})},
		{Name: "get1klog", Title: "the same with the combined access log", logged: true, job: Job{Path: "/1k", Conns: 64},
			figure: latency(Figure{Name: "GET 1 KiB, logged", Unit: "us CPU", Nginx: 1.2, Digits: 1})},
		{Name: "get100k", Title: "GET of 100 KiB on 64 kept connections", job: Job{Path: "/100k", Conns: 64},
			figure: latency(Figure{Name: "GET 100 KiB", Unit: "us CPU", Nginx: 1, Digits: 1})},
		{Name: "get100klog", Title: "the same with the combined access log", logged: true, job: Job{Path: "/100k", Conns: 64},
			figure: latency(Figure{Name: "GET 100 KiB, logged", Unit: "us CPU", Nginx: 1, Digits: 1})},
		{Name: "echowss", Title: "echo of 64 bytes on 100 tunnels over TLS", tls: true, job: Job{Path: "/echo", Conns: 100, TLS: true},
			figure: latency(Figure{Name: "echo over wss", Unit: "us CPU", Nginx: 1, Digits: 1})},
		{Name: "pushwss", Title: "10 messages of 64 bytes a second to each of 1000 tunnels over TLS", tls: true, job: Job{Path: "/push", Conns: 1000, TLS: true},
			figure: []Figure{{Name: "push over wss", Unit: "us CPU", Headline: true, Nginx: 1, Digits: 1}}},
		{Name: "idlews", Title: "8000 idle tunnels", job: Job{Path: "/echo", Conns: 8000}, figure: idle("ws", 1024, 1.1), fresh: true},
		{Name: "idlewss", Title: "2000 idle tunnels over TLS", tls: true, job: Job{Path: "/echo", Conns: 2000, TLS: true}, figure: idle("wss", 8192, 1.1), fresh: true},
		{Name: "keepalive", Title: "4000 idle kept HTTP connections", job: Job{Path: "/1k", Conns: 4000}, fresh: true,
			figure: []Figure{{Name: "idle keep-alive", Unit: "bytes each", Headline: true, AtMost: 4096}}},
		{Name: "reload", Title: "ten reloads with 500 live tunnels", job: Job{Path: "/echo", Conns: 500}, fresh: true, reload: true, once: true,
			figure: []Figure{{Name: "alive after ten reloads", Unit: "of 500", Exactly: 500}, {Name: "processes then", Unit: ""}}},
	}
	for _, s := range all {
		switch {
		case s.reload:
			s.sample = (*bench).reloads
		case s.fresh:
			s.sample = (*bench).idle
		default:
			s.sample = (*bench).work
		}
	}
	return all
}

// fits says why a peer takes no part in a scenario.
func (s *Scenario) fits(p *Peer) error {
	switch {
	case p.onlyTCP && (s.tls || s.logged):
		return fmt.Errorf("knows no TLS and no logs")
	case s.reload && p.reload == 0:
		return fmt.Errorf("has no reload")
	}
	return nil
}

func (s *Scenario) port(r *running) int {
	switch {
	case s.tls:
		return r.TLS
	case s.logged:
		return r.Logged
	}
	return r.Plain
}
