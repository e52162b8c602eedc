// Package logconfig is mod_log_config and mod_logio: access logs.
package logconfig

import (
	"fmt"
	"strings"

	"transom/internal/module"
)

// Module returns mod_log_config.
func Module() *module.Module {
	return &module.Module{Name: "mod_log_config", Identifier: "log_config_module", Directives: directives, Compile: compile,
		Hooks: []module.Hook{{Phase: module.LogTransaction, Run: write, Applies: hasLogs, Detach: detach}}}
}

func hasLogs(server, _ *module.Settings) bool { return len(settings.Of(server).ready) > 0 }

// LogIO returns mod_logio, which is only a name here: %I, %O and %S are always known.
func LogIO() *module.Module {
	return &module.Module{Name: "mod_logio", Identifier: "logio_module", Directives: []module.Directive{
		{Name: "LogIOTrackTTFB", Where: module.Anywhere, Override: module.OverrideAll, Args: module.OnOff, Syntax: "LogIOTrackTTFB On|Off",
			Doc: "Whether the time to the first byte is measured for %^FB.", Support: module.Ignored("%^FB is logged as -")},
	}}
}

var settings = &module.Slot[logs]{Merge: merge}

// logs are the log directives of one server.
type logs struct {
	formats map[string]string // LogFormat by nickname
	plain   string            // LogFormat without a nickname, for TransferLog
	named   []*directive      // CustomLog and TransferLog
	global  []*directive      // GlobalLog, and what virtual hosts add to it
	ready   []*accessLog
}

// directive is one CustomLog or TransferLog as written.
type directive struct {
	c         *module.Command
	file      string
	format    string // format or nickname; empty for TransferLog
	condition func(*module.Request) bool
}

func merge(outer, inner *logs) *logs {
	m := &logs{formats: map[string]string{}, plain: inner.plain, named: inner.named}
	for k, v := range outer.formats {
		m.formats[k] = v
	}
	for k, v := range inner.formats {
		m.formats[k] = v
	}
	if m.plain == "" {
		m.plain = outer.plain
	}
	// A virtual host with logs of its own does not write to the main server's.
	if len(inner.named) == 0 {
		m.named = outer.named
	}
	m.global = append(append([]*directive{}, outer.global...), inner.global...)
	return m
}

var directives = []module.Directive{
	{Name: "LogFormat", Where: module.Servers, Args: module.OneOrTwo, Syntax: "LogFormat format|nickname [nickname]",
		Doc: "A form of access log lines, perhaps with a name.", Set: setLogFormat},
	{Name: "CustomLog", Where: module.Servers, Args: module.TwoOr3, Syntax: "CustomLog file|pipe format|nickname [env=[!]variable|expr=expression]",
		Doc: "An access log: its file, its form, and which requests it takes.", Set: setCustomLog},
	{Name: "TransferLog", Where: module.Servers, Args: module.One, Syntax: "TransferLog file|pipe",
		Doc: "An access log in the form of the last LogFormat without a nickname.", Set: func(c *module.Command) error {
			settings.Edit(c.Server.Settings).add(&directive{c: snapshot(c), file: c.Args[0]})
			return nil
		}},
	{Name: "GlobalLog", Where: module.InServer, Args: module.TwoOr3, Syntax: "GlobalLog file|pipe format|nickname [env=[!]variable|expr=expression]",
		Doc: "An access log of all virtual hosts, also of those with logs of their own.", Set: setGlobalLog},
	{Name: "BufferedLogs", Where: module.InServer, Args: module.OnOff, Syntax: "BufferedLogs On|Off",
		Doc: "Whether lines are written in batches.", Support: module.Accepted("lines are always written in batches, within half a second")},
	{Name: "CookieLog", Where: module.Servers, Args: module.One, Syntax: "CookieLog filename",
		Doc: "In httpd 2.2, a log of cookies.", Support: module.Refused("httpd 2.4 removed it; write a CustomLog with %{Cookie}n")},
}

func snapshot(c *module.Command) *module.Command { copied := *c; return &copied }

func (l *logs) add(d *directive) { l.named = append(l.named, d) }

func setLogFormat(c *module.Command) error {
	s := settings.Edit(c.Server.Settings)
	if _, err := parse(c.Args[0], nil); err != nil {
		return fmt.Errorf("LogFormat: %w", err)
	}
	if len(c.Args) == 1 {
		s.plain = c.Args[0]
		return nil
	}
	if s.formats == nil {
		s.formats = map[string]string{}
	}
	s.formats[c.Args[1]] = c.Args[0]
	return nil
}

func setCustomLog(c *module.Command) error {
	d, err := parseLog(c)
	if err == nil {
		settings.Edit(c.Server.Settings).add(d)
	}
	return err
}

func setGlobalLog(c *module.Command) error {
	d, err := parseLog(c)
	if err == nil {
		s := settings.Edit(c.Server.Settings)
		s.global = append(s.global, d)
	}
	return err
}

func parseLog(c *module.Command) (*directive, error) {
	d := &directive{c: snapshot(c), file: c.Args[0], format: c.Args[1]}
	if len(c.Args) < 3 {
		return d, nil
	}
	switch kind, value, _ := strings.Cut(c.Args[2], "="); {
	case strings.EqualFold(kind, "env") && value != "":
		name, negated := strings.CutPrefix(value, "!")
		d.condition = func(r *module.Request) bool {
			_, set := r.Env(name)
			return set != negated
		}
	case strings.EqualFold(kind, "expr") && value != "":
		test, err := c.Build.CompileBool(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		d.condition = func(r *module.Request) bool { ok, err := test(r); return ok && err == nil }
	default:
		return nil, fmt.Errorf("error in condition clause: %s takes env=variable, env=!variable or expr=expression, not %q", c.Name, c.Args[2])
	}
	return d, nil
}

// common is httpd's format where none is given.
const common = `%h %l %u %t "%r" %>s %b`

// compile opens the logs. It is the time when nicknames are looked up: a LogFormat may stand below its CustomLog.
func compile(b *module.Build) error {
	for _, server := range b.Site.Servers {
		s := settings.Edit(server.Settings)
		s.ready = nil
		for _, d := range append(append([]*directive{}, s.named...), s.global...) {
			log, err := d.open(b, s)
			if err != nil {
				b.Errorf(d.c.Node, "%v", err)
				continue
			}
			s.ready = append(s.ready, log)
		}
	}
	return nil
}

func (d *directive) open(b *module.Build, s *logs) (*accessLog, error) {
	text := d.format
	switch {
	case text == "" && s.plain != "":
		text = s.plain
	case text == "":
		text = common
	case s.formats[text] != "":
		text = s.formats[text]
	case !strings.Contains(text, "%") && text == "common":
		text = common
	}
	items, err := parse(text, b.Site.Offered.LogItems)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.c.Name, err)
	}
	sink, err := b.OpenLog(d.file)
	if err != nil {
		return nil, fmt.Errorf("could not open transfer log file %s: %w; %s", d.file, err, module.LogRemedy(err))
	}
	return &accessLog{Pos: d.c.Pos, directive: d.c.Name + " " + d.file, sink: sink, items: items, condition: d.condition}, nil
}
