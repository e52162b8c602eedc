package status

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"transom/internal/module"
	"transom/internal/modules/core"
	authzcore "transom/internal/modules/mod_authz_core"
	proxy "transom/internal/modules/mod_proxy"
	balancer "transom/internal/modules/mod_proxy_balancer"
	proxyhttp "transom/internal/modules/mod_proxy_http"
	"transom/internal/site/sitetest"
)

// process is a server in a state that the test makes up.
type process struct{ connections []module.Connection }

func (p *process) Started() time.Time               { return time.Now().Add(-26*time.Hour - 5*time.Second) }
func (p *process) Reloaded() time.Time              { return time.Now().Add(-time.Hour) }
func (p *process) Generation() int                  { return 3 }
func (p *process) LostLogLines() int64              { return 7 }
func (p *process) Connections() []module.Connection { return p.connections }

func serving(t *testing.T, config string, connections ...module.Connection) *sitetest.Site {
	s := sitetest.New(t, "<Location /s>\nSetHandler server-status\n</Location>\n"+config, []*module.Module{core.Module(), authzcore.Module(), Module()})
	s.Build.Live = &process{connections}
	return s
}

func connection(state byte, line string) module.Connection {
	return module.Connection{Client: netip.MustParseAddrPort("192.0.2.9:1000"), State: state, Since: time.Now(), VHost: "www.example.com", Line: line,
		Protocol: "http/1.1", Accesses: 2, Bytes: 2048}
}

// keys are the lines of ?auto, in order.
func keys(text string) (names []string, values map[string]string) {
	values = map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n")[1:] {
		name, value, _ := strings.Cut(line, ": ")
		names = append(names, name)
		values[name] = value
	}
	return names, values
}

func TestAuto(t *testing.T) {
	s := serving(t, "MaxRequestWorkers 10", connection('W', "GET /a HTTP/1.1"), connection('R', ""), connection('K', ""), connection('K', ""))
	for range 4 {
		s.Get(t, "/index.html")
	}
	w := s.Get(t, "/s?auto")
	if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "text/plain; charset=ISO-8859-1" {
		t.Fatalf("%d %s", w.Code, got)
	}
	if first, _, _ := strings.Cut(w.Body.String(), "\n"); first != "www.example.com" {
		t.Errorf("the first line is %q", first)
	}
	names, values := keys(w.Body.String())
	// As httpd 2.4.71 with the event MPM, but for the tunnels.
	want := `ServerVersion ServerMPM ServerBuilt CurrentTime RestartTime ParentServerConfigGeneration ParentServerMPMGeneration
		ServerUptimeSeconds ServerUptime Load1 Load5 Load15 TotalAccesses TotalkBytes TotalDuration CPUUser CPUSystem CPUChildrenUser
		CPUChildrenSystem CPULoad Uptime ReqPerSec BytesPerSec BytesPerReq DurationPerReq BusyWorkers GracefulWorkers IdleWorkers Processes
		Stopping ConnsTotal ConnsAsyncWaitIO ConnsAsyncWriting ConnsAsyncKeepAlive ConnsAsyncClosing Tunnels LostLogLines Scoreboard`
	if _, ok := loadAverage(); !ok {
		want = strings.Replace(want, "Load1 Load5 Load15 ", "", 1)
	}
	if got := strings.ReplaceAll(strings.Join(names, "\n"), " ", ""); got != strings.Join(strings.Fields(want), "\n") {
		t.Errorf("the keys are\n%s", got)
	}
	for name, want := range map[string]string{
		"Total Accesses": "4", "BusyWorkers": "2", "IdleWorkers": "8", "ConnsTotal": "4", "ConnsAsyncKeepAlive": "2", "Scoreboard": "WR________",
		"ParentServerConfigGeneration": "3", "BytesPerReq": "0", "Tunnels": "0", "LostLogLines": "7",
	} {
		if values[name] != want {
			t.Errorf("%s: %s, want %s", name, values[name], want)
		}
	}
	if _, err := time.Parse(longTime, values["CurrentTime"]); err != nil {
		t.Errorf("CurrentTime: %v", err)
	}
	for _, name := range []string{"CPUUser", "CPULoad", "ReqPerSec", "DurationPerReq"} {
		if !regexp.MustCompile(`^[0-9.e+-]+$`).MatchString(values[name]) {
			t.Errorf("%s: %q is no number", name, values[name])
		}
	}
}

