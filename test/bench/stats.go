package main

import (
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// histogram counts durations in buckets 2 % wide, from a microsecond on. It is safe for several goroutines.
type histogram struct{ buckets [1024]atomic.Int64 }

const bucketWidth = 1.02

func (h *histogram) add(d time.Duration) {
	us := max(float64(d)/1e3, 1)
	i := int(math.Log(us) / math.Log(bucketWidth))
	h.buckets[min(i, len(h.buckets)-1)].Add(1)
}

// quantile is the upper edge, in microseconds, of the bucket that holds the q-th part of all durations.
func (h *histogram) quantile(q float64) float64 {
	var total, seen int64
	for i := range h.buckets {
		total += h.buckets[i].Load()
	}
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); total > 0 && float64(seen) >= q*float64(total) {
			return math.Pow(bucketWidth, float64(i+1))
		}
	}
	return 0
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
