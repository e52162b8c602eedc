package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test's program be Transom's, for what runs in processes of its own.
func TestMain(m *testing.M) {
	if os.Getenv("TRANSOM_ITSELF") != "" {
		main()
	}
	os.Exit(m.Run())
}

// answered runs a command line in a ServerRoot of its own, whose path becomes ROOT in what is said.
func answered(t *testing.T, config string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"conf", "logs", "htdocs"} {
		os.Mkdir(filepath.Join(root, dir), 0o755)
	}
	os.WriteFile(filepath.Join(root, "conf", "httpd.conf"), []byte(strings.TrimLeft(config, "\n")), 0o644)
	var out, err bytes.Buffer
	status = command(append([]string{"-d", root}, args...), &out, &err)
	clean := func(b bytes.Buffer) string { return strings.ReplaceAll(b.String(), root, "ROOT") }
	return clean(out), clean(err), status
}

// What httpd 2.4.71 -S says of this, but for the order of addresses, which is a hash table's there, and its mutexes.
func TestDumpVirtualHosts(t *testing.T) {
	out, err, status := answered(t, `
ServerName main.test
Listen 80
Define PORT 8080
DocumentRoot htdocs
<VirtualHost *:80>
  ServerName first.test
  ServerAlias www.first.test *.first.test
</VirtualHost>
<VirtualHost 0.0.0.0:80 [::]:${PORT}>
  ServerName second.test
</VirtualHost>
<VirtualHost [2001:db8::1]:80>
  ServerName six.test
  ServerAlias six
</VirtualHost>
<VirtualHost 192.0.2.1>
</VirtualHost>
<VirtualHost _default_:*>
  ServerName any.test:90
</VirtualHost>
`, "-S")
	const want = `VirtualHost configuration:
[2001:db8::1]:80       six.test (ROOT/conf/httpd.conf:12)
192.0.2.1:*            main.test (ROOT/conf/httpd.conf:16)
*:80                   is a NameVirtualHost
         default server first.test (ROOT/conf/httpd.conf:5)
         port 80 namevhost first.test (ROOT/conf/httpd.conf:5)
                 alias www.first.test
                 wild alias *.first.test
         port 80 namevhost second.test (ROOT/conf/httpd.conf:9)
*:8080                 second.test (ROOT/conf/httpd.conf:9)
*:*                    any.test (ROOT/conf/httpd.conf:18)
ServerRoot: "ROOT"
Main DocumentRoot: "ROOT/htdocs"
Main ErrorLog: "ROOT/logs/error_log"
PidFile: "ROOT/logs/httpd.pid"
Define: DUMP_RUN_CFG
Define: DUMP_VHOSTS
Define: PORT=8080
`
	if out != want || err != "" || status != 0 {
		t.Errorf("status %d, %s\n%s", status, err, out)
	}
}

func TestDumpConfig(t *testing.T) {
	out, err, status := answered(t, `
Listen 80
<Location "/x">
  # not shown
  <If "true">
    Require \
      all denied
  </If>
</Location>
`, "-t", "-D", "DUMP_CONFIG")
	const want = `# In file: ROOT/conf/httpd.conf
#   1:
Listen 80
#   2:
<Location "/x">
  #   4:
  <If "true">
    #   6:
    Require all denied
  </If>
</Location>
`
	if out != want || err != "Syntax OK\n" || status != 0 {
		t.Errorf("status %d, %s\n%s", status, err, out)
	}
}

