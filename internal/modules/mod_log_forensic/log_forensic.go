// Package logforensic is mod_log_forensic: a line before a request is worked on and one behind it, so that what a server died of
// can be found.
package logforensic

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/tunnel"
	"transom/internal/wire/http1"
)

// Module returns mod_log_forensic.
func Module() *module.Module {
	n := &numbers{}
	return &module.Module{Name: "mod_log_forensic", Identifier: "log_forensic_module", Directives: directives, Compile: open, Hooks: []module.Hook{
		{Phase: module.PostRead, Position: module.ReallyFirst, After: []string{"mod_unique_id"}, Run: n.begin, Applies: settings.InServer},
		{Phase: module.LogTransaction, Position: module.ReallyLast, Run: end, Applies: settings.InServer, Detach: detach},
	}}
}

var settings = &module.Slot[settingsOf]{Merge: func(outer, inner *settingsOf) *settingsOf {
	return &settingsOf{module.Inherit(outer.log, inner.log)}
}}

type settingsOf struct{ log *log }

// log is one ForensicLog.
type log struct {
	name string
	sink *observe.Sink // nil while a configuration is only looked at
}

var directives = []module.Directive{
	{Name: "ForensicLog", Where: module.Servers, Args: module.One, Syntax: "ForensicLog filename|pipe",
		Doc: "A file or a program that gets a line before and a line behind each request.", Set: func(c *module.Command) error {
			settings.Edit(c.Server.Settings).log = &log{name: c.Args[0]}
			return nil
		}},
}

func open(b *module.Build) error {
	for _, s := range b.Site.Servers {
		l := settings.Of(s.Settings).log
		if l == nil || l.sink != nil {
			continue
		}
		var err error
		if l.sink, err = b.OpenLog(l.name); err != nil {
			return fmt.Errorf("ForensicLog: could not open forensic log %s: %w; %s", l.name, err, module.LogRemedy(err))
		}
	}
	return nil
}

// note is what LogFormat shows as %{forensic-id}n.
const note = "forensic-id"

// numbers name the requests that mod_unique_id does not name.
type numbers struct{ last atomic.Int64 }

func (n *numbers) begin(r *module.Request) module.Result {
	l := settings.Of(r.Server.Settings).log
	if l == nil || r.Main != nil {
		return module.Declined
	}
	if r.Prev != nil {
		r.SetNote(note, r.Prev.Notes[note])
		return module.Declined
	}
	id, ok := r.Env("UNIQUE_ID")
	if !ok {
		id = fmt.Sprintf("%x:%x:%x", os.Getpid(), r.Conn.Received.Unix(), n.last.Add(1))
	}
	r.SetNote(note, id)
	line := escape(append([]byte{'+'}, id...), "|", r.Conn.Line)
	for _, f := range fields(r) {
		line = escape(line, "|", f.Name)
		line = escape(line, ":", f.Value)
	}
	l.write(line)
	return module.OK
}

// write keeps no line back: the next moment may be the one that is looked for.
func (l *log) write(line []byte) {
	if l.sink != nil {
		l.sink.WriteNow(append(line, '\n'))
	}
}

// fields are the request's, in their order; those of one name are one (RFC 9110 5.2).
func fields(r *module.Request) []http1.Field {
	if r.Conn.Fields == nil { // HTTP/2
		list := []http1.Field{{Name: "Host", Value: r.HTTP.Host}}
		for name, values := range r.Header() {
			list = append(list, http1.Field{Name: name, Value: strings.Join(values, ", ")})
		}
		slices.SortFunc(list, func(a, b http1.Field) int { return strings.Compare(a.Name, b.Name) })
		return list
	}
	var list []http1.Field
	at := map[string]int{}
	for _, f := range r.Conn.Fields {
		key := http.CanonicalHeaderKey(f.Name)
		if i, seen := at[key]; seen {
			list[i].Value += ", " + f.Value
			continue
		}
		at[key] = len(list)
		list = append(list, f)
	}
	return list
}

// escape adds text behind a separator, with what separates and what is not printable as %xx.
func escape(line []byte, separator, text string) []byte {
	line = append(line, separator...)
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '%' || c == ':' || c == '|' {
			line = fmt.Appendf(line, "%%%02x", c)
		} else {
			line = append(line, c)
		}
	}
	return line
}

func end(r *module.Request) module.Result {
	if f := finish(r); f != nil {
		f.TunnelEnded(nil)
	}
	return module.OK
}

func detach(r *module.Request) module.TunnelEnd {
	if f := finish(r); f != nil {
		return f
	}
	return nil
}

// finished is the line that ends a request, or a tunnel.
type finished struct {
	log *log
	id  string
}

func finish(r *module.Request) *finished {
	l, id := settings.Of(r.Server.Settings).log, r.Notes[note]
	if l == nil || id == "" {
		return nil
	}
	return &finished{l, id}
}

func (f *finished) TunnelEnded(*tunnel.Result) { f.log.write(append([]byte{'-'}, f.id...)) }
