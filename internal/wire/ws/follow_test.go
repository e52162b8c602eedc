package ws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// reference reads a whole stream at once and lists its events, with the offset behind each; it shares nothing with
// Follower but the errors.
func reference(p []byte, masked, reserved bool) (events []string, messages int64, code int) {
	open := false
	for at := 0; ; {
		frame := p[at:]
		bad := func(n int, err error) ([]string, int64, int) {
			if n > len(frame) {
				return events, messages, code
			}
			return append(events, fmt.Sprint(at+n, " bad ", err)), messages, code
		}
		if len(frame) == 0 {
			return events, messages, code
		}
		fin, rsv, op := frame[0]&0x80 != 0, frame[0]&0x70, frame[0]&0x0f
		control := op >= 8
		switch {
		case rsv != 0 && !reserved:
			return bad(1, ErrReserved)
		case op >= 3 && op <= 7 || op >= 11:
			return bad(1, ErrOpcode)
		case control && !fin:
			return bad(1, ErrControl)
		case !control && open && op != 0, !control && !open && op == 0:
			return bad(1, ErrFragment)
		}
		if len(frame) < 2 {
			return events, messages, code
		}
		short := frame[1] & 0x7f
		switch {
		case frame[1]&0x80 != 0 != masked:
			return bad(2, ErrMask)
		case control && short > 125:
			return bad(2, ErrControl)
		case op == OpClose && short == 1:
			return bad(2, ErrClosePayload)
		}
		head, size := 2, uint64(short)
		if short == 126 {
			if head = 4; len(frame) < head {
				return events, messages, code
			}
			if size = uint64(binary.BigEndian.Uint16(frame[2:])); size < 126 {
				return bad(head, ErrLength)
			}
		} else if short == 127 {
			if head = 10; len(frame) < head {
				return events, messages, code
			}
			if size = binary.BigEndian.Uint64(frame[2:]); size < 1<<16 || size >= 1<<63 {
				return bad(head, ErrLength)
			}
		}
		var key []byte
		if masked {
			if head += 4; len(frame) < head {
				return events, messages, code
			}
			key = frame[head-4 : head]
		} else {
			key = make([]byte, 4)
		}
		body := frame[head:]
		if op == OpClose && size > 0 {
			if len(body) < 2 {
				return events, messages, code
			}
			code = int(body[0]^key[0])<<8 | int(body[1]^key[1])
			head, body, size = head+2, body[2:], size-2
			if code < 1000 || code >= 5000 || code > 1014 && code < 3000 || code == 1004 || code == 1005 || code == 1006 {
				return bad(head, ErrClosePayload)
			}
		} else if op == OpClose {
			code = CodeNone
		}
		if !control {
			open = !fin
		}
		events = append(events, fmt.Sprint(at+head, " head ", op))
		if uint64(len(body)) < size {
			return events, messages, code
		}
		at += head + int(size)
		events = append(events, fmt.Sprint(at, " end"))
		if !control && fin {
			messages++
		}
	}
}

// follow feeds p in pieces whose sizes cuts gives, in turn.
func follow(p, cuts []byte, masked, reserved bool) (events []string, f Follower) {
	f = NewFollower(masked, reserved)
	at := 0
	for k := 0; at < len(p); k++ {
		size := len(p) - at
		if len(cuts) > 0 {
			size = min(size, int(cuts[k%len(cuts)])%17+1)
		}
		for piece := p[at : at+size]; ; {
			n, ev := f.Next(piece)
			at += n
			piece = piece[n:]
			switch ev {
			case Head:
				events = append(events, fmt.Sprint(at, " head ", f.Opcode()))
			case End:
				events = append(events, fmt.Sprint(at, " end"))
			case Bad:
				return append(events, fmt.Sprint(at, " bad ", f.Err())), f
			}
			if ev == More {
				break
			}
		}
	}
	return events, f
}

