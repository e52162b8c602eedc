package ws

import (
	"errors"
	"slices"
	"testing"

	"transom/internal/wire/http1"
)

// fields are a header in which names are written as they are here.
func fields(pairs ...string) (list []http1.Field) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, http1.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func handshake() []http1.Field {
	return fields("Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13",
		"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

func TestCheckRequest(t *testing.T) {
	with := func(name string, values ...string) []http1.Field {
		list := slices.DeleteFunc(handshake(), func(f http1.Field) bool { return f.Name == name })
		for _, v := range values {
			list = append(list, fields(name, v)...)
		}
		return list
	}
	for _, c := range []struct {
		name   string
		fields []http1.Field
		want   error
	}{
		{"complete", handshake(), nil},
		{"no upgrade", fields("Accept", "*/*"), ErrUpgrade},
		{"case 1: version 777", with("Sec-WebSocket-Version", "777"), ErrVersion},
		{"case 2: only Upgrade", fields("Upgrade", "websocket"), ErrConnection},
		{"no key", with("Sec-WebSocket-Key"), ErrKey},
		{"empty key", with("Sec-WebSocket-Key", ""), ErrKey},
		{"two keys", with("Sec-WebSocket-Key", "YQ==", "Yg=="), ErrKey},
		{"key with a line break", with("Sec-WebSocket-Key", "YQ==\r\nX: y"), ErrKey},
		{"two versions", with("Sec-WebSocket-Version", "13", "8"), ErrVersion},
		{"case 4: h2c", with("Upgrade", "h2c"), ErrUpgrade},
		{"case 4: h2c and a tab", with("Upgrade", "h2c\t"), ErrUpgrade},
		{"case 4: prefix", with("Upgrade", "websocket-foo"), ErrUpgrade},
		{"case 4: list", with("Upgrade", "websocket, h2c"), ErrUpgrade},
		{"two Upgrade lines", with("Upgrade", "websocket", "websocket"), ErrUpgrade},
		{"any case", with("Upgrade", " WebSocket "), nil},
		{"case 13: Content-Length", with("Content-Length", "10"), ErrBody},
		{"Content-Length 0", with("Content-Length", "0"), nil},
		{"case 13: chunked", with("Transfer-Encoding", "chunked"), ErrBody},
		{"case 32: list", with("Connection", "keep-alive, Upgrade"), nil},
		{"case 32: two lines", with("Connection", "keep-alive", "UPGRADE"), nil},
		{"case 32: substring", with("Connection", "x-upgrade-me"), ErrConnection},
	} {
		if got := CheckRequest("GET", "HTTP/1.1", c.fields, 0); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := CheckRequest("POST", "HTTP/1.1", handshake(), 0); got != ErrMethod {
		t.Errorf("case 2: POST: %v", got)
	}
	for _, proto := range []string{"HTTP/1.0", "HTTP/2.0", ""} {
		if got := CheckRequest("GET", proto, handshake(), 0); got != ErrProto {
			t.Errorf("%q: %v", proto, got)
		}
	}
	for _, n := range []int64{-1, 5} {
		if got := CheckRequest("GET", "HTTP/1.1", handshake(), n); got != ErrBody {
			t.Errorf("case 13: length %d: %v", n, got)
		}
	}
}

func TestCheckResponse(t *testing.T) {
	const key = "dGhlIHNhbXBsZSBub25jZQ==" // section 1.3's example
	const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	ok := fields("Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Accept", accept)
	for _, c := range []struct {
		name   string
		status int
		fields []http1.Field
		want   error
	}{
		{"complete", 101, ok, nil},
		{"case 1: 426", 426, ok, ErrStatus},
		{"case 6: 200", 200, ok, ErrStatus},
		{"case 2: wrong accept", 101, fields("Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Accept", "x"), ErrAccept},
		{"case 9: unsolicited", 101, fields(), ErrUpgrade},
		{"case 10: other token", 101, fields("Connection", "Upgrade", "Upgrade", "h2c", "Sec-WebSocket-Accept", accept), ErrUpgrade},
		{"case 10: two lines", 101, fields("Connection", "Upgrade", "Upgrade", "websocket", "Upgrade", "x", "Sec-WebSocket-Accept", accept), ErrUpgrade},
		{"any case", 101, fields("connection", "a, UPGRADE", "UPGRADE", " WebSocket ", "sec-websocket-accept", accept), nil},
		{"two accepts", 101, append(ok[:3:3], fields("Sec-Websocket-Accept", accept)...), ErrAccept},
		{"case 10: no Connection", 101, fields("Upgrade", "websocket", "Sec-WebSocket-Accept", accept), ErrConnection},
	} {
		if got := CheckResponse(c.status, c.fields, key); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if CheckResponse(101, ok, "") == nil {
		t.Error("a 101 to a request without a key was honoured")
	}
}

func TestExtensions(t *testing.T) {
	for v, want := range map[string]bool{"": false, " , ": false, "permessage-deflate": true, "x-webkit; a=b": true} {
		if Extensions(fields("Sec-WebSocket-Extensions", v)) != want {
			t.Errorf("%q: not %v", v, want)
		}
	}
	if Extensions(nil) {
		t.Error("no field: an extension")
	}
}
