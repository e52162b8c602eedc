package observe

import (
	"testing"
	"time"
)

func TestFormatRecord(t *testing.T) {
	pid = "7"
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	for _, c := range []struct {
		record Record
		want   string
	}{
		{Record{Level: Notice, Module: "core", Text: "up"}, "[Tue Feb 03 04:05:06.000007 2026] [core:notice] [pid 7:tid 7] up\n"},
		{Record{Level: Error, Module: "proxy", Client: "192.0.2.1:80", Code: "AH01144", Text: "no"},
			"[Tue Feb 03 04:05:06.000007 2026] [proxy:error] [pid 7:tid 7] [client 192.0.2.1:80] AH01144: no\n"},
		{Record{Level: Trace8, Module: "x", Text: "a\n[forged"}, "[Tue Feb 03 04:05:06.000007 2026] [x:trace8] [pid 7:tid 7] a\\n[forged\n"},
	} {
		if got := string(FormatRecord(at, c.record)); got != c.want {
			t.Errorf("%+v:\n got %s want %s", c.record, got, c.want)
		}
	}
}

// The right column is what httpd 2.4.71 writes.
func TestEscapeLog(t *testing.T) {
	for in, want := range map[string]string{
		"plain":             "plain",
		`say "x"`:           `say "x"`,
		`c:\x`:              `c:\\x`,
		"\b\t\n\v\r":        `\b\t\n\v\r`,
		"\a\f\x1b[2J\x7f":   `\x07\x0c\x1b[2J\x7f`,
		"\u00e4 \x9b\u009b": `\xc3\xa4 \x9b\xc2\x9b`,
	} {
		if got := EscapeLog(in); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
	}
}

func TestLevels(t *testing.T) {
	log := func(levels *Levels) *ErrorLog { return &ErrorLog{Sink: &Sink{}, Levels: levels} }
	proxyDebug := &Levels{All: Error, Module: map[string]Level{"proxy": Debug}}
	for _, c := range []struct {
		log    *ErrorLog
		module string
		level  Level
		want   bool
	}{
		{nil, "core", Emerg, false},
		{&ErrorLog{}, "core", Emerg, false},
		{log(nil), "core", Warn, true},
		{log(nil), "core", Info, false},
		{log(proxyDebug), "core", Warn, false},
		{log(proxyDebug), "core", Notice, true}, // whatever LogLevel says
		{log(proxyDebug), "proxy", Debug, true},
		{log(proxyDebug), "proxy", Trace1, false},
	} {
		if got := c.log.Logs(c.module, c.level); got != c.want {
			t.Errorf("%+v: %s:%v is logged: %v", c.log, c.module, c.level, got)
		}
	}
	if l, err := ParseLevel("TRACE3"); err != nil || l != Trace3 {
		t.Errorf("TRACE3 is %v, %v", l, err)
	}
	if _, err := ParseLevel("loud"); err == nil {
		t.Error("there is no level loud")
	}
}
