package upstream

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Checker runs health checks (mod_proxy_hcheck). Its fields may be zero.
type Checker struct {
	// Passed decides by a worker's hcexpr; without one, 2xx and 3xx pass.
	Passed func(expr string, got CheckResponse) (bool, error)
	// Changed is told when a worker is taken out (AH03303) or put back (AH03302), and why.
	Changed func(w *Worker, up bool, why error)
	Timeout time.Duration // of a check whose worker has none
}

// CheckResponse is what a health check's expression looks at.
type CheckResponse struct {
	Status int
	Fields []Field
	Body   []byte // its beginning, up to 64 KiB; of GET only
}

const checkedBody = 64 << 10

// Run checks the workers that ask for it, each at its interval, until ctx is done.
func (k *Checker) Run(ctx context.Context, workers []*Worker) {
	var all sync.WaitGroup
	for _, w := range workers {
		if w.HCMethod == "" || w.HCMethod == "NONE" {
			continue
		}
		all.Go(func() {
			ticker := time.NewTicker(w.HCInterval)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
					k.Check(ctx, w)
				}
			}
		})
	}
	all.Wait()
}

// Check makes one check and counts it.
func (k *Checker) Check(ctx context.Context, w *Worker) {
	err := k.probe(ctx, w)
	if ctx.Err() != nil {
		return
	}
	down := w.Status()&CheckFailed != 0
	count, other, needed := &w.passes, &w.fails, w.HCPasses
	if err != nil {
		count, other, needed = &w.fails, &w.passes, w.HCFails
	}
	other.Store(0)
	if count.Add(1) < int64(needed) || down == (err != nil) {
		return
	}
	count.Store(0)
	if err != nil {
		w.SetStatus(CheckFailed, 0)
	} else {
		w.SetStatus(0, CheckFailed)
	}
	if k.Changed != nil {
		k.Changed(w, err == nil, err)
	}
}

// probe asks over a connection of its own: the pool and the worker's state are for requests.
func (k *Checker) probe(ctx context.Context, w *Worker) error {
	own := NewWorker(w.URL, false)
	own.Params, own.TLS, own.Dialer = w.Params, w.TLS, w.Dialer
	own.Set, own.Clear, own.Max, own.Reuse = 0, 0, 0, Off
	own.Start()
	req := &Request{Method: strings.TrimSuffix(w.HCMethod, "11"), Target: checkTarget(w), Timeout: k.Timeout,
		HTTP10: !strings.HasSuffix(w.HCMethod, "11")}
	if w.HCMethod == "TCP" {
		conn, err := own.dial(ctx, req, &own.URL, defaultPorts[own.URL.Scheme])
		if err != nil {
			return err
		}
		return conn.Close()
	}
	scheme := HTTP{w.URL.Scheme, defaultPorts[w.URL.Scheme]}
	resp, err := scheme.Exchange(ctx, own, req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got := CheckResponse{Status: resp.Status, Fields: resp.Fields}
	if req.Method == "GET" {
		if got.Body, err = io.ReadAll(io.LimitReader(resp.Body, checkedBody)); err != nil {
			return err
		}
	}
	return k.judge(w, got)
}

func (k *Checker) judge(w *Worker, got CheckResponse) error {
	if w.HCExpr == "" || k.Passed == nil {
		if got.Status < 200 || got.Status > 399 {
			return fmt.Errorf("status %d", got.Status)
		}
		return nil
	}
	passed, err := k.Passed(w.HCExpr, got)
	if err == nil && !passed {
		err = fmt.Errorf("status %d, %s says no", got.Status, w.HCExpr)
	}
	return err
}

// checkTarget is hcuri behind the worker's path.
func checkTarget(w *Worker) string {
	target := w.URL.Path + w.HCURI
	if strings.HasSuffix(w.URL.Path, "/") && strings.HasPrefix(w.HCURI, "/") {
		target = w.URL.Path + w.HCURI[1:]
	}
	if target == "" {
		return "/"
	}
	return target
}
