package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"transom/internal/module"
)

// Server serves HTTP on connections. Its fields are set before the first Serve.
type Server struct {
	// Handler answers requests. It must look at the Conn's Bad before it believes one. The
	// Conn is valid until the functions given to AfterResponse have run.
	Handler func(http.ResponseWriter, *http.Request, *module.Conn)
	// Settings says what holds for connections to local whose host is not known yet
	// (host ""), for those that named host in TLS, and for requests to host (host[:port]
	// as the client wrote it). It is asked for every request and must be quick.
	Settings func(local netip.AddrPort, host string) *Settings
	// Log is told of errors that no request stands for; nil drops them.
	Log func(error)
	// WrapRaw, if set, is put between a TLS connection and its socket. It must not read ahead.
	WrapRaw func(net.Conn) net.Conn

	mu        sync.Mutex
	conns     connList
	next      chan *conn // to spare goroutines; sent to and closed with mu held
	spare     atomic.Int32
	listeners map[net.Listener]struct{}
	draining  atomic.Bool
	lastID    atomic.Int64
	wg        sync.WaitGroup
	date      dateClock
	resting   restArea
}

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = http.ErrServerClosed

// Serve accepts connections until l is closed, which is no error, or the server is.
// It owns l from now on.
func (s *Server) Serve(l net.Listener) error {
	if !s.trackListener(l) {
		l.Close()
		return ErrServerClosed
	}
	defer s.dropListener(l)
	var pause time.Duration
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.ServeConn(c)
		case s.draining.Load():
			return ErrServerClosed
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			// Out of descriptors, or a connection that was reset in the queue.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.log(err)
			time.Sleep(pause)
		}
	}
}

// ServeConn serves one connection, which it owns from now on, on a goroutine of its own.
func (s *Server) ServeConn(nc net.Conn) {
	c := newConn(s, nc)
	switch s.track(c) {
	case refused:
		nc.Close()
	case tracked:
		go s.work(c)
	}
}

// A few goroutines wait for another connection when theirs has ended or gone elsewhere: their stacks have grown to what
// a request needs, and growing costs as much as parsing one.
const mostSpare = 16

// work serves c, and what track hands over afterwards.
func (s *Server) work(c *conn) {
	for c != nil {
		c.serve()
		if c = nil; s.spare.Add(1) <= mostSpare {
			c = <-s.next
		}
		s.spare.Add(-1)
	}
}

type tracking int

const (
	refused  tracking = iota
	tracked           // needs a goroutine
	accepted          // by a spare one
)

func (s *Server) track(c *conn) tracking {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() {
		return refused
	}
	if s.next == nil {
		s.next = make(chan *conn)
	}
	s.conns.add(c)
	s.wg.Add(1)
	select {
	case s.next <- c:
		return accepted
	default:
		return tracked
	}
}

// forget keeps stop and closeAll from touching a connection again.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	s.conns.remove(c)
	s.mu.Unlock()
}

func (s *Server) trackListener(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining.Load() {
		return false
	}
	if s.listeners == nil {
		s.listeners = make(map[net.Listener]struct{})
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) dropListener(l net.Listener) {
	s.mu.Lock()
	delete(s.listeners, l)
	s.mu.Unlock()
	l.Close()
}

// Shutdown closes listeners and idle connections at once and lets requests end, each with
// Connection: close. When ctx ends first, the rest is closed and its error returned.
// Taken-over connections are not the server's any more.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.closeAll()
		<-done
		return ctx.Err()
	}
}

// Close closes listeners and connections at once and waits for their handlers.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s.Shutdown(ctx)
	return nil
}

func (s *Server) stop() {
	s.stopWaiting()
	s.resting.close()
}

func (s *Server) stopWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.draining.Swap(true) && s.next != nil {
		close(s.next)
	}
	for l := range s.listeners {
		l.Close()
	}
	for c := s.conns.first; c != nil; c = c.next {
		c.wakeIdle()
		c.goAway()
	}
}

func (s *Server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := s.conns.first; c != nil; c = c.next {
		c.abort()
	}
}

func (s *Server) log(err error) {
	if s.Log != nil {
		s.Log(err)
	}
}
