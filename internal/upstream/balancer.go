package upstream

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Balancer shares requests among members. Exported fields are set before Start.
type Balancer struct {
	Name  string // "balancer://cluster"
	Scope string
	BalancerParams
	Members []*Worker

	mu     sync.Mutex // one choice at a time: the methods weigh what the one before changed
	method method
}

// NewBalancer makes an empty balancer with httpd's defaults.
func NewBalancer(name string) *Balancer {
	return &Balancer{Name: name, BalancerParams: DefaultBalancerParams()}
}

// Start puts parameters in force. Its members must have been started.
func (b *Balancer) Start() *Balancer {
	b.method = methods[b.LBMethod]
	return b
}

// Attempts is how often another member may be tried.
func (b *Balancer) Attempts() int {
	if b.MaxAttempts >= 0 {
		return b.MaxAttempts
	}
	return max(len(b.Members)-1, 1)
}

// Choice is the member that a request goes to.
type Choice struct {
	Worker *Worker
	Sticky string // name of the cookie or parameter that carried the session, or ""
	Route  string // of the session, or ""

	// RouteChanged says that sessions are sticky, but the request has none or one of another member (BALANCER_ROUTE_CHANGED).
	RouteChanged bool
}

// Choose picks the member for a request with this session, and waits for one for as long as timeout says. The error is an *Error.
func (b *Balancer) Choose(ctx context.Context, s Session) (Choice, error) {
	deadline := time.Now().Add(b.Timeout)
	for {
		w, err := b.choose(time.Now(), s.Route)
		if w != nil {
			sticky := b.StickySession != "" || b.StickyPath != ""
			return Choice{w, s.Name, s.Route, sticky && s.Route != w.Tuning().Route}, nil
		}
		if err != nil || b.Timeout == 0 || time.Now().After(deadline) {
			return Choice{}, b.unavailable(err)
		}
		select {
		case <-time.After(min(100*time.Millisecond, b.Timeout)):
		case <-ctx.Done():
			return Choice{}, b.unavailable(ctx.Err())
		}
	}
}

func (b *Balancer) unavailable(err error) *Error {
	code, reason := "AH01170", "All workers are in error state"
	switch {
	case len(b.Members) == 0:
		code, reason = "AH01171", "No workers in balancer"
	case err == errSessionLost:
		code = "AH01167"
	}
	return &Error{Status: http.StatusServiceUnavailable, Code: code, Reason: reason, Worker: b.Name, Err: err}
}

func (b *Balancer) choose(now time.Time, route string) (*Worker, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recover()
	if route != "" {
		if w := b.routed(now, route); w != nil {
			b.account(w)
			return w, nil
		}
		if b.NoFailover && b.hasRoute(route) {
			return nil, errSessionLost
		}
	}
	w := b.best(now)
	if w != nil {
		w.elected.Add(1)
	}
	return w, nil
}

// recover puts all members back at once if each of them is in error (forcerecovery).
func (b *Balancer) recover() {
	if b.NoForcedRecovery || len(b.Members) == 0 {
		return
	}
	for _, w := range b.Members {
		if w.Status()&InError == 0 {
			return
		}
	}
	for _, w := range b.Members {
		w.SetStatus(0, InError)
	}
}

// routed finds the member of a session's route, or the one that it is redirected to.
func (b *Balancer) routed(now time.Time, route string) *Worker {
	for _, w := range b.Members {
		t := w.Tuning()
		if t.Route != route {
			continue
		}
		if w.Usable(now) {
			return w
		}
		if t.Redirect != "" {
			return b.redirected(now, t.Redirect)
		}
	}
	return nil
}

func (b *Balancer) redirected(now time.Time, route string) *Worker {
	for _, w := range b.Members {
		if w.Tuning().Route == route && w.Usable(now) {
			return w
		}
	}
	return nil
}

func (b *Balancer) hasRoute(route string) bool {
	return slices.ContainsFunc(b.Members, func(w *Worker) bool { return w.Tuning().Route == route })
}

// account lets a session's request weigh in the next choices too.
func (b *Balancer) account(chosen *Worker) {
	chosen.elected.Add(1)
	total := int64(0)
	for _, w := range b.Members {
		if w.Status().Usable() {
			factor := weight(w)
			total += factor
			w.lbStatus.Add(factor)
		}
	}
	chosen.lbStatus.Add(-total)
}

// best chooses among the usable members of the lowest set that has any. Within a set, hot spares stand in for members that can't
// be used, one for each; standbys come last.
func (b *Balancer) best(now time.Time) *Worker {
	sets := b.sets()
	for _, set := range sets {
		if w := b.method(b.candidates(now, set)); w != nil {
			return w
		}
		if w := b.method(b.standbys(now, set)); w != nil {
			return w
		}
	}
	return nil
}

func (b *Balancer) sets() []int {
	var sets []int
	for _, w := range b.Members {
		sets = append(sets, w.Tuning().LBSet)
	}
	slices.Sort(sets)
	return slices.Compact(sets)
}

func (b *Balancer) candidates(now time.Time, set int) []*Worker {
	var usable, spares []*Worker
	missing := 0
	for _, w := range b.Members {
		status := w.Status()
		if w.Tuning().LBSet != set || status&Standby != 0 {
			continue
		}
		ok := status&Draining == 0 && w.Usable(now)
		switch {
		case status&HotSpare == 0 && ok:
			usable = append(usable, w)
		case status&HotSpare == 0:
			missing++
		case ok:
			spares = append(spares, w)
		}
	}
	return append(usable, spares[:min(missing, len(spares))]...)
}

func (b *Balancer) standbys(now time.Time, set int) []*Worker {
	var usable []*Worker
	for _, w := range b.Members {
		status := w.Status()
		if w.Tuning().LBSet == set && status&Standby != 0 && status&Draining == 0 && w.Usable(now) {
			usable = append(usable, w)
		}
	}
	return usable
}

// Answered notes a response's status: failonstatus may put the member in error. It reports whether it did.
func (b *Balancer) Answered(w *Worker, status int) bool {
	return slices.Contains(b.FailOnStatus, status) && w.Fail(time.Now())
}

// Failed notes an exchange's error and says whether another member may be tried, if attempts are left: only after 503, and only
// if the member is out of use now.
func (b *Balancer) Failed(w *Worker, err *Error) (tryNext bool) {
	failed := false // with retry=0 another request may have it in use again at once
	switch {
	case err.Client || err.Abandoned:
		return false
	case err.Timeout && b.FailOnTimeout, err.Status == http.StatusInternalServerError, err.Status == http.StatusServiceUnavailable:
		failed = w.Fail(time.Now())
	}
	b.Answered(w, err.Status)
	return err.Status == http.StatusServiceUnavailable && (failed || !w.Status().Usable())
}
