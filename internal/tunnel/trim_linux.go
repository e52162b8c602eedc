package tunnel

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// crypto/tls keeps the buffers that its input has needed for as long as a connection lives: some 5 KB after a handshake
// with a post-quantum key share, 17 KB and more after one large record. For a tunnel that may be idle for days this is
// most of what it costs, and there is no call to give it back; hence this look at two unexported fields. If a future
// crypto/tls has none of these names and types, nothing is trimmed, and TestTrim says so.
var tlsBuffers = [...]uintptr{bufferIn("rawInput"), bufferIn("hand")}

const noBuffer = ^uintptr(0)

func bufferIn(name string) uintptr {
	f, ok := reflect.TypeFor[tls.Conn]().FieldByName(name)
	if !ok || f.Type != reflect.TypeFor[bytes.Buffer]() {
		return noBuffer
	}
	return f.Offset
}

// trim frees the input buffers of c that are empty and larger than keep. What Read has not handed out yet stays valid:
// it refers to the memory by itself.
func trim(c *tls.Conn, keep int) {
	for _, at := range tlsBuffers {
		if at == noBuffer {
			continue
		}
		if b := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c), at)); b.Len() == 0 && b.Cap() > keep {
			*b = bytes.Buffer{}
		}
	}
}