func TestMoreConnectionsThanWorkers(t *testing.T) {
	s := serving(t, "MaxClients 1", connection('W', "x"), connection('W', "y"))
	if _, values := keys(s.Get(t, "/s?auto").Body.String()); values["BusyWorkers"] != "2" || values["IdleWorkers"] != "1" {
		t.Errorf("%s busy, %s idle", values["BusyWorkers"], values["IdleWorkers"])
	}
}

func TestExtendedStatusOff(t *testing.T) {
	s := serving(t, "ExtendedStatus Off", connection('W', "GET /secret HTTP/1.1"))
	for _, query := range []string{"", "?auto", "?notable"} {
		if body := s.Get(t, "/s"+query).Body.String(); strings.Contains(body, "secret") || strings.Contains(body, "192.0.2.9") || strings.Contains(body, "Total Acc") {
			t.Errorf("/s%s tells of requests:\n%s", query, body)
		}
	}
}

func TestPage(t *testing.T) {
	s := serving(t, "", connection('W', "GET /<script>alert(1)</script> HTTP/1.1"))
	for _, query := range []string{"", "?notable"} {
		w := s.Get(t, "/s"+query)
		body := w.Body.String()
		if w.Code != 200 || strings.Contains(body, "<script>") || !strings.Contains(body, "GET /&lt;script&gt;") || !strings.Contains(body, "192.0.2.9") {
			t.Errorf("/s%s: %d\n%s", query, w.Code, body)
		}
		if tables := strings.Count(body, "<table"); (tables == 0) != (query == "?notable") {
			t.Errorf("/s%s has %d tables", query, tables)
		}
	}
}

func TestRefreshAndMethod(t *testing.T) {
	s := serving(t, "")
	for query, want := range map[string]string{"": "", "?refresh=5": "5", "?refresh": "10", "?auto&refresh=7": "7", "?refresh=x": "10", "?refresh=-1": "10"} {
		if got := s.Get(t, "/s"+query).Header().Get("Refresh"); got != want {
			t.Errorf("%s: Refresh %q, want %q", query, got, want)
		}
	}
	if w := s.Do(t, sitetest.Request("POST", "/s")); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	if w := s.Do(t, sitetest.Request("HEAD", "/s")); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// TestSections shows what other modules add.
func TestSections(t *testing.T) {
	for _, c := range []struct {
		directive string
		shown     bool
	}{{"ProxyStatus On", true}, {"ProxyStatus Off", false}, {"", false}} {
		s := sitetest.New(t, c.directive+`
<Location /s>
SetHandler server-status
</Location>
ProxyPass /app http://192.0.2.7:3000/app
<Proxy balancer://b>
BalancerMember http://192.0.2.8
</Proxy>
ProxyPass /b balancer://b
`, []*module.Module{core.Module(), authzcore.Module(), proxy.Module(), proxyhttp.Module(), balancer.Module(), Module()})
		s.Build.Serve()
		page, auto := s.Get(t, "/s").Body.String(), s.Get(t, "/s?auto").Body.String()
		for _, text := range []string{"<td>http://192.0.2.7:3000/app</td><td>Init Ign Ok </td>", "ProxyWorker[0]Name: http://192.0.2.7:3000/app\n",
			"<h1>Proxy LoadBalancer Status for balancer://b</h1>", "ProxyBalancer[0]Worker[0]Name: http://192.0.2.8\n"} {
			if strings.Contains(page+auto, text) != c.shown {
				t.Errorf("%q: the text %q, shown: %v", c.directive, text, !c.shown)
			}
		}
	}
}

func TestUptime(t *testing.T) {
	for seconds, want := range map[int]string{0: "0 seconds", 1: "1 second", 60: "1 minute", 93605: "1 day 2 hours 5 seconds", 180000: "2 days 2 hours"} {
		if got := (&snapshot{Uptime: time.Duration(seconds) * time.Second}).UptimeText(); got != want {
			t.Errorf("%d: %q, want %q", seconds, got, want)
		}
	}
}
