package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// A backend is what the server under test proxies to: played by the script
// step by step, or answering everything by itself and remembering it.
type backend struct {
	name    string
	addr    string
	timeout time.Duration
	ln      net.Listener // nil while it is down
	reply   *step        // the answer of a backend that answers by itself
	echo    bool

	accepted chan *conn // not yet looked at
	ready    chan *conn // something can be read
	current  *conn      // the one that the script speaks on

	mu   sync.Mutex
	seen []message
	all  []*conn
}

// listen opens the backend on its address, which "" leaves to the kernel.
func (b *backend) listen(network string, cert *tls.Certificate) error {
	addr := b.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := net.Listen(network, addr)
	if err != nil {
		return err
	}
	b.addr = ln.Addr().String()
	if cert != nil {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{*cert}})
	}
	b.ln = ln
	go b.serve(ln)
	return nil
}

func (b *backend) serve(ln net.Listener) {
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		c := newConn(nc, true, b.timeout)
		b.mu.Lock()
		b.all = append(b.all, c)
		b.mu.Unlock()
		if b.echo || b.reply != nil {
			go b.answerAll(c)
		} else {
			b.accepted <- c
		}
	}
}

// down closes the listener; connections stay.
func (b *backend) down() {
	if b.ln != nil {
		b.ln.Close()
		b.ln = nil
	}
}

func (b *backend) stop() {
	b.down()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.all {
		c.abandon()
	}
}

// accept waits for a connection on which the script has not yet spoken.
func (b *backend) accept() (*conn, error) {
	select {
	case c := <-b.accepted:
		return c, nil
	case <-time.After(b.timeout):
		return nil, errors.New("no connection came")
	}
}

// next waits for a connection on which a request begins, be it new or kept open.
func (b *backend) next() (*conn, error) {
	if c := b.current; c != nil && !c.tunnel && !c.broken {
		b.watch(c)
	}
	b.current = nil
	timeout := time.After(b.timeout)
	for {
		select {
		case c := <-b.accepted:
			b.watch(c)
		case c := <-b.ready:
			return c, nil
		case <-timeout:
			return nil, errors.New("no request came")
		}
	}
}

func (b *backend) watch(c *conn) {
	c.SetReadDeadline(time.Time{})
	go func() {
		if _, err := c.r.Peek(1); err == nil {
			b.ready <- c
		} else {
			c.abandon()
		}
	}()
}

// answerAll serves one connection of a backend that answers by itself.
func (b *backend) answerAll(c *conn) {
	defer c.close()
	for {
		h, err := readHead(c.r)
		if err != nil {
			return
		}
		if h.hasToken("Expect", "100-continue") {
			c.write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		}
		body, err := newBody(c.r, h, "")
		if err != nil {
			return
		}
		data, err := io.ReadAll(body)
		if err != nil {
			return
		}
		c.last = h
		c.noteRequest()
		b.mu.Lock()
		b.seen = append(b.seen, message{h, string(data), body.trailers})
		b.mu.Unlock()
		if err := b.answer(c, h); err != nil || h.hasToken("Connection", "close") {
			return
		}
	}
}

func (b *backend) answer(c *conn, h head) error {
	if b.reply != nil {
		data, err := c.encode(b.reply.rest(3), b.reply.block)
		c.write(data)
		return err
	}
	say := b.name + " " + h.start[:max(0, strings.LastIndex(h.start, " "))]
	if h.hasToken("Upgrade", "websocket") && len(h.values("Sec-WebSocket-Key")) == 1 {
		data, _ := c.encodeResponse("101", block{})
		c.write(append(data, frame{fin: true, opcode: 1, payload: say}.bytes()...))
		return echoFrames(c)
	}
	data, _ := c.encodeResponse("200", block{lines: []string{"Content-Type: text/plain"}, body: &say})
	if strings.HasPrefix(h.start, "HEAD ") {
		data = data[:len(data)-len(say)]
	}
	c.write(data)
	return nil
}

// echoFrames sends every frame back until a Close was.
func echoFrames(c *conn) error {
	for {
		f, err := readFrame(c.r)
		if err != nil {
			return err
		}
		f.masked = false
		c.write(f.bytes())
		if f.opcode == opcodes["close"] {
			return io.EOF
		}
	}
}

// got compares the request received last, by a backend that answers by itself.
func (b *backend) got(text string, lines []string) error {
	blk, err := parseBlock(lines)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.seen) == 0 {
		return mismatch("no request")
	}
	m := b.seen[len(b.seen)-1]
	return firstOf(append(checkRequest(text, m), blk.check(m)...))
}

func (b *backend) count(want string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if got := fmt.Sprint(len(b.seen)); got != want {
		return mismatch(got)
	}
	return nil
}
