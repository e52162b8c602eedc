package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"transom/test/freeport"
)

// A Harness runs scripts against one server.
type Harness struct {
	Server  Server
	Timeout time.Duration // for each thing that is waited for
	ca      *authority
}

// New returns a harness for the server.
func New(s Server, timeout time.Duration) (*Harness, error) {
	syscall.Umask(0o022) // a server that root starts reads the files as somebody else
	ca, err := newAuthority()
	return &Harness{Server: s, Timeout: timeout, ca: ca}, err
}

// A Failure is a step whose expectation was not met.
type Failure struct {
	Line int    // in the file
	Step string // as written
	Got  string // with ${PORT} and the like put back
}

func (f Failure) String() string { return fmt.Sprintf("line %d: %s\n\tgot %s", f.Line, f.Step, f.Got) }

// A Result is what running a script showed.
type Result struct {
	Failures []Failure
	Output   string // of the server: its standard streams and its error log
	Remark   string // what was different on this machine, if anything
}

// run is one script being played.
type run struct {
	*Harness
	env      *env
	host     string
	port     string
	proc     *Process
	backends map[string]*backend
	conns    map[string]*conn
}

// Play runs the script. The error says that it could not be played at all.
func (h *Harness) Play(s *Script) (res Result, err error) {
	root, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return res, err
	}
	defer os.RemoveAll(root)
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return res, err
	}
	r := &run{Harness: h, backends: map[string]*backend{}, conns: map[string]*conn{},
		env: &env{root: root, ca: h.ca, values: map[string]string{}}}
	defer r.closeAll()
	if err := r.prepare(s); err != nil {
		return res, err
	}
	steps := r.skipBackends(s.steps)
	if steps[0].words[0] != "refused" {
		if r.proc, err = h.Server.Start(root, startTimeout); err != nil {
			return res, fmt.Errorf("%w\n%s", err, r.env.normal(r.output()))
		}
	}
	for _, st := range steps {
		f, err := r.try(st)
		if err != nil {
			return res, err
		}
		res.Failures = append(res.Failures, f...)
	}
	r.closeConns()
	if r.proc != nil {
		if err := r.proc.Stop(); err != nil {
			res.Failures = append(res.Failures, Failure{Step: "(end)", Got: err.Error()})
		}
	}
	res.Output, res.Remark = r.output(), r.env.remark
	return res, nil
}

func (r *run) output() string {
	out := ""
	if r.proc != nil {
		out = r.proc.out.String()
	}
	log, _ := os.ReadFile(filepath.Join(r.env.root, "logs/error_log"))
	return out + string(log)
}

func (r *run) closeConns() {
	for _, c := range r.conns {
		if c != nil {
			c.abandon()
		}
	}
	for _, b := range r.backends {
		b.stop()
	}
}

func (r *run) closeAll() {
	r.closeConns()
	if r.proc != nil {
		r.proc.Stop()
	}
}

// prepare opens the backends and writes the files.
func (r *run) prepare(s *Script) (err error) {
	for _, dir := range []string{"", "logs", "htdocs"} {
		if err := os.MkdirAll(filepath.Join(r.env.root, dir), 0o755); err != nil {
			return err
		}
		if err := os.Chmod(filepath.Join(r.env.root, dir), 0o755); err != nil {
			return err
		}
	}
	if m := r.Server.Modules; m != "" {
		if err := os.Symlink(m, filepath.Join(r.env.root, "modules")); err != nil {
			return err
		}
	}
	if r.port, err = r.env.expand("${PORT}"); err != nil {
		return err
	}
	r.host = "localhost:" + r.port
	for _, st := range s.steps {
		if st.words[0] == "backend" {
			if err := r.openBackend(st); err != nil {
				return fmt.Errorf("%s:%d: %w", s.Name, st.line, err)
			}
		}
	}
	for path, text := range map[string]string{"mime.types": mimeTypes, "modules.load": loadModules()} {
		if err := r.writeFile(path, text); err != nil {
			return err
		}
	}
	for path, data := range s.Files {
		if err := r.writeFile(path, string(data)); err != nil {
			return fmt.Errorf("%s: %s: %w", s.Name, path, err)
		}
	}
	return r.writeFile("start.conf", r.Server.prelude(r.env.root, r.port))
}

