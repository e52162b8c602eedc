package tunnel

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// crypto/tls keeps the buffers that its input has needed for as long as a connection lives: some 5 KB after a handshake
// with a post-quantum key share, 17 KB and more after one large record. For a tunnel that may be idle for days this is
// most of what it costs, and there is no call to give it back; hence this look at unexported fields. If a future
// crypto/tls has none of these names and types, nothing is trimmed, and TestTrim says so.
var (
	tlsBuffers = [...]uintptr{fieldIn[bytes.Buffer]("rawInput"), fieldIn[bytes.Buffer]("hand")}
	tlsInput   = fieldIn[bytes.Reader]("input")
)

const noField = ^uintptr(0)

// fieldIn is where in a tls.Conn its field of that name and type lies.
func fieldIn[T any](name string) uintptr {
	f, ok := reflect.TypeFor[tls.Conn]().FieldByName(name)
	if !ok || f.Type != reflect.TypeFor[T]() {
		return noField
	}
	return f.Offset
}

func field[T any](c *tls.Conn, at uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(c), at)) }

// holds reports whether c may have read more than Read has returned. If it has not, nothing is lost by waiting for its
// socket, and a first Read, which would make a buffer, is saved.
func holds(c *tls.Conn) bool {
	if tlsInput == noField || field[bytes.Reader](c, tlsInput).Len() > 0 {
		return true
	}
	for _, at := range tlsBuffers {
		if at == noField || field[bytes.Buffer](c, at).Len() > 0 {
			return true
		}
	}
	return false
}

// trim frees the input buffers of c that are empty and larger than keep. What Read has not handed out yet stays valid:
// it refers to the memory by itself.
func trim(c *tls.Conn, keep int) {
	if tlsInput != noField {
		if in := field[bytes.Reader](c, tlsInput); in.Len() == 0 {
			in.Reset(nil) // it still refers to a buffer
		}
	}
	for _, at := range tlsBuffers {
		if at == noField {
			continue
		}
		if b := field[bytes.Buffer](c, at); b.Len() == 0 && b.Cap() > keep {
			*b = bytes.Buffer{}
		}
	}
}
