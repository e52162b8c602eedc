package logconfig

import (
	"bytes"
	"sync"

	"transom/internal/conf"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/tunnel"
)

// accessLog is a log that is open.
type accessLog struct {
	conf.Pos
	directive string // "CustomLog logs/access_log"
	sink      *observe.Sink
	items     []item
	condition func(*module.Request) bool
}

var lines = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// write logs a request that is over.
func write(r *module.Request) module.Result {
	for _, log := range settings.Of(r.Server.Settings).ready {
		if log.condition != nil && !log.condition(r) {
			continue
		}
		line := lines.Get().(*[]byte)
		b := (*line)[:0]
		for i := range log.items {
			b = log.items[i].append(b, r)
		}
		if r.Trace != nil {
			r.Tracef(log.Pos, log.directive, "%s", bytes.TrimSpace(b))
		}
		if log.sink != nil { // nil while a configuration is only looked at
			log.sink.Write(b)
		}
		*line = b
		lines.Put(line)
	}
	return module.OK
}

// pending is a tunnel's log line: all is written but what is known at its end.
type pending struct {
	log   *accessLog
	text  string
	holes []hole
	next  *pending // of another log
}

// hole is where an item's value goes into the text.
type hole struct {
	at, item int
}

// detach renders the lines of a request that became a tunnel.
func detach(r *module.Request) module.TunnelEnd {
	var first *pending
	for _, log := range settings.Of(r.Server.Settings).ready {
		if log.condition != nil && !log.condition(r) {
			continue
		}
		p := &pending{log: log, next: first}
		var b []byte
		for i := range log.items {
			it := &log.items[i]
			if it.atEnd == nil {
				b = it.append(b, r)
				continue
			}
			b = append(b, it.literal...)
			p.holes = append(p.holes, hole{len(b), i})
		}
		p.text = string(b)
		first = p
	}
	if first == nil {
		return nil
	}
	return first
}

// TunnelEnded writes the lines.
func (p *pending) TunnelEnded(t *tunnel.Result) {
	for ; p != nil; p = p.next {
		b := make([]byte, 0, len(p.text)+32)
		from := 0
		for _, h := range p.holes {
			b = append(b, p.text[from:h.at]...)
			from = h.at
			it := &p.log.items[h.item]
			b = text(b, it.atEnd(t, it.arg))
		}
		p.log.sink.Write(append(b, p.text[from:]...))
	}
}
