package ws

import (
	"errors"
	"slices"
)

// Opcodes of RFC 6455 section 5.2.
const (
	OpContinuation = 0x0
	OpText         = 0x1
	OpBinary       = 0x2
	OpClose        = 0x8
	OpPing         = 0x9
	OpPong         = 0xA
)

// Close codes of section 7.4.1 that Transom itself uses or notes.
const (
	CodeGoingAway     = 1001
	CodeProtocolError = 1002
	CodeNone          = 1005 // a Close without a code; never on the wire
	CodeAbnormal      = 1006 // no Close at all; never on the wire
	CodeTooBig        = 1009
)

// What makes a stream invalid framing.
var (
	ErrReserved     = errors.New("ws: reserved bit set without an extension")
	ErrOpcode       = errors.New("ws: reserved opcode")
	ErrFragment     = errors.New("ws: continuation of nothing, or a new message inside another")
	ErrControl      = errors.New("ws: control frame fragmented or longer than 125 bytes")
	ErrMask         = errors.New("ws: unmasked frame from a client or masked frame from a server")
	ErrLength       = errors.New("ws: length with its top bit set or not in its shortest form")
	ErrClosePayload = errors.New("ws: invalid code in a close frame")
)

// flaws lets a Follower keep its error in a byte.
var flaws = [...]error{ErrReserved, ErrOpcode, ErrFragment, ErrControl, ErrMask, ErrLength, ErrClosePayload}

// Event is what Follower.Next has come to.
type Event uint8

const (
	More Event = iota // all of p is used up
	Head              // a header, and of a Close frame the code, is complete
	End               // a frame is complete: a frame boundary
	Bad               // not valid framing; see Err
)

type stage uint8

const (
	atFirst stage = iota // the next byte is a frame's first: a frame boundary
	atSecond
	atLength
	atMask
	atCode
	atPayload
	atBad
)

// MaxHead is the most bytes that lie between a frame's first byte and its Head event.
const MaxHead = 14

// Follower follows the frames of one direction of a connection, however the stream is cut up, and stores none of it.
type Follower struct {
	Messages int64  // text and binary messages that are complete
	left     uint64 // the length while its bytes come in; then the payload still to come
	size     uint64 // payload of the current message, up to and with the current frame
	key      [4]byte
	code     uint16
	stage    stage
	wrong    uint8 // which of flaws, counted from 1
	more     uint8 // bytes still to come in this stage
	first    byte  // FIN, RSV1-3 and opcode of the current frame
	short    uint8 // the seven-bit length of the current frame
	masked   bool
	reserved bool
	open     bool // inside a fragmented message
}

// NewFollower starts at a frame boundary. masked: the frames are a client's. extensions: RSV bits are allowed.
func NewFollower(masked, extensions bool) Follower {
	return Follower{masked: masked, reserved: extensions}
}

// AtBoundary reports whether the stream stands between two frames.
func (f *Follower) AtBoundary() bool { return f.stage == atFirst }

// InPayload reports whether the current frame's Head event has been given.
func (f *Follower) InPayload() bool { return f.stage == atPayload }

// Opcode is that of the current frame, after its Head event.
func (f *Follower) Opcode() byte { return f.first & 0x0f }

// Left is the payload of the current frame that is still to come, after its Head event.
func (f *Follower) Left() uint64 { return f.left }

// Key is the current frame's masking key, after its Head event.
func (f *Follower) Key() [4]byte { return f.key }

// MessageSize is the payload of the current data message so far, with the whole of the current frame.
func (f *Follower) MessageSize() uint64 { return f.size }

// CloseCode is the code of the Close frame that was seen, CodeNone if it had none, 0 if there was no Close.
func (f *Follower) CloseCode() int { return int(f.code) }

// Err says what was wrong after a Bad event.
func (f *Follower) Err() error {
	if f.wrong == 0 {
		return nil
	}
	return flaws[f.wrong-1]
}

