package upstream

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWorkerParams: what httpd 2.4.71 says to the same (apache2 -t); x marks an error there.
func TestWorkerParams(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(`
min=0            ok
min=-1           x
max=0            ok
max=-3           x
MAX=3            ok
smax=0           ok
smax=-1          x
acquire=0        x
acquire=5        ok
acquire=5s       ok
acquire=-5       x
acquire=x        x
retry=0          ok
retry=-1         x
retry=1min       ok
ttl=0            x
ttl=1            ok
timeout=0        x
timeout=0.5      x
timeout=abc      x
timeout=2min     ok
iobuffersize=0   ok
iobuffersize=511 x
iobuffersize=512 ok
receivebuffersize=100 x
keepalive=x      x
keepalive=ON     ok
disablereuse=1   x
enablereuse=off  ok
flushpackets=auto ok
flushpackets=x   x
flushwait=1001   x
flushwait=0      ok
flushwait=-1     x
ping=0           x
ping=100ms       ok
ping=5min        ok
ping=-1          x
lbset=99         ok
lbset=100        x
connectiontimeout=0 x
connectiontimeout=100ms ok
connectiontimeout=0.1 x
responsefieldsize=0 ok
responsefieldsize=-1 x
responsefieldsize=100 ok
status=+H-E      ok
status=dc        ok
status=X         x
status=D,S       x
addressttl=-1    ok
addressttl=-2    x
addressttl=30    ok
loadfactor=0     x
loadfactor=2.25  ok
loadfactor=100   ok
loadfactor=101   x
loadfactor=.5    x
upgrade=NONE     ok
upgrade=         ok
mapping=servlet  ok
mapping=x        x
hcmethod=get     ok
hcmethod=GET11   ok
hcmethod=CPING   x
hcmethod=x       x
hcpasses=-1      x
hcinterval=0     x
hcinterval=50ms  x
hcinterval=100ms ok
hcinterval=10x   x
hcuri=/x         ok
nofailover=on    x
foo=1            x
`), "\n") {
		param, want, _ := strings.Cut(line, " ")
		key, value, _ := strings.Cut(param, "=")
		p := DefaultParams()
		err := p.SetParam(key, value)
		if (err == nil) != (strings.TrimSpace(want) == "ok") {
			t.Errorf("%s: %v", param, err)
		}
	}
}

func TestParamValues(t *testing.T) {
	p := DefaultParams()
	for _, kv := range []string{"max=7", "acquire=5", "retry=0", "ttl=120", "timeout=30", "connectiontimeout=250ms", "ping=2", "disablereuse=on",
		"loadfactor=2.25", "status=I+R-N", "hcinterval=2min", "flushwait=0", "iobuffersize=0", "addressttl=5", "flushpackets=on"} {
		key, value, _ := strings.Cut(kv, "=")
		if err := p.SetParam(key, value); err != nil {
			t.Fatal(err)
		}
	}
	want := DefaultParams()
	want.Max, want.Acquire, want.Retry, want.TTL, want.Timeout = 7, 5*time.Millisecond, 0, 2*time.Minute, 30*time.Second
	want.ConnectTimeout, want.Ping, want.Reuse, want.LoadFactor = 250*time.Millisecond, 2*time.Second, Off, 2.25
	want.Set, want.Clear, want.HCInterval, want.AddressTTL = IgnoreErrors|HotSpare, Draining, 2*time.Minute, 5*time.Second
	want.FlushPackets = FlushOn
	if p != want {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
}

func TestBalancerParams(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(`
lbmethod=byrequests  ok
lbmethod=ByRequests  x
lbmethod=heartbeat   x
stickysession=A|B    ok
stickysession=       ok
stickysessionsep=.   ok
stickysessionsep=off ok
stickysessionsep=ab  x
stickysessionsep=    x
nofailover=1         x
nofailover=On        ok
timeout=0            x
timeout=1            ok
maxattempts=0        ok
maxattempts=-1       x
scolonpathdelim=ON   ok
failonstatus=500,503 ok
failonstatus=500,    ok
failonstatus=abc     x
failonstatus=99      x
failonstatus=600     x
failontimeout=on     ok
nonce=None           ok
growth=0             x
growth=100           ok
growth=101           x
forcerecovery=off    ok
mapping=servlet      ok
max=3                x
`), "\n") {
		param, want, _ := strings.Cut(line, " ")
		key, value, _ := strings.Cut(param, "=")
		p := DefaultBalancerParams()
		err := p.SetParam(key, value)
		if (err == nil) != (strings.TrimSpace(want) == "ok") {
			t.Errorf("%s: %v", param, err)
		}
	}
}

func TestParamErrors(t *testing.T) {
	for param, want := range map[string]string{
		"retyr=5":       `unknown parameter "retyr" (nearest known: retry)`,
		"KeepAlve=on":   `unknown parameter "KeepAlve" (nearest known: keepalive)`,
		"zzzzzzzzzz=1":  `unknown parameter "zzzzzzzzzz"`,
		"lbset=100":     `lbset=100: must be between 0 and 99`,
		"timeout=0":     `timeout=0: must be at least 1 second(s)`,
		"keepalive=yes": `keepalive=yes: expected On or Off`,
		"ping=5x":       `ping=5x: expected a number, perhaps with a unit: ms, s, min, h`,
	} {
		key, value, _ := strings.Cut(param, "=")
		p := DefaultParams()
		if got := fmt.Sprint(p.SetParam(key, value)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestParamTables: rows are in order, named once, documented.
func TestParamTables(t *testing.T) {
	var names []string
	for _, row := range WorkerParams() {
		names = append(names, row.Name)
		if !strings.HasSuffix(row.Doc, ".") {
			t.Errorf("%s: %q is no sentence", row.Name, row.Doc)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or repeated: %v", names)
	}
}

func FuzzParams(f *testing.F) {
	for _, row := range WorkerParams() {
		f.Add(row.Name, row.Default)
	}
	f.Add("timeout", "99999999999999999999")
	f.Fuzz(func(t *testing.T, key, value string) {
		p := DefaultParams()
		if err := p.SetParam(key, value); err == nil {
			w := NewWorker(URL{Scheme: "http", Host: "h"}, true)
			w.Params, w.Children = p, math.MaxInt32
			w.Start()
			if w.Timeout < 0 || w.Retry < 0 || w.pool.limit < 0 || w.ResponseFieldSize < 1 || w.LoadFactor < 1 {
				t.Errorf("%s=%s makes %+v", key, value, w.Params)
			}
		}
		b := DefaultBalancerParams()
		b.SetParam(key, value)
	})
}
