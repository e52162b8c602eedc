package upstream

import (
	"errors"
	"math"
)

var errSessionLost = errors.New("the session's worker can't be used, and nofailover is On")

// method chooses one of the candidates, or nil if there are none. It keeps its books in lbStatus; the balancer's lock is held.
type method func(candidates []*Worker) *Worker

var methods = map[string]method{"byrequests": byRequests, "bytraffic": byTraffic, "bybusyness": byBusyness}

// weight is a load factor as httpd reckons with it: in hundredths.
func weight(w *Worker) int64 { return int64(math.Round(w.Tuning().LoadFactor * 100)) }

// byRequests gives each its share of requests: all gain their factor, the highest wins and pays for all.
func byRequests(candidates []*Worker) *Worker {
	return weigh(candidates, func(w, best *Worker) bool { return w.lbStatus.Load() > best.lbStatus.Load() })
}

// byBusyness takes who has the fewest requests at hand; equals take turns as by requests.
func byBusyness(candidates []*Worker) *Worker {
	return weigh(candidates, func(w, best *Worker) bool {
		mine, other := w.pool.busy(), best.pool.busy()
		return mine < other || mine == other && w.lbStatus.Load() > best.lbStatus.Load()
	})
}

func weigh(candidates []*Worker, better func(w, best *Worker) bool) (best *Worker) {
	total := int64(0)
	for _, w := range candidates {
		factor := weight(w)
		total += factor
		w.lbStatus.Add(factor)
		if best == nil || better(w, best) {
			best = w
		}
	}
	if best != nil {
		best.lbStatus.Add(-total)
	}
	return best
}

// byTraffic takes who has moved the fewest bytes for its factor.
func byTraffic(candidates []*Worker) (best *Worker) {
	least := int64(0)
	for _, w := range candidates {
		in, out := w.pool.moved()
		moved := (in + out) / max(weight(w), 1)
		if best == nil || moved < least {
			best, least = w, moved
		}
	}
	return best
}
