// Package tunnel carries upgraded connections: what one side says goes to the other, byte for byte, until both have
// ended. It follows WebSocket frame headers on the way, which gives counts, close codes and the places where the
// proxy itself may speak. New returns the best relay of the system; NewPortable works everywhere.
package tunnel

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"
)

// A Side is one end of a tunnel. The relay owns Conn and Buffered from the call of Carry on, whatever that returns.
type Side struct {
	Conn net.Conn
	// Buffered was read from Conn already, and the other side has not had it yet.
	Buffered []byte
}

// A Policy says what a tunnel may do. A duration or size of zero sets no limit; what is to last less than a second may last as much
// longer. With MaxMessage or Strict, no byte of a frame passes before its header is complete.
type Policy struct {
	Idle       time.Duration // no byte from either side for so long: closed
	Lifetime   time.Duration // since the start
	HalfClosed time.Duration // one side has ended and the other has been silent for so long
	Ping       time.Duration // a side silent for so long is pinged, and closed when it stays silent as long again
	MaxMessage int64         // payload bytes of one message; closed with 1009 when it gets longer
	Strict     bool          // invalid framing is closed with 1002, otherwise carried as opaque bytes
	WebSocket  bool          // frames are followed; false for what is opaque from the start, as CONNECT
	Extensions bool          // the handshake agreed to an extension, so RSV bits are valid
}

// A Label is what the table of live tunnels shows. The relay keeps its text in one string per tunnel.
type Label struct {
	Client, Host, URL, Backend string
}

func (l Label) pack() string {
	return l.Client + "\x00" + l.Host + "\x00" + l.URL + "\x00" + l.Backend
}

func unpackLabel(s string) (l Label) {
	l.Client, s, _ = strings.Cut(s, "\x00")
	l.Host, s, _ = strings.Cut(s, "\x00")
	l.URL, l.Backend, _ = strings.Cut(s, "\x00")
	return l
}

// Traffic counts what was read from one side.
type Traffic struct {
	Bytes    int64
	Messages int64 // complete text and binary messages; 0 when opaque
}

// A Status describes a tunnel.
type Status struct {
	ID uint64
	Label
	Started     time.Time
	Last        time.Time // last activity
	FromClient  Traffic
	FromBackend Traffic
	Opaque      bool // frames are not, or no longer, followed
}

// A Result describes a tunnel that has ended.
type Result struct {
	Status
	Duration time.Duration
	// CloseCode is of the first Close frame; 1005 if that had no code, 1006 if there was no Close frame, 0 if opaque.
	CloseCode int
	EndedBy   End
	Err       error // what broke a side, nil after an orderly end
}

// A Watcher is told how a tunnel ended.
type Watcher interface{ TunnelEnded(*Result) }

// An End is who or what ended a tunnel: the first to send a Close frame, to end its stream or to break.
type End uint8

const (
	EndUnknown End = iota
	EndClient
	EndBackend
	EndIdle
	EndLifetime
	EndHalfClosed
	EndPing
	EndMaxMessage
	EndStrict
	EndDrain
	EndOperator // Relay.Close
	EndShutdown
)

var endNames = [...]string{"-", "client", "backend", "proxy:idle", "proxy:lifetime", "proxy:half-closed", "proxy:ping",
	"proxy:max-message", "proxy:strict", "proxy:drain", "proxy:operator", "proxy:shutdown"}

func (e End) String() string { return endNames[e] }

// A Relay carries tunnels. Its methods may be called from any goroutine.
type Relay interface {
	// Carry starts a tunnel and returns its id, which is never 0 and never used twice. It takes both sides over, also
	// when it fails. w, which may be nil, is told once, after both descriptors are closed, from a goroutine that carries nothing;
	// it is not told if Carry fails. What w holds, an idle tunnel costs: Result says enough for one to serve all.
	Carry(client, backend Side, p Policy, l Label, w Watcher) (id uint64, err error)
	// List is the live tunnels, in order of their ids.
	List() []Status
	// Close ends one tunnel, a WebSocket with this close code; false if there is none of that id.
	Close(id uint64, code int) bool
	// Count is the number of live tunnels.
	Count() int
	// Drain closes all tunnels with 1001, evenly spread over the period, and those carried later too. It does not wait.
	Drain(over time.Duration)
	// Wait returns when no tunnel is left and all done functions have returned, or with the context's error.
	Wait(ctx context.Context) error
	// Shutdown closes what is left at once and waits until it is closed. Carry fails from then on.
	Shutdown()
}

// ErrShutdown is Carry's answer after Shutdown.
var ErrShutdown = errors.New("tunnel: the relay is shut down")

// Options are for New.
type Options struct {
	// Loops is the number of event loops where the system has any; 0 for one to four processors. A loop that is busy waits in
	// the kernel without telling Go's scheduler, and raises GOMAXPROCS by one as long.
	Loops int
}
