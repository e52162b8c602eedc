package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"transom/internal/check"
	"transom/internal/explain"
	"transom/internal/run"
	"transom/test/freeport"
)

// written makes a ServerRoot with a configuration.
func written(t *testing.T, config string) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, dir := range []string{"logs", "htdocs"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "httpd.conf"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

func said(args ...string) (status int, stdout, stderr string) {
	var out, errs strings.Builder
	status = command(args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestCheckVerb(t *testing.T) {
	root := written(t, "Listen 127.0.0.1:1\nServerName h\nProxyPass /a http://127.0.0.1:3000/\n")
	file := filepath.Join(root, "httpd.conf")
	status, out, _ := said("check", "-d", root, "-f", "httpd.conf")
	if want := file + ":3: T005 warning: ProxyPass /a http://127.0.0.1:3000/\n"; status != 1 || !strings.HasPrefix(out, want) {
		t.Errorf("%d %q", status, out)
	}
	var found []check.Finding
	status, out, _ = said("check", "--json", "-d", root, file)
	if err := json.Unmarshal([]byte(out), &found); err != nil || status != 1 || len(found) != 1 || found[0].Line != 3 {
		t.Errorf("%d %v %s", status, err, out)
	}
	if err := os.WriteFile(file, []byte("ServerName h\nProxyPass /a http://127.0.0.1:3000/a\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, out, _ := said("check", "-json", "-d", root, file); status != 0 || out != "[]\n" {
		t.Errorf("a part of a configuration: %d %q", status, out)
	}
	if status, out, _ := said("check", "-d", filepath.Join(root, "none"), file); status != 0 {
		t.Errorf("a part, without a place for logs: %d %q", status, out)
	}
	if status, out, _ := said("check", "-d", root, "-f", "none.conf"); status != 1 || !strings.Contains(out, "T099 error") {
		t.Errorf("a missing file: %d %q", status, out)
	}
}

func TestExplainVerb(t *testing.T) {
	root := written(t, "Listen 127.0.0.1:1\nServerName h\nCustomLog logs/access_log common\nProxyPass /a http://127.0.0.1:2/b\n")
	status, out, errs := said("explain", "-d", root, "-f", "httpd.conf", "-H", "X-A: b", "--json", "/a/c?d")
	var x explain.Explanation
	if err := json.Unmarshal([]byte(out), &x); err != nil || status != 0 {
		t.Fatalf("%d %v %s %s", status, err, out, errs)
	}
	if len(x.Upstream) != 1 || x.Upstream[0].Head[0] != "GET /b/c?d HTTP/1.1" || !strings.Contains(strings.Join(x.Upstream[0].Head, "\n"), "X-A: b") {
		t.Errorf("%+v", x.Upstream)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "logs", "*")); len(left) > 0 {
		t.Errorf("explaining has left %q", left)
	}
	for _, bad := range [][]string{{}, {"-H", "x", "/"}, {"--to", "nowhere", "/"}, {"x y"}} {
		if status, _, errs := said(append([]string{"explain", "-d", root, "-f", "httpd.conf"}, bad...)...); status != 1 || errs == "" {
			t.Errorf("%q: %d %q", bad, status, errs)
		}
	}
}

func TestTunnelsVerb(t *testing.T) {
	root := written(t, "Listen "+freeport.Address(t)+"\nServerName h\nTransomControlSocket logs/c\n")
	at := []string{"tunnels", "-d", root, "-f", "httpd.conf"}
	if status, _, errs := said(at...); status != 1 || !strings.Contains(errs, "no server answers") {
		t.Errorf("without a server: %d %q", status, errs)
	}
	o := &options{root: root, file: "httpd.conf"}
	s, err := run.Start(o.forRun(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop(false)
	if status, out, errs := said(at...); status != 0 || !strings.HasPrefix(out, "ID ") {
		t.Errorf("%d %q %q", status, out, errs)
	}
	if status, out, _ := said(append(at, "-json")...); status != 0 || out != "[]\n" {
		t.Errorf("%d %q", status, out)
	}
	if status, _, errs := said(append(at, "close", "7", "x")...); status != 1 || !strings.Contains(errs, "no tunnel 7") || !strings.Contains(errs, `"x" is no ID`) {
		t.Errorf("%d %q", status, errs)
	}
}

func TestPrintTunnels(t *testing.T) {
	now := time.Now()
	var out strings.Builder
	printTunnels(&out, []run.Tunnel{{ID: 3, Client: "192.0.2.1:5", Host: "h", URL: "/ws", Backend: "ws://b/ws", Started: now.Add(-time.Minute),
		LastActivity: now.Add(-2 * time.Second), FromClient: run.Traffic{Bytes: 10, Messages: 1}, Opaque: true}}, now)
	if row := strings.Join(strings.Fields(strings.Split(out.String(), "\n")[1]), " "); row != "3 192.0.2.1:5 h /ws ws://b/ws 1m0s 2s 10 0 - -" {
		t.Errorf("%q", row)
	}
}
