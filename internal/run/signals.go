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

// Run serves until a signal says stop; ready is called when signals are heeded. A restart is graceful here in both forms: a
// new configuration cuts nobody off.
func (s *Server) Run(ready func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, SignalStop, SignalRestart, SignalGraceful, SignalGracefulStop, os.Interrupt)
	signal.Ignore(syscall.SIGPIPE)
	s.resume() // not before: whoever reads this line may signal at once
	ready()
	for sig := range signals {
		switch sig {
		case SignalRestart, SignalGraceful:
			s.Reload()
		default:
			s.stopOn(signals, sig == SignalGracefulStop)
			return
		}
	}
}

// stopOn stops. Whoever does not want to wait for a graceful stop may say so, and again for one that does not come to its end.
func (s *Server) stopOn(signals chan os.Signal, graceful bool) {
	stopped := make(chan struct{})
	go func() {
		s.Stop(graceful)
		close(stopped)
	}()
	for {
		select {
		case <-stopped:
			return
		case sig := <-signals:
			switch {
			case sig != SignalStop && sig != os.Interrupt:
			case graceful:
				graceful = false
				s.cut()
			default:
				s.privileged(func() { os.Remove(PidFile(s.config.Build)) })
				os.Exit(1)
			}
		}
	}
}
