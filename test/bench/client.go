package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	echoSize = 64
	// bulkUnit is what one unit of the bulk scenarios moves.
	bulkUnit = 64 << 20
)

// client is one connection to a proxy.
type client struct {
	net.Conn
	r       *bufio.Reader
	request []byte // of a GET
	message []byte // of an echo
}

func dial(j Job) (*client, error) {
	address := "127.0.0.1:" + strconv.Itoa(j.Port)
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	// A reset at the end keeps thousands of closed connections from lingering in TIME_WAIT.
	conn.(*net.TCPConn).SetLinger(0)
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if j.TLS {
		t := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		if err := t.Handshake(); err != nil {
			conn.Close()
			return nil, fmt.Errorf("TLS: %w", err)
		}
		conn = t
	}
	c := &client{Conn: conn, r: bufio.NewReaderSize(conn, 1024)}
	if j.Path == "/100k" || j.Path == "/down" {
		c.r = bufio.NewReaderSize(conn, 64<<10)
	}
	if j.websocket() {
		err = c.handshake(j.Path)
	} else {
		c.request = []byte("GET " + j.Path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: transom-bench\r\nAccept: */*\r\n\r\n")
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return c, nil
}

func (c *client) handshake(path string) error {
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n", path, key)
	status, fields, err := c.head()
	if err != nil {
		return err
	}
	if status != "101" || fields["sec-websocket-accept"] != accepts(key) {
		return fmt.Errorf("handshake answered with %s", status)
	}
	c.message = append(appendHeader(nil, echoSize, true), make([]byte, echoSize)...)
	return nil
}

// head reads the head of a response. It is used once in a connection's life; get reads what repeats.
func (c *client) head() (status string, fields map[string]string, err error) {
	fields = map[string]string{}
	for first := true; ; first = false {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return "", nil, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch {
		case first && len(line) >= 12:
			status = line[9:12]
		case line == "":
			return status, fields, nil
		default:
			name, value, _ := strings.Cut(line, ":")
			fields[strings.ToLower(name)] = strings.TrimSpace(value)
		}
	}
}

// unit is one unit of work: how many of what the scenario counts it was.
func (c *client) unit(path string) (int64, error) {
	switch path {
	case "/up":
		return bulkUnit, c.up()
	case "/down":
		return bulkUnit, c.down()
	case "/1k", "/100k":
		return 1, c.get()
	}
	return 1, c.echo()
}

func (c *client) echo() error {
	if _, err := c.Write(c.message); err != nil {
		return err
	}
	n, err := readFrame(c.r)
	if err == nil && n != echoSize {
		err = fmt.Errorf("an echo of %d bytes", n)
	}
	if err != nil {
		return err
	}
	_, err = c.r.Discard(n)
	return err
}

func (c *client) say(text string) error {
	_, err := c.Write(append(appendHeader(nil, len(text), true), text...))
	return err
}

func (c *client) up() error {
	if err := c.say(strconv.Itoa(bulkUnit)); err != nil {
		return err
	}
	if err := sendMessages(c, bulkUnit, true); err != nil {
		return err
	}
	_, err := readFrame(c.r)
	return err
}

func (c *client) down() error {
	if err := c.say(strconv.Itoa(bulkUnit)); err != nil {
		return err
	}
	return discardMessages(c.r, bulkUnit)
}

// get asks once more and reads the answer, whose body has a Content-Length.
func (c *client) get() error {
	if _, err := c.Write(c.request); err != nil {
		return err
	}
	length, first := -1, true
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && (len(line) < 12 || string(line[9:12]) != "200") {
			return fmt.Errorf("answered with %q", line)
		}
		first = false
		if len(line) <= 2 {
			break
		}
		if name := "content-length:"; len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) {
			if length, err = strconv.Atoi(strings.TrimSpace(string(line[len(name):]))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("an answer without Content-Length")
	}
	_, err := io.CopyN(io.Discard, c.r, int64(length))
	return err
}