// Next follows p up to the next event and returns how much of it that took. Call it until it returns More or Bad:
// a frame without payload ends with an event that takes no byte.
func (f *Follower) Next(p []byte) (int, Event) {
	if f.stage == atPayload {
		return f.payload(p)
	}
	for i, b := range p {
		if f.stage == atBad {
			return i, Bad
		}
		f.header(b)
		if f.stage == atPayload {
			return i + 1, Head
		}
	}
	if f.stage == atBad {
		return len(p), Bad
	}
	return len(p), More
}

func (f *Follower) payload(p []byte) (int, Event) {
	if uint64(len(p)) < f.left {
		f.left -= uint64(len(p))
		return len(p), More
	}
	n := int(f.left)
	f.left = 0
	f.stage = atFirst
	if op := f.Opcode(); op < OpClose && f.fin() {
		f.Messages++
	}
	return n, End
}

func (f *Follower) header(b byte) {
	switch f.stage {
	case atFirst:
		f.firstByte(b)
	case atSecond:
		f.secondByte(b)
	case atLength:
		f.left = f.left<<8 | uint64(b)
		if f.more--; f.more == 0 {
			f.lengthDone()
		}
	case atMask:
		f.key[4-f.more] = b
		if f.more--; f.more == 0 {
			f.maskDone()
		}
	case atCode:
		f.codeByte(b)
	}
}

func (f *Follower) fin() bool { return f.first&0x80 != 0 }

func (f *Follower) bad(err error) {
	f.stage, f.wrong = atBad, uint8(1+slices.Index(flaws[:], err))
}

func (f *Follower) firstByte(b byte) {
	f.first, f.stage = b, atSecond
	op := b & 0x0f
	switch {
	case b&0x70 != 0 && !f.reserved:
		f.bad(ErrReserved)
	case op > OpBinary && op < OpClose || op > OpPong:
		f.bad(ErrOpcode)
	case op >= OpClose && !f.fin():
		f.bad(ErrControl)
	case op < OpClose && f.open != (op == OpContinuation):
		f.bad(ErrFragment)
	case op < OpClose:
		f.open = !f.fin()
	}
}

func (f *Follower) secondByte(b byte) {
	op := f.Opcode()
	f.short = b & 0x7f
	f.left = uint64(f.short)
	switch {
	case (b&0x80 != 0) != f.masked:
		f.bad(ErrMask)
	case op >= OpClose && f.short > 125:
		f.bad(ErrControl)
	case op == OpClose && f.short == 1:
		f.bad(ErrClosePayload)
	case f.short == 126:
		f.stage, f.more, f.left = atLength, 2, 0
	case f.short == 127:
		f.stage, f.more, f.left = atLength, 8, 0
	default:
		f.lengthDone()
	}
}

// lengthDone holds section 5.2: the top bit is 0 and the shortest form is used.
func (f *Follower) lengthDone() {
	switch {
	case f.short == 126 && f.left < 126, f.short == 127 && (f.left <= 0xffff || f.left>>63 != 0):
		f.bad(ErrLength)
	case f.masked:
		f.stage, f.more = atMask, 4
	default:
		f.maskDone()
	}
}

func (f *Follower) maskDone() {
	f.stage = atPayload
	switch op := f.Opcode(); {
	case op == OpContinuation:
		f.size += f.left
	case op < OpClose:
		f.size = f.left
	case op == OpClose && f.left == 0:
		f.code = CodeNone
	case op == OpClose:
		f.stage, f.more, f.code = atCode, 2, 0
	}
}

func (f *Follower) codeByte(b byte) {
	if f.masked {
		b ^= f.key[2-f.more]
	}
	f.code = f.code<<8 | uint16(b)
	f.left--
	if f.more--; f.more > 0 {
		return
	}
	f.stage = atPayload
	if !validCode(f.code) {
		f.bad(ErrClosePayload)
	}
}

// validCode: section 7.4 and the registry it founded (1012 to 1014).
func validCode(c uint16) bool {
	return c >= 1000 && c <= 1014 && c != 1004 && c != 1005 && c != 1006 || c >= 3000 && c <= 4999
}
