package demoapp

import (
	"encoding/json"
	"testing"
)

func TestInputsOutOfRange(t *testing.T) {
	p := newPlotter()
	for _, c := range []struct{ set, want input }{
		{input{}, input{30, 8, "geyser"}},
		{input{Bins: 1 << 30}, input{60, 8, "geyser"}},
		{input{Bins: -3, Speed: -3}, input{1, 1, "geyser"}},
		{input{Speed: 1000, Source: "nothing"}, input{1, 30, "geyser"}},
		{input{Source: "uniform"}, input{1, 30, "uniform"}},
	} {
		if p.set(c.set); p.in != c.want {
			t.Errorf("after %+v the inputs are %+v, want %+v", c.set, p.in, c.want)
		}
	}
}

func TestWindow(t *testing.T) {
	p := newPlotter()
	if n := len(p.plot().Latest); n != window/2 {
		t.Errorf("the first plot has %d new observations, want %d", n, window/2)
	}
	for range window {
		p.advance()
	}
	if n := len(p.plot().Latest); n != window {
		t.Errorf("after a long pause a plot has %d new observations, want the whole window of %d", n, window)
	}
	p.advance()
	if n := len(p.plot().Latest); n != perStep {
		t.Errorf("the next plot has %d new observations, want %d", n, perStep)
	}
}

// Whatever the page says, a plot counts each observation of the window once.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{
		`{"input":{"bins":30,"speed":8,"source":"normal"}}`, `{"input":{"bins":-1,"source":"exponential"}}`,
		`{"echo":"x"}`, `{"ping":1}`, `{}`, `null`, `[]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var m request
		if json.Unmarshal([]byte(text), &m) != nil || m.Input == nil {
			return
		}
		p := newPlotter()
		p.set(*m.Input)
		p.advance()
		var counted int
		for _, n := range p.plot().Counts {
			counted += n
		}
		if counted != window/2+perStep {
			t.Errorf("%q: %d observations counted, want %d", text, counted, window/2+perStep)
		}
		if p.in.interval() <= 0 {
			t.Errorf("%q: no time between plots", text)
		}
	})
}
