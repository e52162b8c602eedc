// Package proxy starts the server under test on a configuration, for tests that open a page through it.
package proxy

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"transom/test/freeport"
)

// Variable names a program that takes httpd's arguments, to be tested in the place of ./cmd/transom.
const Variable = "TRANSOM_TEST_SERVER"

// IsHttpd reports whether the tests run against Apache httpd, to see what they say of it.
func IsHttpd() bool { return strings.Contains(filepath.Base(os.Getenv(Variable)), "apache2") }

// Blog is the virtual host that Transom was written for. %[1]s is the port and %[2]s the application's address,
// where it says 80 and backend.example.local:3838; its logs are in the server's root.
const Blog = `
LoadModule proxy_wstunnel_module modules/mod_proxy_wstunnel.so

<VirtualHost *:%[1]s>
  ServerName websockets-demo.hlsdev.com
  ProxyRequests Off
  ProxyPreserveHost Off
  <Proxy *>
    Order allow,deny
    Allow from all
  </Proxy>

  # websockets?
  ProxyPassMatch ^/(.*/__sockjs__/[0-9]+/.*) ws://%[2]s/$1
  ProxyPass /  http://%[2]s/ max=1 disablereuse=on keepalive=on
  ProxyPassReverse / http://%[2]s/
  CustomLog logs/demo.log combined
  ErrorLog  logs/demo_error.log
</VirtualHost>
`

// Modern is how httpd 2.4.47 and later write it, whatever the application's paths are.
const Modern = `
<VirtualHost *:%[1]s>
  ServerName websockets-demo.hlsdev.com
  ProxyPass / http://%[2]s/ upgrade=websocket
  ProxyPassReverse / http://%[2]s/
  ErrorLog logs/demo_error.log
</VirtualHost>
`

// main is what stands around a virtual host.
const main = `
Listen 127.0.0.1:%[1]s
ServerName localhost
PidFile logs/httpd.pid
ErrorLog logs/error_log
LogFormat "%%h %%l %%u %%t \"%%r\" %%>s %%b \"%%{Referer}i\" \"%%{User-Agent}i\"" combined
%[2]s
Include conf.d/*.conf
`

// The blog's max=1 counts connections per process: with httpd it needs the MPM of its time, or a stream keeps the page
// from sending.
var modules = []string{"mpm_prefork", "authz_core", "access_compat", "proxy", "proxy_http"}

// Start serves the virtual host (Blog, Modern) before the application at the address, until the test's end, and
// returns the URL under which browsers reach it: that of the ServerName, which they must resolve to 127.0.0.1.
func Start(t *testing.T, host, application string) (url string) {
	t.Helper()
	syscall.Umask(0o022) // the server reads the files as somebody else
	root := t.TempDir()
	address := freeport.Address(t)
	_, port, _ := net.SplitHostPort(address)
	var more strings.Builder
	for _, m := range modules {
		fmt.Fprintf(&more, "LoadModule %s_module modules/mod_%s.so\n", m, m)
	}
	if os.Getuid() == 0 {
		more.WriteString("User nobody\nGroup nogroup\n")
		must(t, os.Chmod(root, 0o755))
	}
	write(t, root, "conf/httpd.conf", fmt.Sprintf(main, port, more.String()))
	write(t, root, "conf.d/z-websockets-demo.conf", fmt.Sprintf(host, port, application))
	must(t, os.Mkdir(filepath.Join(root, "logs"), 0o755))
	must(t, os.Mkdir(filepath.Join(root, "htdocs"), 0o755))
	must(t, os.Symlink("/usr/lib/apache2/modules", filepath.Join(root, "modules")))

	cmd := exec.Command(program(t), "-d", root, "-f", "conf/httpd.conf", "-DFOREGROUND")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 5 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // prefork's TERM goes to the whole group
	must(t, cmd.Start())
	exited := make(chan struct{})
	go func() {
		cmd.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		stop(t, cmd, exited)
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", cmd, &output, errorLogs(root))
		}
	})
	await(t, address, exited)
	return "http://websockets-demo.hlsdev.com:" + port
}

func program(t *testing.T) string {
	t.Helper()
	if named := os.Getenv(Variable); named != "" {
		return named
	}
	binary := filepath.Join(t.TempDir(), "transom")
	cmd := exec.Command("go", "build", "-o", binary, "transom/cmd/transom")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // the static binary that is shipped
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build transom/cmd/transom: %v\n%s", err, out)
	}
	return binary
}

// stop ends the server as -k stop does.
func stop(t *testing.T, cmd *exec.Cmd, exited <-chan struct{}) {
	select {
	case <-exited:
		t.Error("the server had ended before the test did")
		return
	default:
	}
	cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-exited:
	case <-time.After(15 * time.Second):
		t.Error("the server did not end after SIGTERM")
		cmd.Process.Kill()
		<-exited
	}
}

func await(t *testing.T, address string, exited <-chan struct{}) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		select {
		case <-exited:
			t.Fatal("the server ended at once")
		default:
		}
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
	}
	t.Fatalf("the server does not listen on %s", address)
}

func errorLogs(root string) string {
	var all strings.Builder
	files, _ := filepath.Glob(filepath.Join(root, "logs", "*error*"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		fmt.Fprintf(&all, "-- %s --\n%s", filepath.Base(f), text)
	}
	return all.String()
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