func TestExamine(t *testing.T) {
	for _, c := range []struct {
		config, args string
		stderr       string
		status       int
	}{
		{"Listen 80", "-t", "Syntax OK\n", 0},
		{"Listen 80\nListn 81\nLocation /x", "-t", "AH00526: Syntax error on line 2 of ROOT/conf/httpd.conf:\nInvalid command 'Listn', perhaps misspelled", 1},
		{"Listen 80", "-t -f conf/none.conf", "transom: Could not open configuration file ROOT/conf/none.conf: no such file or directory\n", 1},
		{"Listen 80\nDocumentRoot none", "-t", "AH00526: Syntax error on line 2 of ROOT/conf/httpd.conf:\nDocumentRoot 'ROOT/none' is not a directory, or is not readable\n", 1},
		{"Listen 80\nDocumentRoot none", "-t -T", "Syntax OK\n", 0},
		{"", "-t", "transom: no listening sockets available", 1},
		{"Listen 80", "-k reload", "transom: -k knows", 1},
		{"Broken", "-k graceful", "AH00526: Syntax error on line 1 of ROOT/conf/httpd.conf:\n", 1},
		{"Listen 80", "-E none/log -DFOREGROUND", "transom: -E: open none/log", 1},
	} {
		out, err, status := answered(t, c.config, strings.Fields(c.args)...)
		if out != "" || status != c.status || c.stderr == "" && err != "" || !strings.HasPrefix(err, c.stderr) {
			t.Errorf("%s of %q: status %d, %q and\n%s", c.args, c.config, status, out, err)
		}
	}
}

func TestStartupLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	_, err, status := answered(t, "Broken On", "-E", log, "-DFOREGROUND")
	text, _ := os.ReadFile(log)
	if err != "" || status != 1 || !strings.Contains(string(text), "Invalid command 'Broken'") {
		t.Errorf("status %d; %q on the terminal, %q in the log", status, err, text)
	}
}

// Scripts parse these.
func TestVersion(t *testing.T) {
	out, _, status := answered(t, "", "-v")
	first, _, _ := strings.Cut(out, "\n")
	if status != 0 || !strings.HasPrefix(first, "Server version: Transom/") || !strings.HasSuffix(first, " Apache/2.4.71 (Unix)") {
		t.Errorf("-v says %q", out)
	}
	out, _, _ = answered(t, "", "-V")
	for _, want := range []string{"Server's Module Magic Number: ", "Server MPM:     event\n", ` -D HTTPD_ROOT="/etc/httpd"`, ` -D SERVER_CONFIG_FILE="conf/httpd.conf"`} {
		if !strings.Contains(out, want) {
			t.Errorf("-V lacks %q:\n%s", want, out)
		}
	}
	out, _, _ = answered(t, "", "-l")
	if !strings.HasPrefix(out, "Compiled in modules:\n  core.c\n") || !strings.Contains(out, "\n  mod_proxy.c\n") {
		t.Errorf("-l says %q", out)
	}
}

func TestDumpModules(t *testing.T) {
	out, _, status := answered(t, "Listen 80\nLoadModule proxy_module modules/mod_proxy.so\n", "-M")
	if status != 0 || !strings.HasPrefix(out, "Loaded Modules:\n core_module (static)\n") || !strings.HasSuffix(out, "\n proxy_module (shared)\n") || strings.Contains(out, "rewrite") {
		t.Errorf("status %d\n%s", status, out)
	}
}

func TestDumps(t *testing.T) {
	part := filepath.Join(t.TempDir(), "part.conf")
	os.WriteFile(part, []byte("SSLCertificateFile conf/httpd.conf\n"), 0o644)
	const config = "Listen 80\nLoadModule lua_module x.so\nLoadModule x_module x.so\nLoadModule socache_shmcb_module x.so\n<IfModule core.c>\nInclude PART\n</IfModule>\nIncludeOptional none/*\n"
	for _, c := range []struct{ args, out, err string }{
		{"-t -D DUMP_INCLUDES", "Included configuration files:\n  (*) ROOT/conf/httpd.conf\n    (6) PART\n", ""},
		{"-D DUMP_CERTS", "Server certificates:\n  ROOT/conf/httpd.conf\n", "Syntax OK\n"},
		{"-t -D DUMP_MODULES -D DUMP_CERTS -e error", `Loaded Modules:
 core_module (static)
 so_module (static)
 watchdog_module (static)
 http_module (static)
 log_config_module (static)
 logio_module (static)
 version_module (static)
 unixd_module (static)
 socache_shmcb_module (shared)
Server certificates:
  ROOT/conf/httpd.conf
`, ""},
		{"-D DUMP_RUN_CFG", `ServerRoot: "ROOT"
Main DocumentRoot: "ROOT/htdocs"
Main ErrorLog: "ROOT/logs/error_log"
PidFile: "ROOT/logs/httpd.pid"
Define: DUMP_RUN_CFG
`, ""},
		{"-D DUMP_NOTHING", "", "Syntax OK\n"},
	} {
		out, err, status := answered(t, strings.ReplaceAll(config, "PART", part), append([]string{"-e", "error"}, strings.Fields(c.args)...)...)
		if out = strings.ReplaceAll(out, part, "PART"); out != c.out || err != c.err || status != 0 {
			t.Errorf("%s: status %d, %q and\n%s", c.args, status, err, out)
		}
	}
}

