package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"transom/test/e2e/harness"
)

// A trial counts what one server does with the corpus.
type trial struct {
	dir     string
	server  harness.Server
	httpd   harness.Server // judges what is broken
	timeout time.Duration

	configs, loaded int
	probes, agreed  int
	broken, judged  int
	remarks         []string
}

// remark keeps what is printed at the end, without the server's warnings.
func (t *trial) remark(format string, args ...any) {
	var lines []string
	for l := range strings.Lines(fmt.Sprintf(format, args...)) {
		if !strings.Contains(l, "warning: ") {
			lines = append(lines, l)
		}
	}
	t.remarks = append(t.remarks, strings.TrimSuffix(strings.Join(lines, ""), "\n"))
}

func (t *trial) print() {
	for _, r := range t.remarks {
		fmt.Println(r)
	}
	fmt.Printf("%d of %d configurations load\n", t.loaded, t.configs)
	fmt.Printf("%d of %d probes end as with httpd 2.4.71\n", t.agreed, t.probes)
	fmt.Printf("%d of %d broken configurations are judged as by httpd\n", t.judged, t.broken)
}

func (t *trial) tryConfigs(probes map[string][]probe, only string) error {
	files, err := filepath.Glob(filepath.Join(t.dir, "configs", "*.conf"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".conf")
		if only != "" && name != only {
			continue
		}
		t.configs++
		t.probes += len(probes[name])
		if err := t.tryConfig(f, name, probes[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// tryConfig serves one configuration and sends its probes. The error says that the
// trial itself went wrong.
func (t *trial) tryConfig(file, name string, probes []probe) error {
	ports := []int{80, 443}
	for _, p := range probes {
		if p.Port != 80 && p.Port != 443 {
			ports = append(ports[:2], p.Port)
		}
	}
	conf, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	site, err := t.prepare(string(conf), ports)
	if err != nil {
		return err
	}
	defer site.close()
	server, err := t.server.Start(site.root, t.timeout)
	if err != nil {
		t.remark("%s does not load: %s", name, original(err.Error(), site.root, site.ports))
		return nil
	}
	t.loaded++
	proxied := strings.Contains(strings.ToLower(string(conf)), "remoteipproxyprotocol on")
	for _, p := range probes {
		got, err := p.send(site.recorder, t.timeout, proxied)
		if err != nil {
			got = err.Error()
		}
		if got = original(got, site.root, site.ports); got == p.Observed {
			t.agreed++
		} else {
			t.remark("%s: %s %s\n\thttpd: %s\n\there:  %s", name, p.Method, p.Path, p.Observed, got)
		}
	}
	return server.Stop()
}

// A site is a configuration laid out below a temporary root, with its backends.
type site struct {
	root     string
	ports    []int
	recorder *recorder
}

func (s *site) close() {
	s.recorder.close()
	os.RemoveAll(s.root)
}

// prepare returns a site that the caller closes.
func (t *trial) prepare(conf string, ports []int) (_ *site, err error) {
	root, err := os.MkdirTemp("", "corpus")
	if err != nil {
		return nil, err
	}
	s := &site{root: root, recorder: &recorder{}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := os.Chmod(root, 0o755); err != nil {
		return nil, err
	}
	cert, key, err := harness.Certificate("127.0.0.1")
	if err != nil {
		return nil, err
	}
	if s.recorder.cert, err = tls.X509KeyPair(cert, key); err != nil {
		return nil, err
	}
	if err := lay(root, filepath.Join(t.dir, "support"), cert, key); err != nil {
		return nil, err
	}
	if err := os.Symlink(t.httpd.Modules, filepath.Join(root, "modules")); err != nil {
		return nil, err
	}
	text, backends := moved(conf, root)
	s.ports = backends
	for path, data := range map[string]string{"httpd.conf": text, "start.conf": t.prelude(root, conf, ports)} {
		if err := os.WriteFile(filepath.Join(root, path), []byte(data), 0o644); err != nil {
			return nil, err
		}
	}
	os.Setenv("APACHE_LOG_DIR", root+"/var/log/apache2")
	if err := s.recorder.listen(backends); err != nil {
		return nil, err
	}
	return s, s.recorder.listenUnix(text, root)
}

// tryBroken wants the server to refuse what httpd refuses of broken/, and nothing else.
func (t *trial) tryBroken() error {
	files, err := filepath.Glob(filepath.Join(t.dir, "broken", "*.conf"))
	if err != nil {
		return err
	}
	for _, f := range files {
		conf, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		site, err := t.prepare(string(conf), []int{80})
		if err != nil {
			return err
		}
		out, err := t.server.Refuse(site.root)
		_, reference := t.httpd.Refuse(site.root)
		site.close()
		t.broken++
		if (err == nil) == (reference == nil) {
			t.judged++
		} else {
			t.remark("broken/%s: refused by httpd: %t, here: %t\n%s", filepath.Base(f), reference == nil, err == nil, out)
		}
	}
	return nil
}
