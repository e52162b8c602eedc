// Package ws knows the bytes of RFC 6455: the handshake's checks, frame headers, and small control frames.
// It does no I/O and never looks at a payload, save for the two bytes of a close code.
package ws

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"transom/internal/wire/http1"
)

// Why a request or a response is no WebSocket handshake. A request that fails a check stays HTTP, except
// for ErrBody, which deserves a 400; a response that fails one must not be honoured (502).
var (
	ErrUpgrade    = errors.New("ws: Upgrade is not the one token websocket")
	ErrConnection = errors.New("ws: Connection lacks the token upgrade")
	ErrMethod     = errors.New("ws: the method is not GET")
	ErrProto      = errors.New("ws: the protocol is not HTTP/1.1")
	ErrVersion    = errors.New("ws: Sec-WebSocket-Version is not 13")
	ErrKey        = errors.New("ws: no single Sec-WebSocket-Key")
	ErrBody       = errors.New("ws: a handshake has no body")
	ErrStatus     = errors.New("ws: the status is not 101")
	ErrAccept     = errors.New("ws: Sec-WebSocket-Accept does not answer the key")
)

// CheckRequest returns nil if the request is a complete handshake (RFC 6455 section 4.2.1). contentLength is
// as in http.Request: -1 for a body of unknown length. It is cheap for requests that ask for no upgrade.
func CheckRequest(method, proto string, fields []http1.Field, contentLength int64) error {
	s := read(fields)
	switch {
	case !http1.EqualFold(s.upgrade.once(), "websocket"):
		return ErrUpgrade
	case !s.connection:
		return ErrConnection
	case method != http.MethodGet:
		return ErrMethod
	case proto != "HTTP/1.1":
		return ErrProto
	case s.version.once() != "13":
		return ErrVersion
	case !validKey(s.key.once()):
		return ErrKey
	case s.body || contentLength != 0:
		return ErrBody
	}
	return nil
}

// CheckResponse returns nil if the response completes the handshake that was sent with key (section 4.1).
func CheckResponse(status int, fields []http1.Field, key string) error {
	if status != http.StatusSwitchingProtocols {
		return ErrStatus
	}
	s, want := read(fields), acceptOf(key)
	switch {
	case !http1.EqualFold(s.upgrade.once(), "websocket"):
		return ErrUpgrade
	case !s.connection:
		return ErrConnection
	case s.accept.once() != string(want[:]):
		return ErrAccept
	}
	return nil
}

// Accept is the Sec-WebSocket-Accept that answers key.
func Accept(key string) string {
	a := acceptOf(key)
	return string(a[:])
}

func acceptOf(key string) (a [28]byte) {
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	sum := sha1.Sum(append(append(make([]byte, 0, 64), key...), guid...))
	base64.StdEncoding.Encode(a[:], sum[:])
	return a
}

// Extensions reports whether a 101 response agrees to an extension, which may then use the RSV bits.
func Extensions(fields []http1.Field) bool {
	for i := range fields {
		if f := &fields[i]; f.ID() == http1.SecWebSocketExtensions && strings.Trim(f.Value, " \t,") != "" {
			return true
		}
	}
	return false
}

// said is what a head says of a handshake.
type said struct {
	upgrade, version, key, accept single
	connection                    bool // asks for an upgrade
	body                          bool
}

func read(fields []http1.Field) (s said) {
	for i := range fields {
		switch f := &fields[i]; f.ID() {
		case http1.Connection:
			s.connection = s.connection || lists(f.Value, "upgrade")
		case http1.Upgrade:
			s.upgrade.add(f.Value)
		case http1.SecWebSocketVersion:
			s.version.add(f.Value)
		case http1.SecWebSocketKey:
			s.key.add(f.Value)
		case http1.SecWebSocketAccept:
			s.accept.add(f.Value)
		case http1.TransferEncoding:
			s.body = true
		case http1.ContentLength:
			s.body = s.body || trim(f.Value) != "0"
		}
	}
	return s
}

// single is a field that must stand there once.
type single struct {
	value string
	times int
}

func (s *single) add(value string) {
	s.value = value
	s.times++
}

func (s *single) once() string {
	if s.times != 1 {
		return ""
	}
	return trim(s.value)
}

func lists(line, token string) bool {
	if http1.EqualFold(line, token) {
		return true
	}
	for more := true; more; {
		var item string
		if item, line, more = strings.Cut(line, ","); http1.EqualFold(trim(item), token) {
			return true
		}
	}
	return false
}

func trim(s string) string {
	for s != "" && blank(s[0]) {
		s = s[1:]
	}
	for s != "" && blank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// validKey asks for base64's alphabet but not for sixteen bytes: the length protects nobody, and the
// handshakes that people type by hand to find a fault are often a byte or two off. The backend judges that.
func validKey(key string) bool {
	if key == "" || len(key) > 128 {
		return false
	}
	for i := range len(key) {
		c := key[i]
		alnum := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !alnum && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return true
}
