//go:build system

package soak

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// plan is one tunnel, as both of its ends read it from the URL: what flows each way, and who breaks it, if anybody does.
type plan struct {
	breaker string // "none", "client", "backend"
	seed    uint64
}

func (p plan) path(port int) string { return fmt.Sprintf("/%d/%s/%d", port, p.breaker, p.seed) }

func parsePlan(path string) (p plan, err error) {
	_, err = fmt.Sscanf(strings.ReplaceAll(path, "/", " "), "%s %d", &p.breaker, &p.seed)
	return p, err
}

// random is the same noise in every process.
var random = func() []byte {
	b := make([]byte, 256<<10)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}()

// stream is what one side says: messages whose sizes and contents follow from the plan.
type stream struct {
	rng    *rand.Rand
	left   int // messages
	large  bool
	masked bool
}

func (p plan) stream(fromClient bool) *stream {
	which := uint64(0)
	if fromClient {
		which = 1
	}
	s := &stream{rng: rand.New(rand.NewPCG(p.seed, which)), masked: fromClient}
	s.left, s.large = 1+s.rng.IntN(20), s.rng.IntN(20) == 0
	return s
}

// next is the next frame, nil at the end.
func (s *stream) next() []byte {
	if s.left == 0 {
		return nil
	}
	s.left--
	n := s.rng.IntN(300)
	if s.large {
		n = s.rng.IntN(200 << 10)
	}
	frame := append(make([]byte, 0, n+14), 0x82)
	mask := byte(0)
	if s.masked {
		mask = 0x80
	}
	switch {
	case n < 126:
		frame = append(frame, mask|byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, mask|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, mask|127), uint64(n))
	}
	if s.masked {
		frame = binary.BigEndian.AppendUint32(frame, s.rng.Uint32())
	}
	at := s.rng.IntN(len(random) - n)
	return append(frame, random[at:at+n]...)
}

func (s *stream) size() (total int64) {
	for f := s.next(); f != nil; f = s.next() {
		total += int64(len(f))
	}
	return total
}

// say sends a stream with pauses and ends its direction, or breaks the connection on the way.
func say(c net.Conn, s *stream, pause time.Duration, breaks bool) error {
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for f := s.next(); f != nil; f = s.next() {
		for len(f) > 0 {
			n := len(f)
			if rng.IntN(3) == 0 {
				n = 1 + rng.IntN(n)
			}
			if _, err := c.Write(f[:n]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			f = f[n:]
		}
		if breaks && rng.IntN(4) == 0 {
			reset(c)
			return nil
		}
		time.Sleep(time.Duration(rng.Int64N(int64(pause))))
	}
	if breaks {
		reset(c)
		return nil
	}
	return c.(interface{ CloseWrite() error }).CloseWrite()
}

// hear reads a stream with pauses, byte for byte to its end. From a broken tunnel any first part of it will do.
func hear(c io.Reader, s *stream, pause time.Duration, broken bool) (n int64, err error) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), 0))
	var got [4 << 10]byte
	for f := s.next(); f != nil; f = s.next() {
		for len(f) > 0 {
			k, err := c.Read(got[:min(len(got), len(f))])
			if !bytes.Equal(got[:k], f[:k]) {
				return n, errors.New("other bytes than were sent")
			}
			n, f = n+int64(k), f[k:]
			if err != nil && broken {
				return n, nil
			} else if err != nil {
				return n, fmt.Errorf("read, with %d messages to come: %w", s.left, err)
			}
		}
		if rng.IntN(8) == 0 {
			time.Sleep(time.Duration(rng.Int64N(int64(pause))))
		}
	}
	if k, err := c.Read(got[:]); k > 0 {
		return n, errors.New("more bytes than were sent")
	} else if err != io.EOF && !broken {
		return n, fmt.Errorf("want the end: %w", err)
	}
	return n, nil
}

func reset(c net.Conn) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// buffered is a connection of which some was read ahead.
type buffered struct {
	net.Conn
	r *bufio.Reader
}

func (b *buffered) Read(p []byte) (int, error) { return b.r.Read(p) }
