package run

import (
	"context"
	"os"
	"time"

	"transom/internal/module"
	"transom/internal/observe"
)

// Without a directive that says so, a graceful stop spreads the end of tunnels over drainDefault, and a stop gives them
// farewell to hear of it.
const (
	drainDefault = 10 * time.Second
	farewell     = 500 * time.Millisecond
)

// Stop ends everything. A graceful stop lets requests in flight and the farewell of tunnels take their time, up to
// GracefulShutdownTimeout; otherwise connections are closed at once.
func (s *Server) Stop(graceful bool) {
	s.ports.Close()
	s.heap.stop()
	p := &s.config.Build.Process
	limit, drain := p.GracefulShutdown, p.TunnelDrain
	if drain == 0 {
		drain = drainDefault
	}
	if !graceful {
		limit, drain = farewell, 0
	}
	ctx := s.patience
	if limit > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	ended := make(chan struct{})
	go func() {
		s.endTunnels(ctx, drain)
		close(ended)
	}()
	if graceful {
		s.http.Shutdown(ctx)
	} else {
		s.http.Close()
	}
	<-ended
	if graceful {
		s.tell(observe.Notice, "AH00492", "caught SIGWINCH, shutting down gracefully")
	} else {
		s.tell(observe.Notice, "AH00169", "caught SIGTERM, shutting down")
	}
	s.sinks.Close()
	forgetCrashes()
	s.privileged(func() {
		s.closeControl()
		os.Remove(PidFile(s.config.Build))
	})
}

// endTunnels closes WebSockets with 1001 over the period, and what is left at the end of ctx at once.
func (s *Server) endTunnels(ctx context.Context, over time.Duration) {
	relay := module.Tunnels(s.kept)
	relay.Drain(over)
	relay.Wait(ctx)
	relay.Shutdown()
}
