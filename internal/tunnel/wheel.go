package tunnel

import "time"

// ref names a tunnel of a loop; gen tells it from a later one in the same place.
type ref struct{ slot, gen uint32 }

const (
	wheelTick = 50 * time.Millisecond
	wheelSize = 1024
)

// wheel holds refs until their time, give or take a tick. What lies further ahead than a revolution comes up early
// and is put in again by whoever finds that.
type wheel struct {
	spokes [wheelSize][]ref
	at     int64 // all ticks up to this one have been handled
	first  int64 // no ref lies before this tick
	count  int
}

// noTick is later than every tick.
const noTick = 1<<63 - 1

func tickOf(t instant) int64 { return int64((t + wheelTick - 1) / wheelTick) }

// add returns the tick at which r will come up: at is that tick then.
func (w *wheel) add(r ref, due instant) int64 {
	tick := min(max(tickOf(due), w.at+1), w.at+wheelSize-1)
	if w.count == 0 || tick < w.first {
		w.first = tick
	}
	w.count++
	spoke := &w.spokes[tick%wheelSize]
	*spoke = append(*spoke, r)
	return tick
}

// next is when advance has something to do, never if the wheel is empty.
func (w *wheel) next() instant {
	if w.count == 0 {
		return never
	}
	return instant(w.first) * wheelTick
}

// advance takes out what has come due and hands it to f, which may add to the wheel.
func (w *wheel) advance(now instant, f func(ref)) {
	last := int64(now / wheelTick)
	if w.count == 0 || last < w.first {
		w.at = max(w.at, last)
		return
	}
	for w.at < last {
		if w.count == 0 {
			w.at = last
			return
		}
		w.at++
		spoke := &w.spokes[w.at%wheelSize]
		due := *spoke
		*spoke = nil
		w.count -= len(due)
		for _, r := range due {
			f(r)
		}
	}
	for w.first = w.at + 1; w.count > 0 && len(w.spokes[w.first%wheelSize]) == 0; w.first++ {
	}
}
