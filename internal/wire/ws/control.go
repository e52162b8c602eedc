package ws

import (
	"encoding/binary"
	"math/rand/v2"
)

// AppendControl appends a control frame with payload, of which no more than 125 bytes are taken. masked: as a client.
func AppendControl(dst []byte, opcode byte, payload []byte, masked bool) []byte {
	payload = payload[:min(len(payload), 125)]
	dst = append(dst, 0x80|opcode, byte(len(payload)))
	if !masked {
		return append(dst, payload...)
	}
	dst[len(dst)-1] |= 0x80
	var key [4]byte
	binary.LittleEndian.PutUint32(key[:], rand.Uint32())
	dst = append(dst, key[:]...)
	for i, b := range payload {
		dst = append(dst, b^key[i&3])
	}
	return dst
}

// AppendClose appends a Close frame; a code that must not be on the wire is left out.
func AppendClose(dst []byte, code int, masked bool) []byte {
	if code < 0 || code > 0xffff || !validCode(uint16(code)) {
		return AppendControl(dst, OpClose, nil, masked)
	}
	return AppendControl(dst, OpClose, binary.BigEndian.AppendUint16(nil, uint16(code)), masked)
}
