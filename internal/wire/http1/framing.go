package http1

import (
	"math"
	"net/http"
)

// framing gathers the fields that decide where a message ends (RFC 9112 §6), and who is asked.
type framing struct {
	hosts, lengths, codings         int    // field lines of each
	host                            string // the first
	length, coding                  string // the last
	upgrade, expects                bool
	close, keepAlive, upgradeOption bool // Connection lists them
	named                           bool // so it does others
	repeated                        bool // a common name occurs twice
	uncommon                        int  // names that are not
	seen                            [len(common)/64 + 1]uint64
}

func (f *framing) scan(fields []Field) {
	for i := range fields {
		h := &fields[i]
		id := h.ID()
		word, bit := &f.seen[id/64], uint64(1)<<(id%64)
		f.repeated = f.repeated || *word&bit != 0 && id != Uncommon
		*word |= bit
		switch id {
		case Uncommon:
			f.uncommon++
		case Host:
			if f.hosts++; f.hosts == 1 {
				f.host = h.Value
			}
		case Upgrade:
			f.upgrade = true
		case Expect:
			f.expects = true
		case Connection:
			f.options(h.Value)
		case ContentLength:
			f.lengths++
			f.length = h.Value
		case TransferEncoding:
			f.codings++
			f.coding = h.Value
		}
	}
}

// options reads a Connection field (RFC 9110 §7.6.1).
func (f *framing) options(list string) {
	for e, rest, ok := NextElement(list); ok; e, rest, ok = NextElement(rest) {
		switch {
		case EqualFold(e, "keep-alive"):
			f.keepAlive = true
		case EqualFold(e, "close"):
			f.close = true
		case EqualFold(e, "upgrade"):
			f.upgradeOption = true
		default:
			f.named = true
		}
	}
}

// repeats reports whether a name occurs twice in the fields that were scanned.
func (f *framing) repeats(fields []Field) bool {
	return f.repeated || f.uncommon > 1 && repeatsUncommon(fields, f.uncommon)
}

// body is the length that the fields state, or none if they state nothing. Anything
// that another recipient might read differently is refused.
func (f *framing) body(minor int, none int64) (int64, error) {
	switch {
	case f.codings > 0 && f.lengths > 0:
		return 0, bad("Transfer-Encoding and Content-Length in one message") // §6.1
	case f.codings > 0 && minor == 0:
		return 0, bad("Transfer-Encoding in an HTTP/1.0 message") // §6.1
	case f.codings > 1:
		return 0, bad("repeated Transfer-Encoding")
	case f.codings == 1:
		return Chunked, checkCoding(f.coding)
	case f.lengths > 1:
		return 0, bad("repeated Content-Length") // §6.3
	case f.lengths == 1:
		return ParseLength(f.length)
	}
	return none, nil
}

// checkCoding takes chunked alone: other codings hide the length from somebody (§6.1, §7).
func checkCoding(coding string) error {
	if EqualFold(coding, "chunked") {
		return nil
	}
	known, last := 0, ""
	for e, rest, ok := NextElement(coding); ok; e, rest, ok = NextElement(rest) {
		if EqualFold(e, "chunked") {
			known++
		}
		last = e
	}
	if known == 1 && EqualFold(last, "chunked") {
		return &Error{http.StatusNotImplemented, "unknown transfer coding"}
	}
	return bad("Transfer-Encoding is not one final chunked")
}

// ParseLength takes 1*DIGIT that fit an int64: no sign, no list, not nothing (RFC 9110 §8.6).
func ParseLength(s string) (n int64, err error) {
	if s == "" || len(s) > 19 {
		return 0, bad("invalid Content-Length")
	}
	var sum uint64 // 19 digits fit
	for i := 0; i < len(s); i++ {
		if !digit(s[i]) {
			return 0, bad("invalid Content-Length")
		}
		sum = sum*10 + uint64(s[i]-'0')
	}
	if sum > math.MaxInt64 {
		return 0, bad("invalid Content-Length")
	}
	return int64(sum), nil
}

// persists reports whether the connection may serve another message (RFC 9112 §9.3).
func (f *framing) persists(minor int) bool {
	return !f.close && (minor > 0 || f.keepAlive)
}
