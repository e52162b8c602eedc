package run

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
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
}

// Start loads the configuration, binds its ports and begins to serve. Its error has been reported to stderr.
func Start(o *Options, stderr io.Writer) (*Server, error) {
	s := &Server{opt: o, kept: &module.Kept{}, sinks: &observe.Sinks{}, stderr: stderr}
	s.config = Load(o, s.kept, s.sinks)
	s.config.Report(stderr)
	if s.config.Site == nil {
		return nil, errConfig
	}
	runtime.GOMAXPROCS(runtime.NumCPU() + tunnel.DefaultLoops())
	s.config.Build.Serve()
	s.current.Store(newGeneration(s.config.Site))
	s.http = &listen.Server{Handler: http.HandlerFunc(s.serve), Settings: s.settings, Log: s.log, WrapRaw: wrapRaw}
	if err := s.ports.Update(addresses(s.config.Build), s.accept); err != nil {
		fmt.Fprintf(stderr, "transom: %v\n", err)
		return nil, err
	}
	if err := WritePid(PidFile(s.config.Build)); err != nil {
		fmt.Fprintf(stderr, "transom: %v\n", err)
		s.Stop(false)
		return nil, err
	}
	s.resume()
	return s, nil
}

// resume says in the error log, in the words that scripts wait for, that the configuration serves.
func (s *Server) resume() {
	main := s.current.Load().Servers[0]
	main.ErrorLog.Printf("core", observe.Notice, "AH00489", "%s configured -- resuming normal operations", s.current.Load().Banner)
}

func wrapRaw(c net.Conn) net.Conn { return tunnel.NewTransport(c) }

var errConfig = fmt.Errorf("the configuration has errors")

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
	main := s.current.Load().Servers[0]
	main.ErrorLog.Printf("core", observe.Error, "", "%v", err)
}

// serve hands a request to the Site of the moment.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.current.Load().Serve(w, r, connOf(r))
}

// Reload reads the configuration anew. The old one goes on serving if the new one is not in order.
func (s *Server) Reload() error {
	c := Load(s.opt, s.kept, s.sinks)
	c.Report(s.stderr)
	if c.Site == nil {
		return errConfig
	}
	if err := s.ports.Update(addresses(c.Build), s.accept); err != nil {
		fmt.Fprintf(s.stderr, "transom: %v\n", err)
		return err
	}
	s.sinks.Each(func(sink *observe.Sink) {
		if err := sink.Reopen(); err != nil {
			fmt.Fprintf(s.stderr, "transom: could not reopen the log %s: %v\n", sink.Name, err)
		}
	})
	s.config = c
	c.Build.Serve()
	s.current.Store(newGeneration(c.Site))
	s.resume()
	return nil
}

// Stop ends everything: at once, or after the requests in flight if it is graceful.
func (s *Server) Stop(graceful bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	if graceful {
		cancel()
		ctx, cancel = context.WithCancel(context.Background())
		if t := s.config.Build.Process.GracefulShutdown; t > 0 {
			ctx, cancel = context.WithTimeout(context.Background(), t)
		}
	}
	defer cancel()
	s.ports.Close()
	s.http.Shutdown(ctx)
	s.sinks.Each((*observe.Sink).Close)
	os.Remove(PidFile(s.config.Build))
}
