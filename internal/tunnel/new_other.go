//go:build !linux

package tunnel

// New returns the relay that is best on this system.
func New(Options) Relay { return NewPortable() }

// DefaultLoops is how many event loops New starts: none here.
func DefaultLoops() int { return 0 }