func TestStopOfNothing(t *testing.T) {
	for pid, want := range map[string]string{"": "httpd (no pid file) not running\n", "999999999": "httpd (pid 999999999?) not running\n"} {
		file := filepath.Join(t.TempDir(), "pid")
		if pid != "" {
			os.WriteFile(file, []byte(pid+"\n"), 0o644)
		}
		for _, action := range []string{"stop", "graceful-stop"} {
			out, err, status := answered(t, "Listen 80\nPidFile "+file, "-k", action)
			if out != want || err != "" || status != 0 {
				t.Errorf("-k %s: status %d, %q, %q", action, status, out, err)
			}
		}
	}
}

func TestStartOfWhatRuns(t *testing.T) {
	other := exec.Command("sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	file := filepath.Join(t.TempDir(), "pid")
	os.WriteFile(file, fmt.Appendln(nil, other.Process.Pid), 0o644)
	want := fmt.Sprintf("httpd (pid %d) already running\n", other.Process.Pid)
	for _, args := range [][]string{{"-DFOREGROUND"}, {"-X"}} {
		out, err, status := answered(t, "Listen 127.0.0.1:1\nPidFile "+file, args...)
		if err != want || out != "" || status != 0 {
			t.Errorf("%s: status %d, %q, %q", args, status, out, err)
		}
	}
	root := written(t, "Listen 127.0.0.1:1\nPidFile "+file)
	start := exec.Command(os.Args[0], "-d", root, "-f", "httpd.conf", "-k", "start")
	start.Env = append(os.Environ(), "TRANSOM_ITSELF=1")
	out, err := start.CombinedOutput()
	if string(out) != want || err != nil {
		t.Errorf("in the background: %v, %q", err, out)
	}
}

func TestUnknownVerb(t *testing.T) {
	for verb, meant := range map[string]string{"strt": "", "chek": ": did you mean check?", "graceful": ": did you mean -k graceful?",
		"configtest": ": did you mean -t?"} {
		status, _, err := said(verb)
		if want := fmt.Sprintf("transom: unknown verb %q%s (transom -h lists what there is)\n", verb, meant); status != 1 || err != want {
			t.Errorf("status %d, %q", status, err)
		}
	}
	for _, help := range []string{"-h", "--help", "help"} {
		if status, out, _ := said(help); status != 0 || !strings.HasPrefix(out, "Usage: transom ") {
			t.Errorf("%s: status %d\n%s", help, status, out)
		}
	}
}

func TestOptionsBehindArguments(t *testing.T) {
	root := written(t, "Listen 127.0.0.1:1\nServerName h\nProxyPass / http://127.0.0.1:3000/\n")
	if status, out, err := said("explain", "wss://h/x", "-d", root, "-f", "httpd.conf"); status != 0 || !strings.Contains(out, "WebSocket handshake") {
		t.Errorf("status %d, %q, %q", status, out, err)
	}
	for want, args := range map[string][]string{
		"expected http, https, ws or wss":      {"explain", "-d", root, "-f", "httpd.conf", "ftp://h/"},
		"two hexadecimal digits":               {"explain", "-d", root, "-f", "httpd.conf", "/%zz"},
		"expected one URL, not":                {"explain", "/a", "/b"},
		"expected no arguments, not [\"foo\"]": {"demo", "foo"},
		"none.conf: no such file":              {"tunnels", "-d", root, "-f", "none.conf"},
	} {
		if status, _, err := said(args...); status != 1 || !strings.Contains(err, want) {
			t.Errorf("%q: status %d, %q", args, status, err)
		}
	}
}
