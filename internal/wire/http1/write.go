package http1

import (
	"net/http"
	"strconv"
)

// AppendStatusLine appends "HTTP/1.1 NNN reason CRLF"; an empty reason is the usual one.
func AppendStatusLine(b []byte, status int, reason string) []byte {
	if reason == "" {
		reason = http.StatusText(status)
	}
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = appendValue(b, reason)
	return append(b, "\r\n"...)
}

// AppendField appends "name: value CRLF". Control characters in value become spaces; a
// field whose name is no token is left out: neither can add a line to the head.
func AppendField(b []byte, name, value string) []byte {
	f := Field{Name: name, Value: value}
	return f.AppendTo(b)
}

// AppendTo is AppendField.
func (f *Field) AppendTo(b []byte) []byte {
	if f.id == unknown && !IsToken(f.Name) {
		return b
	}
	b = append(b, f.Name...)
	b = append(b, ": "...)
	n := valueEnd(f.Value)
	b = append(b, f.Value[:n]...)
	if n < len(f.Value) {
		b = appendSpaced(b, f.Value[n:])
	}
	return append(b, "\r\n"...)
}

func appendValue(b []byte, s string) []byte {
	n := valueEnd(s)
	return appendSpaced(append(b, s[:n]...), s[n:])
}

func appendSpaced(b []byte, s string) []byte {
	for _, c := range []byte(s) {
		if class[c]&valueChar == 0 {
			c = ' '
		}
		b = append(b, c)
	}
	return b
}

// AppendFields appends fields in their order.
func AppendFields(b []byte, fields []Field) []byte {
	for i := range fields {
		b = fields[i].AppendTo(b)
	}
	return b
}

// AppendChunkSize appends the header of a chunk of n bytes, n > 0. The data and CRLF follow.
func AppendChunkSize(b []byte, n int) []byte {
	b = strconv.AppendInt(b, int64(n), 16)
	return append(b, "\r\n"...)
}

// AppendLastChunk appends the last chunk and the trailers.
func AppendLastChunk(b []byte, trailers []Field) []byte {
	b = append(b, "0\r\n"...)
	b = AppendFields(b, trailers)
	return append(b, "\r\n"...)
}