// written is the date of all files, so that Last-Modified and ETag can be expected.
var written = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func (r *run) writeFile(path, text string) error {
	if !filepath.IsLocal(path) {
		return errors.New("not below ROOT")
	}
	text, err := r.env.expand(text)
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".conf") {
		text = r.Server.readable(text)
	}
	path, err = r.env.store(path, []byte(text))
	if err != nil {
		return err
	}
	return os.Chtimes(path, written, written)
}

// openBackend plays "backend NAME [echo | answer STATUS | down] [tls] [unix]".
func (r *run) openBackend(st step) error {
	if len(st.words) < 2 {
		return errors.New("backend wants a name")
	}
	b := &backend{name: st.words[1], timeout: r.Timeout,
		accepted: make(chan *conn, 64), ready: make(chan *conn, 64)}
	r.backends[b.name] = b
	network, down := "tcp", false
	var cert *tls.Certificate
	for i, w := range st.words[2:] {
		switch {
		case w == "echo":
			b.echo = true
		case w == "answer":
			b.reply = &st
		case w == "down":
			down = true
		case w == "tls":
			l, err := r.ca.issue("localhost")
			if err != nil {
				return err
			}
			cert = &l.pair
		case w == "unix":
			network, b.addr = "unix", filepath.Join(r.env.root, b.name+".sock")
		case i > 0 && st.words[i+1] == "answer":
		default:
			return fmt.Errorf("unknown word %q", w)
		}
	}
	if down {
		port, err := freeport.Next()
		b.addr = "127.0.0.1:" + port
		r.env.values["${BACKEND_"+b.name+"}"] = b.addr
		return err
	}
	err := b.listen(network, cert)
	r.env.values["${BACKEND_"+b.name+"}"] = b.addr
	if network == "unix" && err == nil {
		err = os.Chmod(b.addr, 0o666)
	}
	return err
}

func (r *run) skipBackends(steps []step) []step {
	var rest []step
	for _, st := range steps {
		if st.words[0] != "backend" {
			rest = append(rest, st)
		}
	}
	return rest
}

// dial opens a client's connection: [tls NAME [alpn h2]] [from ADDR] [to ADDR].
func (r *run) dial(options []string) (*conn, error) {
	to, name, secure := "127.0.0.1:"+r.port, "", false
	var alpn []string
	d := net.Dialer{Timeout: r.Timeout}
	for i := 0; i < len(options); i += 2 {
		if i+1 == len(options) {
			return nil, fmt.Errorf("%s wants a value", options[i])
		}
		switch v := options[i+1]; options[i] {
		case "tls":
			secure, name = true, strings.TrimPrefix(v, "-")
		case "alpn":
			alpn = []string{v}
		case "from":
			d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(v)}
		case "to":
			to = v
		default:
			return nil, fmt.Errorf("unknown option %q", options[i])
		}
	}
	nc, err := d.Dial("tcp", to)
	if err != nil {
		return nil, err
	}
	if secure {
		// Which certificate is shown is for "recv cert" to check.
		t := tls.Client(nc, &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: alpn})
		t.SetDeadline(time.Now().Add(r.Timeout))
		if err := t.Handshake(); err != nil {
			nc.Close()
			return nil, fmt.Errorf("TLS handshake: %w", plain(err))
		}
		t.SetDeadline(time.Time{})
		nc = t
		if alpn != nil {
			if nc, err = http2Client(t); err != nil {
				t.Close()
				return nil, err
			}
		}
	}
	c := newConn(nc, false, r.Timeout)
	c.host, c.options = r.host, options
	if name != "" {
		c.host = name
	}
	return c, nil
}
