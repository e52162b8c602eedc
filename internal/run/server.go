package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"transom/internal/listen"
	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/tunnel"
)

// Server is a running Transom. One Site serves at a time; a reload swaps it.
type Server struct {
	opt     *Options
	kept    *module.Kept
	sinks   *observe.Sinks
	current atomic.Pointer[generation]
	http    *listen.Server
	ports   listen.Ports
	config  *Config
	stderr  io.Writer
	control *control // nil: no control socket
	live    *live
	heap    *heap
	reserve bool // some rights of root are kept for reloads

	patience context.Context // with a graceful stop
	cut      func()          // ends it
}

// Start loads the configuration, binds its ports and begins to serve. Its error has been reported to stderr. It is ErrRunning if
// another process serves already.
func Start(o *Options, stderr io.Writer) (*Server, error) {
	s := &Server{opt: o, kept: &module.Kept{}, stderr: stderr}
	s.sinks = observe.NewSinks(s.lostLines)
	s.patience, s.cut = context.WithCancel(context.Background())
	s.live = &live{Server: s, started: time.Now()}
	s.config = Load(o, s.kept, s.sinks)
	if o.Quiet {
		s.config.ReportErrors(stderr)
	} else {
		s.config.Report(stderr)
	}
	if s.config.Site == nil {
		s.sinks.Close()
		return nil, errConfig
	}
	if pid := alreadyRuns(PidFile(s.config.Build)); pid != 0 {
		s.sinks.Close()
		fmt.Fprintf(stderr, "httpd (pid %d) already running\n", pid)
		return nil, ErrRunning
	}
	if err := s.start(); err != nil {
		s.sinks.Close()
		fmt.Fprintf(stderr, "transom: %v\n", err)
		return nil, err
	}
	return s, nil
}

// start does in order what can fail: who to be, ports, the process ID, and giving root's rights up before anyone is served.
func (s *Server) start() error {
	b := s.config.Build
	id, err := identityOf(&b.Process)
	if err != nil {
		return err
	}
	s.current.Store(newGeneration(s.config.Site))
	s.http = &listen.Server{Handler: s.serve, Settings: s.settings, Log: s.log, WrapRaw: wrapRaw}
	gate := make(chan struct{})
	defer close(gate)
	if err := s.ports.Update(addresses(b), func(l net.Listener) { <-gate; s.accept(l) }); err != nil {
		return bindingFailed(b, err)
	}
	if err := WritePid(PidFile(b)); err != nil {
		s.ports.Close()
		return err
	}
	s.openControl(b)
	if id == nil && os.Geteuid() == 0 {
		s.tell(observe.Warn, "", "no User is named, so that everybody is served with root's rights: name a User and a Group")
	}
	tellCrashes(b)
	if s.reserve, err = id.become(); err != nil {
		s.closeControl()
		s.ports.Close()
		os.Remove(PidFile(b))
		return err
	}
	if id != nil && !s.reserve {
		s.tell(observe.Warn, "", "a reload will have the rights of User only: it can't reopen logs or read keys that are root's, nor bind ports below 1024 (on Linux a build with CGO_ENABLED=0 can)")
	}
	s.sinks.Commit(nil)
	s.live.serveWith(b)
	s.heap = newHeap()
	return nil
}

// resume says in the error log, in the words that scripts wait for, that the configuration serves.
func (s *Server) resume() {
	s.tell(observe.Notice, "AH00489", s.current.Load().Banner+" configured -- resuming normal operations")
}

func wrapRaw(c net.Conn) net.Conn { return tunnel.NewTransport(c) }

var errConfig = errors.New("the configuration has errors")

// ErrRunning is Start's answer where the PidFile names a process that lives.
var ErrRunning = errors.New("already running")

func addresses(b *module.Build) []string {
	var list []string
	for _, l := range b.Listen {
		list = append(list, l.Address)
	}
	return list
}

func (s *Server) settings(local netip.AddrPort, host string) *listen.Settings {
	return s.current.Load().listenSettings(local, host)
}

func (s *Server) accept(l net.Listener) {
	if err := s.http.Serve(l); err != nil && err != listen.ErrServerClosed {
		s.log(err)
	}
}

func (s *Server) log(err error) {
	if failed := (*listen.HandshakeError)(nil); errors.As(err, &failed) {
		s.current.Load().Servers[0].ErrorLog.Write(observe.Record{Level: observe.Info, Module: "ssl", Code: "AH02008", Client: failed.Client,
			Text: "TLS handshake failed: " + failed.Err.Error()})
		return
	}
	s.tell(observe.Error, "", err.Error())
}

// Reload reads the configuration anew. The old one goes on serving if the new one is not in order.
func (s *Server) Reload() {
	s.privileged(func() {
		if err := s.reload(); err != nil {
			s.tell(observe.Error, "", fmt.Sprintf("reload: %v; the configuration that was in force goes on serving", err))
		}
	})
}

func (s *Server) reload() error {
	c := Load(s.opt, s.kept, s.sinks)
	if c.Site == nil {
		s.sinks.Rollback()
		s.report(c)
		return fmt.Errorf("the new configuration has errors: %d", len(c.Errors))
	}
	gate := make(chan struct{})
	defer close(gate)
	if err := s.ports.Update(addresses(c.Build), func(l net.Listener) { <-gate; s.accept(l) }); err != nil {
		s.sinks.Rollback()
		return bindingFailed(c.Build, err)
	}
	s.sinks.Commit(func(sink *observe.Sink, err error) {
		s.tell(observe.Error, "", fmt.Sprintf("could not reopen the log %s, so that it goes on where it was: %v", sink.Name, err))
	})
	tellCrashes(c.Build)
	s.movePid(PidFile(s.config.Build), PidFile(c.Build))
	s.openControl(c.Build)
	s.config = c
	s.live.serveWith(c.Build)
	s.current.Store(newGeneration(c.Site))
	s.report(c)
	s.resume()
	return nil
}

// movePid follows a PidFile that a reload changes.
func (s *Server) movePid(from, to string) {
	if from == to {
		return
	}
	if err := WritePid(to); err != nil {
		s.tell(observe.Error, "", err.Error()+"; -k will not find this server")
	}
	os.Remove(from)
}

// report puts a reload's diagnostics where someone will see them: nobody may be behind standard error any more.
func (s *Server) report(c *Config) {
	c.Report(s.stderr)
	for _, d := range c.Errors {
		s.tell(observe.Error, "AH00526", d.String())
	}
	for _, d := range c.Warnings {
		s.tell(observe.Warn, "", d.String())
	}
}

// lostLines tells of log lines that a program did not read, or for which a disk had no room.
func (s *Server) lostLines(log string, lines int64, why error) {
	if s.current.Load() != nil {
		s.tell(observe.Error, "", fmt.Sprintf("%d lines for the log %s were lost: %v", lines, log, why))
	}
}

// tell writes to the main server's error log.
func (s *Server) tell(level observe.Level, code, text string) {
	s.current.Load().Servers[0].ErrorLog.Write(observe.Record{Level: level, Module: "core", Code: code, Text: text})
}
