package http1

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// reference reads a whole head line by line and byte by byte, as RFC 9112 tells it.
type reference struct {
	in     string
	limits Limits
	bareLF bool
	blanks int
	taken  int
	rules  fieldRules
}

// head returns the lines of the fields.
func (r *reference) head(firstLine func(string) (last bool, err error)) ([]string, error) {
	var fields []string
	number := 0
	for from, rest := 0, r.in; ; {
		line, after, whole := strings.Cut(rest, "\n")
		size := len(line)
		if !whole {
			size--
		} else if cut, ok := strings.CutSuffix(line, "\r"); ok {
			line, size = cut, size-1
		} else if !r.bareLF {
			return nil, bad("line ends with a bare LF")
		}
		switch {
		case number == 0 && r.limits.Line > 0 && size > r.limits.Line:
			return nil, &Error{http.StatusRequestURITooLong, "request line exceeds LimitRequestLine"}
		case number > 0 && r.limits.FieldSize > 0 && size > r.limits.FieldSize:
			return nil, &Error{http.StatusRequestHeaderFieldsTooLarge, "size of a request header field exceeds LimitRequestFieldSize"}
		case number > 0 && size > 0 && r.limits.Fields > 0 && number > r.limits.Fields:
			return nil, &Error{http.StatusRequestHeaderFieldsTooLarge, "number of request header fields exceeds LimitRequestFields"}
		case !whole && len(r.in) == from:
			return nil, io.EOF
		case !whole:
			return nil, io.ErrUnexpectedEOF
		case line == "" && number > 0:
			r.taken = len(r.in) - len(after)
			return fields, nil
		case line == "" && r.blanks == 0:
			return nil, bad("empty lines instead of a start line")
		case line == "":
			r.blanks--
			from = len(r.in) - len(after)
		case number == 0:
			last, err := firstLine(line)
			if err != nil {
				return nil, err
			}
			if last {
				r.taken = len(r.in) - len(after)
				return nil, nil
			}
			number++
		default:
			fields = append(fields, line)
			number++
		}
		rest = after
	}
}

func (r *reference) fields(lines []string) ([]Field, error) {
	var fields []Field
	for _, line := range lines {
		name, value, colon := strings.Cut(line, ":")
		if r.rules.spaceColon {
			name = strings.TrimRight(name, " \t")
		}
		folded := strings.Trim(line[:1], " \t") == ""
		if folded {
			value = line
		}
		i := 0
		for i < len(name) && class[name[i]]&tokenChar != 0 {
			i++
		}
		sound := true
		for _, c := range []byte(strings.Trim(value, " \t")) {
			sound = sound && (class[c]&valueChar != 0 || r.rules.controls && c != 0 && c != '\r')
		}
		value = strings.Trim(value, " \t")
		switch {
		case folded && (!r.rules.fold || fields == nil):
			return fields, bad("folded field line")
		case !folded && !colon && i == len(name):
			return fields, bad("field line without a colon")
		case !folded && i < len(name):
			return fields, bad("invalid character in a field name")
		case !folded && name == "":
			return fields, bad("empty field name")
		case !sound:
			return fields, bad("control character in a field value")
		case folded:
			last := &fields[len(fields)-1]
			last.Value = strings.Trim(last.Value+" "+value, " \t")
		default:
			fields = append(fields, Field{name, value, slowID(name)})
		}
	}
	return fields, nil
}

// FuzzReference: however a head is cut into reads, it is what the reference makes of it, and refused for the same reason.
func FuzzReference(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\nHost: x\n\n", "\n\nGET /a HTTP/1.1\nhost:x  \nConnection: close, keep-alive\n\n", "GET / HTTP/1.1\nHost : x\nA: b\n c\n\td\n\n",
		"GET /\n", "GET / HTTP/1.0\nA\tB: c\n\n", "GET / HTTP/1.0\nA: a\tb \t\nA:\nB: \x7f\n\n", "GET / HTTP/1.0\n:\n\n", "GET / HTTP/1.0\n a: b\n\n", "GET / HTTP/1.0\nA \n\n",
		"GET / HTTP/1.1\nAccept-Language: en-US,en;q=0.9\nHost: a\nHost: b..c\n\nGET", "\n\n\n\n\n\n\n\n\n\n\n\n", "GET / HTTP/1.0\nA:\r \n\n", "GET / HTTP/1.0\nA: b\r\n\n",
	} {
		for bits := range uint8(16) {
			f.Add(s, bits)
			f.Add(crlf(s), bits)
		}
	}
	f.Fuzz(func(t *testing.T, in string, bits uint8) {
		o := Options{Unsafe: bits&1 != 0, Require10: bits&2 != 0}
		if bits&4 != 0 {
			o.Limits = Limits{Line: 20, Fields: 2, FieldSize: 24}
		}
		if bits&8 != 0 {
			o.Limits.Fields = 0
		}
		r := reference{in: in, limits: o.Limits, bareLF: o.Unsafe, blanks: maxBlankLines, rules: fieldRules{o.Unsafe, o.Unsafe, o.Unsafe}}
		var head RequestHead
		lines, want := r.head(func(s string) (last bool, err error) {
			err = head.parseLine(s, o.Unsafe)
			return head.Major == 0, err
		})
		if want == nil {
			want = head.checkLine(&o)
		}
		if want == nil && head.Major > 0 {
			head.Fields, want = r.fields(lines)
		}
		for i, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
			var h RequestHead
			ours := NewReader(src)
			err := ours.ReadRequest(&h, &o)
			if trickles := i > 0; trickles && exceeds(err) && (exceeds(want) || bareLF(want)) {
				continue // one limit is reached before another, or before the line's end has come
			}
			if want != nil && !reflect.DeepEqual(err, want) {
				t.Fatalf("%q: %v, want %v", in, err, want)
			}
			if want != nil {
				continue
			}
			if int(ours.Taken()) != r.taken {
				t.Fatalf("%q: %d bytes taken, want %d (%v)", in, ours.Taken(), r.taken, err)
			}
			if h.Line != head.Line || h.Method != head.Method || h.Target != head.Target || h.Minor != head.Minor || len(h.Fields) != len(head.Fields) {
				t.Fatalf("%q: %+v, want %+v", in, h, head)
			}
			for i, f := range h.Fields {
				if f != head.Fields[i] {
					t.Fatalf("%q: %q, want %q", in, f, head.Fields[i])
				}
			}
			if wantErr := hostError(&head); wantErr != "" && (err == nil || err.Error() != wantErr) && head.parseTarget() == nil {
				t.Fatalf("%q: %v, want %s", in, err, wantErr)
			}
		}
	})
}

func bareLF(err error) bool { return err != nil && err.Error() == "line ends with a bare LF" }

func exceeds(err error) bool { return err != nil && strings.Contains(err.Error(), "exceeds Limit") }

// hostError is what RFC 9112 §3.2 has against the Host fields.
func hostError(h *RequestHead) string {
	hosts := 0
	for _, f := range h.Fields {
		if !strings.EqualFold(f.Name, "Host") {
			continue
		}
		if hosts++; hosts > 1 {
			return "repeated Host"
		}
		host, _, _ := strings.Cut(f.Value, ":")
		port := f.Value[len(host):]
		if !strings.HasPrefix(host, "[") && (host == "" || host[0] == '.' || !all(host, hostChar) || strings.Contains(host, "..") ||
			port != "" && !validPort(port)) {
			return "invalid Host"
		}
	}
	if hosts == 0 && h.Minor > 0 && h.Major > 0 {
		return "HTTP/1.1 request without Host"
	}
	return ""
}
