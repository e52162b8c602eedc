package module

import "time"

// ReadTimeouts are RequestReadTimeout's limits for one server: mod_reqtimeout writes them, the listener's settings read them.
var ReadTimeouts = &Slot[ReadTimeoutSettings]{Merge: func(outer, inner *ReadTimeoutSettings) *ReadTimeoutSettings {
	return &ReadTimeoutSettings{
		Handshake: Inherit(outer.Handshake, inner.Handshake),
		Header:    Inherit(outer.Header, inner.Header),
		Body:      Inherit(outer.Body, inner.Body),
	}
}}

// ReadTimeoutSettings has nil for what is not set.
type ReadTimeoutSettings struct{ Handshake, Header, Body *ReadPace }

// ReadPace is one stage's limit: it must be over after First (0: no limit); MinRate bytes per second, if set, earn more time,
// up to Max (0: any).
type ReadPace struct {
	First, Max time.Duration
	MinRate    int
}
