package fcgi

import (
	"encoding/binary"
	"errors"
	"io"
)

// Header is a record's header.
type Header struct {
	Type    Type
	ID      uint16
	Content int // bytes, 0 to 65535
	Padding int // bytes behind the content, 0 to 255
}

// ErrVersion is a peer that speaks something else.
var ErrVersion = errors.New("the record is not of FastCGI version 1")

// ErrPair is a name-value pair that is cut short.
var ErrPair = errors.New("a name-value pair is longer than its record")

// ParseHeader reads a header from the first HeaderLen bytes of b.
func ParseHeader(b []byte) (Header, error) {
	h := Header{Type: Type(b[1]), ID: binary.BigEndian.Uint16(b[2:]), Content: int(binary.BigEndian.Uint16(b[4:])), Padding: int(b[6])}
	if b[0] != Version {
		return h, ErrVersion
	}
	return h, nil
}

// Reader reads records from Src, which stays the caller's.
type Reader struct {
	Src     io.Reader
	content int // left of the record
	padding int // behind that
}

// Next passes what is left of the record before and reads the next header. io.EOF stands between two records.
func (r *Reader) Next() (Header, error) {
	if err := r.skip(r.content + r.padding); err != nil {
		return Header{}, err
	}
	r.content, r.padding = 0, 0
	var b [HeaderLen]byte
	if _, err := io.ReadFull(r.Src, b[:]); err != nil {
		return Header{}, err
	}
	h, err := ParseHeader(b[:])
	if err != nil {
		return h, err
	}
	r.content, r.padding = h.Content, h.Padding
	return h, nil
}

// Left is how much of the record's content has not been read yet.
func (r *Reader) Left() int { return r.content }

// Read reads the record's content, at the end of which it returns io.EOF, having passed the padding.
func (r *Reader) Read(p []byte) (int, error) {
	if r.content == 0 {
		if err := r.skip(r.padding); err != nil {
			return 0, err
		}
		r.padding = 0
		return 0, io.EOF
	}
	n, err := r.Src.Read(p[:min(len(p), r.content)])
	r.content -= n
	if n > 0 {
		return n, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (r *Reader) skip(n int) error {
	var b [256]byte
	for n > 0 {
		m, err := io.ReadFull(r.Src, b[:min(n, len(b))])
		n -= m
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// NextPair takes the first pair off the content of Params.
func NextPair(b []byte) (name, value string, rest []byte, err error) {
	n, b, err := length(b)
	if err != nil {
		return "", "", nil, err
	}
	m, b, err := length(b)
	if err != nil {
		return "", "", nil, err
	}
	if uint64(n)+uint64(m) > uint64(len(b)) {
		return "", "", nil, ErrPair
	}
	return string(b[:n]), string(b[n : n+m]), b[n+m:], nil
}

// length is below 2^31, so that the sum of two is safe in 64 bits, but not in an int of 32.
func length(b []byte) (n uint32, rest []byte, err error) {
	switch {
	case len(b) == 0:
		return 0, nil, ErrPair
	case b[0] < 0x80:
		return uint32(b[0]), b[1:], nil
	case len(b) < 4:
		return 0, nil, ErrPair
	}
	return binary.BigEndian.Uint32(b) &^ (1 << 31), b[4:], nil
}
