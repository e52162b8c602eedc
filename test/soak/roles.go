//go:build system

package soak

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"transom/internal/wire/http1"
	"transom/internal/wire/ws"
)

// patience is how long anything may take. Nothing is asserted about how long it took.
const patience = 2 * time.Minute

// tally is what a process has seen.
type tally struct {
	Tunnels int64 // that ended
	Broken  int64 // of them, on purpose
	Bytes   int64 // received
	Failed  []string
}

type counter struct {
	mu sync.Mutex
	tally
}

func (c *counter) add(p plan, n int64, errs ...error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Tunnels++
	c.Bytes += n
	if p.breaker != "none" {
		c.Broken++
		return
	}
	if err := errors.Join(errs...); err != nil && len(c.Failed) < 20 {
		c.Failed = append(c.Failed, fmt.Sprintf("tunnel %d: %v", p.seed, err))
	}
}

// job is what the client process is told.
type job struct {
	Plain, TLS string // addresses
	Ports      int    // backend ports, by number
	Tunnels    int    // at once
	Seed       uint64
	Pause      time.Duration
}

// obey answers each line of the standard input with a line of JSON, and returns at its end.
func obey(do func(command string) any) {
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		out.Encode(do(lines.Text()))
	}
}

// backendRole serves tunnels on so many ports, which it prints. It tells its tally when asked.
func backendRole(ports int, pause time.Duration) {
	var c counter
	var addresses []string
	for range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		addresses = append(addresses, l.Addr().String())
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go serveTunnel(conn, &c, pause)
			}
		}()
	}
	json.NewEncoder(os.Stdout).Encode(addresses)
	obey(func(string) any {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.tally
	})
}

func serveTunnel(c net.Conn, count *counter, pause time.Duration) {
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReaderSize(c, 4<<10)
	q, err := http.ReadRequest(r)
	if err != nil {
		return // a client that broke off before its handshake
	}
	p, err := parsePlan(q.URL.Path)
	if err != nil {
		count.add(plan{breaker: "none"}, 0, err)
		return
	}
	hello := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		ws.Accept(q.Header.Get("Sec-WebSocket-Key")) + "\r\n\r\n")
	if _, err := c.Write(hello); err != nil {
		count.add(p, 0, err)
		return
	}
	if _, err := r.Peek(1); err != nil { // the client speaks first, when all tunnels are open
		count.add(p, 0, err)
		return
	}
	n, err := converse(&buffered{c, r}, p, false, pause)
	count.add(p, n, err)
}

// converse plays one end of a tunnel to its end.
func converse(c *buffered, p plan, asClient bool, pause time.Duration) (n int64, err error) {
	breaks := asClient && p.breaker == "client" || !asClient && p.breaker == "backend"
	said := make(chan error, 1)
	c.SetDeadline(time.Now().Add(patience))
	go func() { said <- say(c.Conn, p.stream(asClient), pause, breaks) }()
	n, err = hear(c, p.stream(!asClient), pause, p.breaker != "none")
	return n, errors.Join(err, <-said)
}

// clientRole obeys "open" (as many tunnels as the job says, which stay silent) and "run SECONDS" (traffic on them, and on
// new ones in place of those that have ended).
func clientRole(j job) {
	var c counter
	var opened []*buffered
	var plans []plan
	seed := atomic.Uint64{}
	seed.Store(j.Seed)
	next := func() plan {
		n := seed.Add(1)
		return plan{[]string{"none", "none", "none", "none", "client", "backend"}[rand.IntN(6)], n}
	}
	obey(func(command string) any {
		var seconds float64
		if _, err := fmt.Sscanf(command, "run %g", &seconds); err != nil {
			opened, plans = make([]*buffered, j.Tunnels), make([]plan, j.Tunnels)
			each(j.Tunnels, 64, func(i int) {
				var err error
				plans[i] = next()
				if opened[i], err = open(j, plans[i]); err != nil {
					c.add(plan{"none", plans[i].seed}, 0, fmt.Errorf("open: %w", err))
				}
			})
			return len(opened)
		}
		end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
		each(j.Tunnels, j.Tunnels, func(i int) {
			for conn, p := opened[i], plans[i]; conn != nil; {
				time.Sleep(rand.N(j.Pause))
				n, err := converse(conn, p, true, j.Pause)
				conn.Close()
				if c.add(p, n, err); time.Now().After(end) {
					return
				}
				p = next()
				if conn, err = open(j, p); err != nil {
					c.add(plan{"none", p.seed}, 0, fmt.Errorf("open: %w", err))
				}
			}
		})
		return c.tally
	})
}

func each(n, workers int, do func(i int)) {
	var at atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := at.Add(1) - 1; i < int64(n); i = at.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	all.Wait()
}

// open makes a handshake, every eighth over TLS, from one of several addresses: one has too few ports.
func open(j job, p plan) (*buffered, error) {
	from := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+p.seed%8))}}
	secure := p.seed%8 == 0
	address := j.Plain
	if secure {
		address = j.TLS
	}
	c, err := from.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(patience))
	if secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	}
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	var hello bytes.Buffer
	fmt.Fprintf(&hello, "GET %s HTTP/1.1\r\nHost: soak\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n",
		p.path(int(p.seed)%j.Ports), key)
	if _, err := io.Copy(c, &hello); err != nil {
		c.Close()
		return nil, err
	}
	r := bufio.NewReaderSize(c, 4<<10)
	resp, err := http.ReadResponse(r, nil)
	if err == nil {
		if err = ws.CheckResponse(resp.StatusCode, fieldsOf(resp.Header), key); err != nil {
			err = fmt.Errorf("%s: %w", resp.Status, err)
		}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return &buffered{c, r}, nil
}

func fieldsOf(h http.Header) (fields []http1.Field) {
	for name, values := range h {
		for _, v := range values {
			fields = append(fields, http1.Field{Name: name, Value: v})
		}
	}
	return fields
}
