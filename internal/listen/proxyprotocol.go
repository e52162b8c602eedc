package listen

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/pires/go-proxyproto"
)

// readProxyHeader takes the PROXY header (of HAProxy's specification, version 1 or 2) with which the connection begins, and
// not one byte more: what follows is TLS's or HTTP's. A proxy that speaks for itself names no client; then it is the client.
func (c *conn) readProxyHeader() error {
	c.pacer.begin(c.settings.HeaderTimeout, c.settings.Timeout, now())
	text, err := proxyHeaderText(c)
	if err != nil {
		return fmt.Errorf("PROXY header of %s: %w", c.peer, err)
	}
	h, err := proxyproto.Read(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		return fmt.Errorf("PROXY header of %s: %w", c.peer, err)
	}
	c.client = c.remote
	if addr, ok := h.SourceAddr.(*net.TCPAddr); ok && h.Command == proxyproto.PROXY {
		c.client = addrPort(addr)
		c.peer = c.client.String()
	}
	return nil
}

const (
	shortestProxyHeader = len("PROXY UNKNOWN\r\n")
	longestProxyLine    = 107  // version 1
	longestProxyBlock   = 2048 // version 2, behind its first 16 bytes
)

var (
	errNoProxyHeader   = errors.New("the connection begins without one (RemoteIPProxyProtocol)")
	errLongProxyHeader = errors.New("it is too long")
	signatureV2        = []byte("\r\n\r\n\x00\r\nQUIT\n")
)

func proxyHeaderText(r io.Reader) ([]byte, error) {
	text := make([]byte, shortestProxyHeader, longestProxyLine)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(text, []byte("PROXY ")):
		return proxyLine(r, text)
	case bytes.HasPrefix(text, signatureV2):
		return proxyBlock(r, text)
	}
	return nil, errNoProxyHeader
}

// proxyLine reads on to the line's end.
func proxyLine(r io.Reader, text []byte) ([]byte, error) {
	for text[len(text)-1] != '\n' {
		if len(text) == longestProxyLine {
			return nil, errLongProxyHeader
		}
		text = text[:len(text)+1]
		if _, err := io.ReadFull(r, text[len(text)-1:]); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// proxyBlock reads as much as the block's 15th and 16th byte say.
func proxyBlock(r io.Reader, text []byte) ([]byte, error) {
	text = text[:16]
	if _, err := io.ReadFull(r, text[15:]); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint16(text[14:]))
	if length > longestProxyBlock {
		return nil, errLongProxyHeader
	}
	text = append(text, make([]byte, length)...)
	_, err := io.ReadFull(r, text[16:])
	return text, err
}

// expectsProxyHeader says whether the configuration wants one of this peer.
func (c *conn) expectsProxyHeader() bool {
	f := c.settings.ProxyProtocol
	return f != nil && f(c.remote.Addr())
}
