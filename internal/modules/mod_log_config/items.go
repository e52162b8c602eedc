package logconfig

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"transom/internal/module"
	"transom/internal/tunnel"
)

// kind is what a letter of a format means.
type kind struct {
	value    func(b []byte, r *module.Request, arg string) []byte
	prepare  func(arg string) string // not nil: done to the argument once
	original bool
	atEnd    func(t *tunnel.Result, arg string) string
}

func str(f func(r *module.Request, arg string) string) func([]byte, *module.Request, string) []byte {
	return func(b []byte, r *module.Request, arg string) []byte { return text(b, f(r, arg)) }
}

// opt is str for what may be there and empty, which is logged as nothing at all.
func opt(f func(r *module.Request, arg string) (string, bool)) func([]byte, *module.Request, string) []byte {
	return func(b []byte, r *module.Request, arg string) []byte {
		if s, set := f(r, arg); s != "" || !set {
			return text(b, s)
		}
		return b
	}
}

func num(f func(r *module.Request, arg string) int64) func([]byte, *module.Request, string) []byte {
	return func(b []byte, r *module.Request, arg string) []byte { return strconv.AppendInt(b, f(r, arg), 10) }
}

var pid = int64(os.Getpid())

var known = map[string]kind{
	"h": {value: client},
	"a": {value: client},
	"A": {value: str(func(r *module.Request, _ string) string { return r.Conn.Local.Addr().Unmap().String() })},
	"l": {},
	"u": {value: user},
	"t": {value: logTime},
	"r": {value: requestLine, original: true},
	"s": {value: status, original: true},
	"b": {value: bytesOrDash, atEnd: fromBackend},
	"B": {value: num(func(r *module.Request, _ string) int64 { return r.BytesSent }), atEnd: fromBackend},
	"D": {value: num(func(r *module.Request, _ string) int64 { return int64(time.Since(r.Conn.Received) / time.Microsecond) }), original: true,
		atEnd: func(t *tunnel.Result, _ string) string {
			return strconv.FormatInt(int64(t.Duration/time.Microsecond), 10)
		}},
	"T": {value: func(b []byte, r *module.Request, arg string) []byte {
		return append(b, scaled(time.Since(r.Conn.Received), arg)...)
	},
		prepare: oneOf("s", "ms", "us"), original: true, atEnd: func(t *tunnel.Result, arg string) string { return scaled(t.Duration, arg) }},
	"i": {value: requestHeader, prepare: http.CanonicalHeaderKey},
	"o": {value: opt(responseHeader), prepare: http.CanonicalHeaderKey},
	"n": {value: opt(func(r *module.Request, arg string) (string, bool) { v, set := r.Notes[arg]; return v, set })},
	"e": {value: opt((*module.Request).Env)},
	"C": {value: str(cookie)},
	"f": {value: str(func(r *module.Request, _ string) string { return r.Filename })},
	"H": {value: str(func(r *module.Request, _ string) string { return r.Protocol })},
	"m": {value: str(func(r *module.Request, _ string) string { return r.Method })},
	"q": {value: query},
	"U": {value: str(func(r *module.Request, _ string) string { return r.URI }), original: true},
	"v": {value: str(func(r *module.Request, _ string) string { return r.Server.Name })},
	"V": {value: str(func(r *module.Request, _ string) string { return r.ServerName() })},
	"p": {value: port, prepare: oneOf("canonical", "local", "remote")},
	"P": {value: num(func(*module.Request, string) int64 { return pid })},
	"k": {value: num(func(r *module.Request, _ string) int64 { return int64(r.Conn.KeepAlives) })},
	"R": {value: str(func(r *module.Request, _ string) string { return r.Handler }), original: true},
	"L": {value: str(func(r *module.Request, _ string) string { return r.Notes["log-id"] })},
	"X": {value: str(connectionStatus), atEnd: func(*tunnel.Result, string) string { return "-" }},
	"I": {value: num(func(r *module.Request, _ string) int64 { return r.Conn.BytesIn() }),
		atEnd: func(t *tunnel.Result, _ string) string { return strconv.FormatInt(t.FromClient.Bytes, 10) }},
	"O": {value: num(func(r *module.Request, _ string) int64 { return r.Conn.BytesOut() }), atEnd: fromBackend},
	"S": {value: num(func(r *module.Request, _ string) int64 { return r.Conn.BytesIn() + r.Conn.BytesOut() }),
		atEnd: func(t *tunnel.Result, _ string) string {
			return strconv.FormatInt(t.FromClient.Bytes+t.FromBackend.Bytes, 10)
		}},
	"^FB": {},
	"^ti": {value: str(func(r *module.Request, arg string) string { return r.HTTP.Trailer.Get(arg) })},
	"^to": {value: str(func(r *module.Request, arg string) string { return r.Writer.Header().Get("Trailer:" + arg) })},
}

