package run

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals of httpd (stopping.html of its manual).
const (
	SignalStop         = syscall.SIGTERM
	SignalRestart      = syscall.SIGHUP
	SignalGraceful     = syscall.SIGUSR1
	SignalGracefulStop = syscall.SIGWINCH
)

// Run serves until a signal says stop. A restart is graceful here in both forms: a new configuration cuts nobody off.
func (s *Server) Run() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, SignalStop, SignalRestart, SignalGraceful, SignalGracefulStop, os.Interrupt)
	signal.Ignore(syscall.SIGPIPE)
	for sig := range signals {
		switch sig {
		case SignalRestart, SignalGraceful:
			s.Reload()
		case SignalGracefulStop:
			go s.stopOn(signals)
			s.Stop(true)
			return
		default:
			s.Stop(false)
			return
		}
	}
}

// stopOn ends a graceful stop that someone does not want to wait for.
func (s *Server) stopOn(signals chan os.Signal) {
	for sig := range signals {
		if sig == SignalStop || sig == os.Interrupt {
			s.Stop(false)
			os.Exit(0)
		}
	}
}
