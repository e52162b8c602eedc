package upstream

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// members makes a balancer from lines "name key=value ..."; a first line of key=value only is the balancer's.
func members(t *testing.T, spec string) *Balancer {
	t.Helper()
	b := NewBalancer("balancer://b")
	for i, line := range strings.Split(strings.TrimSpace(spec), "\n") {
		words := strings.Fields(line)
		set := b.SetParam
		if i > 0 {
			u, err := ParseURL("http://" + words[0])
			if err != nil {
				t.Fatal(err)
			}
			w := NewWorker(u, true)
			b.Members = append(b.Members, w)
			set = w.SetParam
		}
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			if err := set(key, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, w := range b.Members {
		w.Start()
	}
	return b.Start()
}

func choices(b *Balancer, n int, route string) string {
	var names []string
	for range n {
		c, err := b.Choose(context.Background(), Session{Route: route})
		if err != nil {
			names = append(names, err.(*Error).Code)
			continue
		}
		names = append(names, c.Worker.URL.Host)
	}
	return strings.Join(names, " ")
}

func TestChoose(t *testing.T) {
	for _, test := range []struct{ name, spec, route, want string }{
		{"in turn", "b\na\nb", "", "a b a b"},
		{"by factor", "b\na loadfactor=3\nb loadfactor=1", "", "a a b a a a b a"},
		{"fractions", "b\na loadfactor=1.5\nb", "", "a b a b a"},
		{"none", "b", "", "AH01171"},
		{"disabled, stopped, failed check", "b\na status=D\nb status=S\nc status=C\nd", "", "d d"},
		{"in error: tried at once, as at httpd's start", "b\na status=E\nb", "", "a b"},
		{"stopped and in error stays out", "b\na status=SE\nb", "", "b b"},
		{"sets", "b\na lbset=1\nb lbset=0", "", "b b"},
		{"next set", "b\na lbset=1\nb status=D", "", "a a"},
		{"standby", "b\na status=+H\nb", "", "b b"},
		{"standby alone", "b\na status=+H\nb status=D", "", "a a"},
		{"standby before the next set", "b\na lbset=1\nb status=H\nc status=D", "", "b b"},
		{"spare unused", "b\na\nb status=+R", "", "a a"},
		{"one spare for one missing", "b\na status=D\nb status=R\nc status=R\nd", "", "d b d b"},
		{"spare for one that drains", "b\na status=N\nb status=R", "", "b b"},
		{"draining takes no new ones", "b\na status=N\nb", "", "b b"},
		{"draining keeps its own", "b\na status=N route=r1\nb", "r1", "a a"},
		{"route", "b\na route=r1\nb route=r2", "r2", "b b"},
		{"unknown route", "b\na route=r1\nb route=r2", "r3", "a b"},
		{"failover", "b\na route=r1 status=D\nb route=r2", "r1", "b b"},
		{"nofailover", "b nofailover=On\na route=r1 status=D\nb route=r2", "r1", "AH01167 AH01167"},
		{"nofailover, unknown route", "b nofailover=On\na route=r1\nb", "r9", "a b"},
		{"redirect", "b\na route=r1 redirect=r3 status=D\nb route=r2\nc route=r3", "r1", "c c"},
		{"all unusable", "b\na status=D\nb status=S", "", "AH01170"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := len(strings.Fields(test.want))
			if got := choices(members(t, test.spec), n, test.route); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	b := members(t, "b lbmethod=bytraffic\na\nb loadfactor=2")
	b.Members[0].pool.count(0, 1000)
	b.Members[1].pool.count(1999, 0)
	if got := choices(b, 2, ""); got != "b b" {
		t.Errorf("bytraffic: %s", got)
	}
	b = members(t, "b lbmethod=bybusyness\na\nb\nc")
	b.Members[0].pool.open = 2
	if got := choices(b, 4, ""); got != "b c b c" {
		t.Errorf("bybusyness: %s", got)
	}
}

// TestFailover: what an exchange's error does to the member, and whether the next is tried.
func TestFailover(t *testing.T) {
	for _, test := range []struct {
		name, params, member string
		err                  Error
		next, inError        bool
	}{
		{"503", "", "", Error{Status: 503}, true, true},
		{"503, ignored", "", "status=+I", Error{Status: 503}, false, false},
		{"500", "", "", Error{Status: 500}, false, true},
		{"502", "", "", Error{Status: 502}, false, false},
		{"timeout", "", "", Error{Status: 502, Timeout: true}, false, false},
		{"timeout with failontimeout", "failontimeout=on", "", Error{Status: 502, Timeout: true}, false, true},
		{"502 in failonstatus", "failonstatus=500,502", "", Error{Status: 502}, false, true},
		{"client", "", "", Error{Status: 503, Client: true}, false, false},
	} {
		b := members(t, "b "+test.params+"\na "+test.member+"\nb")
		w := b.Members[0]
		if got := b.Failed(w, &test.err); got != test.next {
			t.Errorf("%s: next is %v", test.name, got)
		}
		if got := w.Status()&InError != 0; got != test.inError {
			t.Errorf("%s: in error is %v", test.name, got)
		}
	}
}

func TestRetryAndRecovery(t *testing.T) {
	b := members(t, "b forcerecovery=Off\na retry=10\nb status=D")
	w, now := b.Members[0], time.Now()
	w.Fail(now)
	if w.Usable(now.Add(9 * time.Second)) {
		t.Error("usable before retry has passed")
	}
	if !w.Usable(now.Add(11*time.Second)) || w.Stats().Retries != 1 {
		t.Errorf("not put back: %+v", w.Stats())
	}
	w.Recover()
	if s := w.Stats(); s.Retries != 0 || !s.ErrorTime.IsZero() {
		t.Errorf("%+v", s)
	}
	w.Fail(time.Now())
	b.Members[1].SetStatus(InError, Disabled)
	b.Members[1].errorTime.Store(time.Now().UnixNano())
	if got := choices(b, 1, ""); got != "AH01170" {
		t.Errorf("without recovery: %s", got)
	}
	b.NoForcedRecovery = false
	if got := choices(b, 2, ""); got != "a b" {
		t.Errorf("forced recovery: %s", got)
	}
}

func TestAttempts(t *testing.T) {
	for spec, want := range map[string]int{"b\na": 1, "b\na\nb\nc": 2, "b maxattempts=0\na\nb": 0, "b maxattempts=7\na": 7} {
		if got := members(t, spec).Attempts(); got != want {
			t.Errorf("%q: %d", spec, got)
		}
	}
}

func TestSession(t *testing.T) {
	for _, test := range []struct{ params, target, cookie, want string }{
		{"stickysession=JSESSIONID", "/", "a=b; JSESSIONID=abc.node1", "JSESSIONID abc.node1 node1"},
		{"stickysession=JSESSIONID", "/", "XJSESSIONID=abc.node1", "  "},
		{"stickysession=JSESSIONID", "/", "jsessionid=abc.node1", "  "},
		{"stickysession=JSESSIONID", "/", `JSESSIONID="abc.n.1"`, `JSESSIONID "abc.n.1" n.1"`},
		{"stickysession=JSESSIONID", "/", "JSESSIONID=abc", "  "},
		{"stickysession=R stickysessionsep=!", "/", "R=abc!node1", "R abc!node1 node1"},
		{"stickysession=R stickysessionsep=Off", "/", "R=node.1", "R node.1 node.1"},
		{"stickysession=R", "/x;R=abc.n1?y", "", "R abc.n1 n1"},
		{"stickysession=R", "/x?a=1&R=abc.n1&b=2", "", "R abc.n1 n1"},
		{"stickysession=R", "/x?aR=abc.n1", "", "R abc.n1 n1"},
		{"stickysession=R stickysessionsep=!", "/x;R=abc!n1", "", "R abc!n1 n1"},
		{"stickysession=R", "/", "a=R=abc.n2", "  "},
		{"stickysession=R", "/", "q=1,R =abc.n2", "R abc.n2 n2"},
		{"stickysession=R", "/x;R=abc.n1;b=2", "", "R abc.n1;b=2 n1;b=2"},
		{"stickysession=R scolonpathdelim=On", "/x;R=abc.n1;b=2", "", "R abc.n1 n1"},
		{"stickysession=C|p", "/x;p=a.n1", "C=b.n2", "p a.n1 n1"},
		{"stickysession=C|p", "/x;C=a.n1", "C=b.n2", "C b.n2 n2"},
		{"", "/x;C=a.n1", "C=b.n2", "  "},
	} {
		b := members(t, "b "+test.params)
		h := http.Header{}
		if test.cookie != "" {
			h.Set("Cookie", test.cookie)
		}
		s := b.Session(test.target, h)
		if got := fmt.Sprintf("%s %s %s", s.Name, s.Value, s.Route); got != test.want {
			t.Errorf("%s: %s %s: got %q, want %q", test.params, test.target, test.cookie, got, test.want)
		}
	}
}

func FuzzSession(f *testing.F) {
	f.Add("/x;R=a.b?R=c", "R=x.y; R=z", true)
	f.Fuzz(func(t *testing.T, target, cookie string, semicolon bool) {
		b := &Balancer{BalancerParams: BalancerParams{StickySession: "R", StickyPath: "R", StickySep: '.', ScolonPathDelim: semicolon}}
		s := b.Session(target, http.Header{"Cookie": {cookie}})
		if s.Route != "" && !strings.HasSuffix(s.Value, s.Route) {
			t.Errorf("route %q of %q", s.Route, s.Value)
		}
		if s.Name == "" && s.Value != "" || s.Value != "" && !strings.Contains(target+cookie, s.Value) {
			t.Errorf("%+v", s)
		}
	})
}

// With retry=0 others have a member in use again as soon as it has failed. The request that it failed goes to the next one all the same.
func TestFailedWithoutRetry(t *testing.T) {
	b := members(t, "b\na retry=0\nc")
	w, stop, stopped := b.Members[0], make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				w.Usable(time.Now().Add(time.Second))
			}
		}
	}()
	for i := range 1_000_000 {
		if !b.Failed(w, &Error{Status: http.StatusServiceUnavailable}) {
			t.Errorf("failure %d: no other member is tried", i)
			break
		}
	}
	close(stop)
	<-stopped
}
