package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
)

var stdin = os.Stdin

// bulkMessage is the payload of a message of the bulk scenarios.
const bulkMessage = 64 << 10

// readFrame reads the header of a frame (RFC 6455 section 5.2) and returns the length of its payload.
func readFrame(r *bufio.Reader) (int, error) {
	var b [8]byte
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return 0, err
	}
	n, masked := int(b[1]&0x7f), b[1]&0x80 != 0
	switch n {
	case 126:
		if _, err := io.ReadFull(r, b[:2]); err != nil {
			return 0, err
		}
		n = int(binary.BigEndian.Uint16(b[:2]))
	case 127:
		if _, err := io.ReadFull(r, b[:8]); err != nil {
			return 0, err
		}
		n = int(binary.BigEndian.Uint64(b[:8]))
	}
	if masked {
		if _, err := r.Discard(4); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// appendHeader begins a binary message of n bytes; a client's carries the mask zero.
func appendHeader(b []byte, n int, masked bool) []byte {
	mask := byte(0)
	if masked {
		mask = 0x80
	}
	switch {
	case n < 126:
		b = append(b, 0x82, mask|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x82, mask|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x82, mask|127), uint64(n))
	}
	if masked {
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

// sendMessages writes messages of bulkMessage bytes until total bytes of payload are sent.
func sendMessages(w io.Writer, total int, masked bool) error {
	message := append(appendHeader(nil, bulkMessage, masked), make([]byte, bulkMessage)...)
	for ; total > 0; total -= bulkMessage {
		if _, err := w.Write(message); err != nil {
			return err
		}
	}
	return nil
}

// discardMessages reads messages until total bytes of payload have come.
func discardMessages(r *bufio.Reader, total int) error {
	for total > 0 {
		n, err := readFrame(r)
		if err != nil {
			return err
		}
		if _, err := r.Discard(n); err != nil {
			return err
		}
		total -= n
	}
	return nil
}