func agree(t *testing.T, p, cuts []byte, masked, reserved bool) {
	t.Helper()
	want, messages, code := reference(p, masked, reserved)
	got, f := follow(p, cuts, masked, reserved)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%x cut %v: got\n%q, want\n%q", p, cuts, got, want)
	}
	if f.Messages != messages {
		t.Fatalf("%x: %d messages, want %d", p, f.Messages, messages)
	}
	if f.AtBoundary() && f.CloseCode() != code {
		t.Fatalf("%x: close code %d, want %d", p, f.CloseCode(), code)
	}
}

// samples are streams of a client and of a server, valid and not.
func samples() (out [][]byte) {
	long := func(first byte, n int, bit byte) []byte {
		b := []byte{first, bit | 127, 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}
		if bit != 0 {
			b = append(b, 1, 2, 3, 4)
		}
		return append(b, "..."...) // the rest of it never comes
	}
	for _, masked := range []bool{true, false} {
		bit := byte(0)
		if masked {
			bit = 0x80
		}
		ping := AppendControl(nil, OpPing, []byte("hello"), masked)
		out = append(out,
			nil, ping, AppendClose(nil, 1001, masked), AppendClose(nil, CodeNone, masked), AppendClose(ping, 4999, masked),
			long(0x82, 1<<16, bit), long(0x82, 200, bit), long(0x89, 126, bit),
			AppendControl([]byte{0x01, bit}, OpPing, nil, masked),
			[]byte{0x82, bit | 126, 0, 125}, []byte{0x82, bit | 127, 0x80, 0, 0, 0, 0, 0, 0, 0},
			[]byte{0x82, bit, 0, 0, 0, 0}, []byte{0x80, bit}, []byte{0xC1, bit}, []byte{0x09, bit}, []byte{0x83, bit},
			AppendControl(nil, OpClose, []byte{3}, masked), AppendControl(nil, OpClose, []byte{1005 >> 8, 1005 & 0xff}, masked),
			[]byte("HTTP/1.1 200 OK\r\n"))
	}
	return out
}

func TestFollower(t *testing.T) {
	for _, p := range samples() {
		for _, cuts := range [][]byte{nil, {0}, {1}, {6, 0, 2}} {
			for flags := range 4 {
				agree(t, p, cuts, flags&1 != 0, flags&2 != 0)
			}
		}
	}
}

func FuzzFollower(f *testing.F) {
	for _, p := range samples() {
		f.Add(p, []byte{0}, true, false)
		f.Add(p, []byte{}, false, true)
	}
	f.Fuzz(agree)
}

func TestMessageSize(t *testing.T) {
	f := NewFollower(false, false)
	p := []byte{0x01, 3, 'a', 'b', 'c', 0x89, 1, 'p', 0x80, 2, 'd', 'e', 0x82, 1, 'x'}
	var sizes []uint64
	for ev := End; ev != More; {
		var n int
		n, ev = f.Next(p)
		p = p[n:]
		if ev == Head {
			sizes = append(sizes, f.MessageSize())
		}
	}
	if fmt.Sprint(sizes) != "[3 3 5 1]" || f.Messages != 2 {
		t.Errorf("sizes %v, %d messages", sizes, f.Messages)
	}
}

func TestCloseWithoutValidCode(t *testing.T) {
	for _, code := range []int{0, -1, 999, 1005, 1006, 70000} {
		if b := AppendClose(nil, code, false); len(b) != 2 {
			t.Errorf("%d: % x", code, b)
		}
	}
	if _, f := follow(AppendClose(nil, 1001, true), nil, true, false); f.CloseCode() != 1001 || f.Err() != nil {
		t.Errorf("1001 reads as %d, %v", f.CloseCode(), f.Err())
	}
	if _, f := follow([]byte{0x88, 2, 3, 237}, nil, false, false); !errors.Is(f.Err(), ErrClosePayload) {
		t.Errorf("1005 on the wire: %v", f.Err())
	}
}