func fromBackend(t *tunnel.Result, _ string) string {
	return strconv.FormatInt(t.FromBackend.Bytes, 10)
}

// oneOf makes words that are known in any case lower case.
func oneOf(words ...string) func(arg string) string {
	return func(arg string) string {
		if lower := strings.ToLower(arg); slices.Contains(words, lower) {
			return lower
		}
		return arg
	}
}

func client(b []byte, r *module.Request, arg string) []byte {
	if arg == "c" {
		return text(b, r.Conn.Remote.Addr().Unmap().String())
	}
	return text(b, r.UserAgentText())
}

// user is "-" for nobody and "" in quotes for an empty name.
func user(b []byte, r *module.Request, _ string) []byte {
	if r.User == "" && r.AuthType != "" {
		if _, _, named := r.BasicAuth(); named {
			return append(b, '"', '"')
		}
	}
	return text(b, r.User)
}

func requestLine(b []byte, r *module.Request, _ string) []byte {
	return text(b, r.Conn.Line)
}

func status(b []byte, r *module.Request, _ string) []byte {
	if r.Status == 0 {
		return append(b, '-')
	}
	if n := r.Status; n < 1000 {
		return append(b, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
	}
	return strconv.AppendInt(b, int64(r.Status), 10)
}

func bytesOrDash(b []byte, r *module.Request, _ string) []byte {
	if r.BytesSent == 0 {
		return append(b, '-')
	}
	return strconv.AppendInt(b, r.BytesSent, 10)
}

// scaled is a duration in a unit; httpd answers one that it does not know with its name.
func scaled(d time.Duration, unit string) string {
	switch unit {
	case "", "s":
		d /= time.Second
	case "ms":
		d /= time.Millisecond
	case "us":
		d /= time.Microsecond
	default:
		return unit
	}
	return strconv.FormatInt(int64(d), 10)
}

func requestHeader(b []byte, r *module.Request, arg string) []byte {
	if arg == "Host" {
		return text(b, r.HTTP.Host)
	}
	value, set := r.Joined(arg)
	if value == "" && set {
		return b
	}
	return text(b, value)
}

func responseHeader(r *module.Request, arg string) (string, bool) {
	values := r.Writer.Header()[arg]
	return strings.Join(values, ", "), len(values) > 0
}

// cookie is a cookie's value as it came, in quotes too.
func cookie(r *module.Request, arg string) string {
	for _, line := range r.Values("Cookie") {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(pair, "=")
			if value != "" && strings.EqualFold(strings.Trim(name, " \t"), arg) {
				return strings.Trim(value, " \t")
			}
		}
	}
	return ""
}

func query(b []byte, r *module.Request, _ string) []byte {
	if r.Query == "" {
		return b
	}
	return text(append(b, '?'), r.Query)
}

func port(b []byte, r *module.Request, arg string) []byte {
	n := r.CanonicalPort()
	switch arg {
	case "", "canonical":
	case "remote":
		n = int(r.UserAgentPort())
	case "local":
		n = int(r.Conn.Local.Port())
	default:
		return append(b, arg...)
	}
	return strconv.AppendInt(b, int64(n), 10)
}

func connectionStatus(r *module.Request, _ string) string {
	switch {
	case r.Conn.Broken():
		return "X"
	case r.Conn.Closes():
		return "-"
	}
	return "+"
}
