package demoapp

import (
	"math/rand/v2"
	"time"
)

// input is what the page's controls say; a field that is zero is left as it was.
type input struct {
	Bins   int    `json:"bins"`
	Speed  int    `json:"speed"` // plots per second
	Source string `json:"source"`
}

func (in input) interval() time.Duration { return time.Second / time.Duration(in.Speed) }

// plot is a histogram of the latest observations, and those that are new in it.
type plot struct {
	Label  string    `json:"label"`
	Low    float64   `json:"low"`
	High   float64   `json:"high"`
	Counts []int     `json:"counts"` // of equal bins from Low to High
	Total  int       `json:"total"`  // observations ever made, not only those counted
	Latest []float64 `json:"latest"`
}

// source draws observations; those outside of low and high are drawn again.
type source struct {
	label     string
	low, high float64
	draw      func() float64
}

var sources = map[string]source{
	"geyser": {"Waiting time to next eruption (min)", 40, 100, func() float64 {
		if rand.Float64() < 0.36 {
			return 54.5 + 5.9*rand.NormFloat64()
		}
		return 80 + 5.9*rand.NormFloat64()
	}},
	"normal":      {"Standard normal", -4, 4, rand.NormFloat64},
	"exponential": {"Time between arrivals (s)", 0, 6, rand.ExpFloat64},
	"uniform":     {"Uniform on [0, 1)", 0, 1, rand.Float64},
}

const (
	window  = 600 // observations that a plot counts
	perStep = 6   // new ones in each plot
)

// plotter makes one page's plots.
type plotter struct {
	in     input
	source source
	values []float64 // the latest, at most window
	fresh  int       // of them, how many the page hasn't seen
	total  int
}

func newPlotter() *plotter {
	p := &plotter{}
	p.set(input{Bins: 30, Speed: 8, Source: "geyser"})
	return p
}

// set changes what in names and leaves the rest; values out of range are brought into it, an unknown source is ignored.
func (p *plotter) set(in input) {
	if in.Bins != 0 {
		p.in.Bins = min(max(in.Bins, 1), 60)
	}
	if in.Speed != 0 {
		p.in.Speed = min(max(in.Speed, 1), 30)
	}
	s, known := sources[in.Source]
	if !known || in.Source == p.in.Source {
		return
	}
	p.in.Source, p.source = in.Source, s
	p.values, p.total = nil, 0
	p.draw(window / 2)
}

func (p *plotter) advance() { p.draw(perStep) }

func (p *plotter) draw(n int) {
	for range n {
		v := p.source.draw()
		for v < p.source.low || v >= p.source.high {
			v = p.source.draw()
		}
		p.values = append(p.values, v)
	}
	p.total += n
	p.values = p.values[max(0, len(p.values)-window):]
	p.fresh = min(p.fresh+n, len(p.values))
}

func (p *plotter) plot() *plot {
	counts := make([]int, p.in.Bins)
	for _, v := range p.values {
		at := int((v - p.source.low) / (p.source.high - p.source.low) * float64(p.in.Bins))
		counts[min(at, p.in.Bins-1)]++
	}
	latest := append([]float64{}, p.values[len(p.values)-p.fresh:]...)
	p.fresh = 0
	return &plot{
		Label: p.source.label, Low: p.source.low, High: p.source.high,
		Counts: counts, Total: p.total, Latest: latest,
	}
}
