package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// pushEvery is the time between two messages to each tunnel on /push.
const pushEvery = 100 * time.Millisecond

// The backend answers on one port for each peer, so that peers don't use up each other's ephemeral ports:
//
//	GET /1k, /100k    that many bytes
//	/echo             each message comes back
//	/push             a message of 64 bytes every pushEvery
//	/up               an empty message when "BYTES" in the first message have come
//	/down             as many bytes as the first message says
type backend struct {
	mu     sync.Mutex
	pushed map[net.Conn]bool
	bodies map[string][]byte
}

// runBackend prints the ports it listens on and serves until its standard input ends.
func runBackend(args []string) error {
	flags := flag.NewFlagSet("backend", flag.ExitOnError)
	ports := flags.Int("ports", 1, "how many ports to listen on")
	flags.Parse(args)
	b := &backend{pushed: map[net.Conn]bool{}, bodies: map[string][]byte{"/1k": answer(1 << 10), "/100k": answer(100 << 10)}}
	for range *ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		fmt.Println(l.Addr().(*net.TCPAddr).Port)
		go b.accept(l)
	}
	go b.push()
	io.Copy(io.Discard, stdin)
	return nil
}

func answer(size int) []byte {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", size)
	return append([]byte(head), bytes.Repeat([]byte("x"), size)...)
}

func (b *backend) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go b.serve(c)
	}
}

func (b *backend) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 2048)
	for {
		path, key, err := readRequest(r)
		if err != nil {
			return
		}
		if key != "" {
			fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accepts(key))
			b.tunnel(path, c, r)
			return
		}
		body, ok := b.bodies[path]
		if !ok {
			body = []byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
		}
		if _, err := c.Write(body); err != nil {
			return
		}
	}
}

// readRequest reads a head without a body: its path and the key of a WebSocket handshake.
func readRequest(r *bufio.Reader) (path, key string, err error) {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return "", "", err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if first {
			words := strings.Fields(text)
			if len(words) != 3 {
				return "", "", fmt.Errorf("request line %q", text)
			}
			path = words[1]
			continue
		}
		if text == "" {
			return path, key, nil
		}
		if name, value, _ := strings.Cut(text, ":"); strings.EqualFold(name, "Sec-WebSocket-Key") {
			key = strings.TrimSpace(value)
		}
	}
}

func accepts(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (b *backend) tunnel(path string, c net.Conn, r *bufio.Reader) {
	switch path {
	case "/push":
		b.mu.Lock()
		b.pushed[c] = true
		b.mu.Unlock()
		io.Copy(io.Discard, r)
		b.mu.Lock()
		delete(b.pushed, c)
		b.mu.Unlock()
	case "/up", "/down":
		bulk(path, c, r)
	default:
		echo(c, r)
	}
}

// echo sends back what comes, message by message. The mask of this program's clients is zero, so that payloads need no
// unmasking.
func echo(c net.Conn, r *bufio.Reader) {
	var out []byte
	for {
		n, err := readFrame(r)
		if err != nil {
			return
		}
		out = appendHeader(out[:0], n, false)
		at := len(out)
		out = append(out, make([]byte, n)...)
		if _, err := io.ReadFull(r, out[at:]); err != nil {
			return
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func bulk(path string, c net.Conn, r *bufio.Reader) {
	for {
		n, err := readFrame(r)
		if err != nil {
			return
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(r, text); err != nil {
			return
		}
		total, _ := strconv.Atoi(string(text))
		if path == "/up" {
			if discardMessages(r, total) != nil {
				return
			}
			c.Write(appendHeader(nil, 0, false))
			continue
		}
		if sendMessages(c, total, false) != nil {
			return
		}
	}
}

// push sends to all tunnels of /push in turn, spread over the interval as far as the clock allows.
func (b *backend) push() {
	message := append(appendHeader(nil, 64, false), make([]byte, 64)...)
	for range time.Tick(pushEvery) {
		b.mu.Lock()
		for c := range b.pushed {
			c.Write(message)
		}
		b.mu.Unlock()
	}
}
