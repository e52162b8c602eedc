package harness

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WebSocket framing, RFC 6455 section 5.2.

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

func acceptFor(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var opcodes = map[string]byte{"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}

type frame struct {
	fin     bool
	opcode  byte
	masked  bool
	payload string
}

// parseFrame reads "text hello", "close 1000 bye", "ping x" as scripts write them.
func parseFrame(text string) (frame, error) {
	kind, rest, _ := strings.Cut(text, " ")
	op, ok := opcodes[kind]
	if !ok {
		return frame{}, fmt.Errorf("unknown kind of frame %q", kind)
	}
	payload, err := unescape(rest)
	if kind == "close" && rest != "" {
		code, reason, _ := strings.Cut(payload, " ")
		n, err := strconv.ParseUint(code, 10, 16)
		if err != nil {
			return frame{}, fmt.Errorf("close code %q", code)
		}
		payload = string(binary.BigEndian.AppendUint16(nil, uint16(n))) + reason
	}
	return frame{fin: true, opcode: op, payload: payload}, err
}

func (f frame) String() string {
	kind := fmt.Sprintf("opcode %d", f.opcode)
	for name, op := range opcodes {
		if op == f.opcode {
			kind = name
		}
	}
	if !f.fin {
		kind += " (not final)"
	}
	payload := f.payload
	if f.opcode == 8 && len(payload) >= 2 {
		payload = fmt.Sprintf("%d %s", binary.BigEndian.Uint16([]byte(payload)), payload[2:])
	}
	return strings.TrimRight(kind+" "+clip(payload), " ")
}

func (f frame) bytes() []byte {
	b := []byte{f.opcode, 0}
	if f.fin {
		b[0] |= 0x80
	}
	switch n := len(f.payload); {
	case n < 126:
		b[1] = byte(n)
	case n < 1<<16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	if !f.masked {
		return append(b, f.payload...)
	}
	b[1] |= 0x80
	mask := [4]byte{'m', 'a', 's', 'k'}
	b = append(b, mask[:]...)
	for i := range len(f.payload) {
		b = append(b, f.payload[i]^mask[i%4])
	}
	return b
}

func readFrame(r *bufio.Reader) (f frame, err error) {
	var h [2]byte
	if _, err = io.ReadFull(r, h[:]); err != nil {
		return f, err
	}
	f.fin, f.opcode, f.masked = h[0]&0x80 != 0, h[0]&0x0f, h[1]&0x80 != 0
	n := uint64(h[1] & 0x7f)
	var long [8]byte
	switch n {
	case 126:
		_, err = io.ReadFull(r, long[6:])
		n = binary.BigEndian.Uint64(long[:])
	case 127:
		_, err = io.ReadFull(r, long[:])
		n = binary.BigEndian.Uint64(long[:])
	}
	if err != nil {
		return f, err
	}
	if n > 1<<28 {
		return f, fmt.Errorf("frame of %d bytes", n)
	}
	var mask [4]byte
	if f.masked {
		if _, err = io.ReadFull(r, mask[:]); err != nil {
			return f, err
		}
	}
	payload := make([]byte, n)
	if _, err = io.ReadFull(r, payload); err != nil {
		return f, err
	}
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	f.payload = string(payload)
	return f, nil
}
