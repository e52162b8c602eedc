package upstream

import (
	"crypto/tls"
	"math"
	"net/netip"
	"sync/atomic"
	"time"

	"transom/internal/wire/http1"
)

// Worker is an origin server and how it is spoken to. Its exported fields are set before the first request and not changed
// afterwards; what changes while serving is kept apart and survives reloads (Set).
type Worker struct {
	URL   URL
	Scope string // the server, and the balancer, that define it: equal URLs of different scopes are different workers
	Params

	Member   bool   // of a balancer
	Children int    // child processes that httpd would run with these MPM directives: Max counts for each; 0 means 1
	Generic  bool   // the default worker: every request brings its own URL, nothing is pooled
	Dialer   Dialer // how connections are made; the zero value uses the network

	TLS    *tls.Config // for https and wss; nil if SSLProxyEngine is off. Not copied, so it must not change
	TLSKey string      // identifies TLS across reloads: equal keys, equal settings

	name           string
	versionAndHost string // behind the target of most requests
	reuse          bool   // of connections
	limits         http1.Limits
	direct         netip.AddrPort // for handshakes; invalid where more has to be decided
	*state
}

// state is what changes while a worker serves, and what a reload keeps.
type state struct {
	pool      pool
	dns       addressCache
	status    atomic.Uint32
	errorTime atomic.Int64 // Unix nanoseconds; 0: long ago
	retries   atomic.Int64
	tuning    atomic.Pointer[Tuning]
	lbStatus  atomic.Int64
	elected   atomic.Int64

	passes, fails atomic.Int64 // of health checks in a row
}

// Tuning is what the balancer manager may change while serving.
type Tuning struct {
	LoadFactor      float64
	LBSet           int
	Route, Redirect string
}

// NewWorker makes the worker of a URL with httpd's defaults. Unlike members of a balancer, a direct worker ignores errors: a
// failed connection does not keep the next request away, unless status=-I says so.
func NewWorker(url URL, member bool) *Worker {
	return &Worker{URL: url, Params: DefaultParams(), Member: member, name: url.String(), state: &state{}}
}

// NewGenericWorker makes the worker for requests that no other worker serves ([P], SetHandler, forward proxy).
func NewGenericWorker() *Worker {
	w := NewWorker(URL{}, false)
	w.Generic, w.name, w.Reuse = true, "proxy:reverse", Off
	return w.Start()
}

// Start puts the initial states and limits in force. It is called once, when all parameters are set.
func (w *Worker) Start() *Worker {
	status := w.Set
	if !w.Member {
		status |= IgnoreErrors
	}
	w.versionAndHost = string(appendVersionAndHost(nil, false, w.URL.HostPort()))
	w.reuse = w.Reuse != Off && !w.Generic
	w.limits = http1.Limits{Line: w.ResponseFieldSize, FieldSize: w.ResponseFieldSize}
	w.direct = w.directAddr()
	w.status.Store(uint32(status &^ w.Clear))
	w.tuning.Store(&Tuning{w.LoadFactor, w.LBSet, w.Route, w.Redirect})
	w.pool.limit = w.perChild(w.Max)
	w.pool.ttl = w.TTL
	return w
}

func (w *Worker) perChild(n int) int {
	children := max(w.Children, 1)
	if n > math.MaxInt32/children {
		return math.MaxInt32
	}
	return n * children
}

// Name is the worker's URL as httpd writes it.
func (w *Worker) Name() string { return w.name }

// Status returns the worker's states.
func (w *Worker) Status() Status { return Status(w.status.Load()) }

// SetStatus sets and clears states by hand (balancer manager).
func (w *Worker) SetStatus(set, clear Status) {
	for {
		old := w.status.Load()
		next := uint32((Status(old) &^ clear) | set)
		if w.status.CompareAndSwap(old, next) {
			return
		}
	}
}

// Tuning returns what the balancer manager may change.
func (w *Worker) Tuning() Tuning { return *w.tuning.Load() }

// Tune changes it.
func (w *Worker) Tune(t Tuning) { w.tuning.Store(&t) }

// Fail puts the worker in error until retry has passed, unless it ignores errors. It reports whether it did.
func (w *Worker) Fail(now time.Time) bool {
	if w.Status()&IgnoreErrors != 0 {
		return false
	}
	w.errorTime.Store(now.UnixNano())
	w.SetStatus(InError, 0)
	return true
}

// Recover ends the error state: a connection was made.
func (w *Worker) Recover() {
	if w.errorTime.Load() != 0 || w.Status()&InError != 0 {
		w.errorTime.Store(0)
		w.retries.Store(0)
		w.SetStatus(0, InError)
	}
}

// Usable says whether requests may be sent now. A worker whose retry has passed is put back for another try.
func (w *Worker) Usable(now time.Time) bool {
	s := w.Status()
	if s.Usable() {
		return true
	}
	if s&unusable != InError || now.UnixNano() <= w.errorTime.Load()+int64(w.Retry) {
		return false
	}
	w.retries.Add(1)
	w.SetStatus(0, InError)
	return true
}

// Timeout of reads and writes of a request.
func (w *Worker) timeoutFor(req *Request) time.Duration {
	if w.Timeout > 0 {
		return w.Timeout
	}
	if req.Timeout > 0 {
		return req.Timeout
	}
	return defaultTimeout
}

const defaultTimeout = 60 * time.Second // httpd's Timeout

func (w *Worker) connectTimeoutFor(req *Request) time.Duration {
	if w.ConnectTimeout > 0 {
		return w.ConnectTimeout
	}
	return w.timeoutFor(req)
}

// Stats is a worker as status pages show it.
type Stats struct {
	Name, Route, Redirect      string
	Status                     Status
	LoadFactor                 float64
	LBSet                      int
	LBStatus                   int64
	Elected, Busy              int64
	Transferred, Read          int64 // bytes to and from the backend
	Open, Idle, Limit, Waiting int   // connections, and requests that wait for one; Limit 0: none
	ErrorTime                  time.Time
	Retries                    int64
}

// Stats returns a snapshot.
func (w *Worker) Stats() Stats {
	t := w.Tuning()
	s := Stats{Name: w.name, Route: t.Route, Redirect: t.Redirect, Status: w.Status(), LoadFactor: t.LoadFactor, LBSet: t.LBSet,
		LBStatus: w.lbStatus.Load(), Elected: w.elected.Load(), Retries: w.retries.Load()}
	if t := w.errorTime.Load(); t != 0 {
		s.ErrorTime = time.Unix(0, t)
	}
	s.Open, s.Idle, s.Limit, s.Waiting = w.pool.counts()
	s.Busy = int64(s.Open - s.Idle)
	s.Read, s.Transferred = w.pool.moved()
	return s
}

// Close closes idle connections and has those in use closed when they are done. Requests may still be sent.
func (w *Worker) Close() { w.pool.drain() }
