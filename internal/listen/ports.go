package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"

	"transom/internal/rawnet"
)

// Ports are the listening sockets of a running server. The zero value has none.
type Ports struct {
	mu   sync.Mutex
	open map[string]net.Listener
}

// Update makes the open sockets those of addrs ("80", "192.0.2.1:80", "[::]:80", "*:80",
// as Listen takes them): what was open stays, new ones are bound before old ones are
// closed, and serve is started for each, on a goroutine. If one can't be bound nothing
// changes, and the error names it.
func (p *Ports) Update(addrs []string, serve func(net.Listener)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	want, err := normalizeAll(addrs)
	if err != nil {
		return err
	}
	fresh, err := p.bind(want, serve)
	if err != nil {
		return err
	}
	for addr, l := range p.open {
		if !slices.Contains(want, addr) {
			l.Close()
			delete(p.open, addr)
		}
	}
	if p.open == nil {
		p.open = make(map[string]net.Listener)
	}
	for addr, l := range fresh {
		p.open[addr] = l
		go serve(l)
	}
	return nil
}

// Addrs are the addresses of the open sockets, in order.
func (p *Ports) Addrs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []string
	for _, l := range p.open {
		list = append(list, l.Addr().String())
	}
	slices.Sort(list)
	return list
}

// Close closes all sockets.
func (p *Ports) Close() { p.Update(nil, nil) }

// bind opens those of want that are not open. A socket that gives way to a new one on
// the same port (from any address to one of them) has to be closed first; it is opened
// again if the new one can't be had all the same.
func (p *Ports) bind(want []string, serve func(net.Listener)) (map[string]net.Listener, error) {
	fresh := make(map[string]net.Listener)
	var stepped []string
	for _, addr := range want {
		if p.open[addr] != nil {
			continue
		}
		l, err := Listen(addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			if old := p.stepAside(addr, want); len(old) > 0 {
				stepped = append(stepped, old...)
				l, err = Listen(addr)
			}
		}
		if err != nil {
			for _, l := range fresh {
				l.Close()
			}
			return nil, errors.Join(err, p.reopen(stepped, serve))
		}
		fresh[addr] = l
	}
	for _, addr := range stepped {
		delete(p.open, addr)
	}
	return fresh, nil
}

// stepAside closes the open sockets with addr's port that are not wanted any more. Their
// entries stay, for reopen.
func (p *Ports) stepAside(addr string, want []string) (closed []string) {
	_, port, _ := net.SplitHostPort(addr)
	for old, l := range p.open {
		if _, oldPort, _ := net.SplitHostPort(old); oldPort == port && !slices.Contains(want, old) {
			l.Close()
			closed = append(closed, old)
		}
	}
	return closed
}

// reopen binds again what stepped aside for nothing.
func (p *Ports) reopen(addrs []string, serve func(net.Listener)) error {
	var errs []error
	for _, addr := range addrs {
		l, err := Listen(addr)
		if err != nil {
			delete(p.open, addr)
			errs = append(errs, err)
			continue
		}
		p.open[addr] = l
		go serve(l)
	}
	return errors.Join(errs...)
}

// Listen binds one address as Listen takes it. An address without a host is any address
// of both families where the system has both.
func Listen(addr string) (net.Listener, error) {
	addr, err := normalize(addr)
	if err != nil {
		return nil, err
	}
	network := "tcp"
	host, _, _ := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
		network = "tcp4" // 0.0.0.0 is not both families
	}
	lc := net.ListenConfig{KeepAlive: -1, Control: keepAlive}
	lc.SetMultipathTCP(false)
	l, err := lc.Listen(context.Background(), network, addr)
	if err == nil {
		l, err = rawnet.Listen(l)
	}
	if err != nil {
		return nil, &BindError{addr, err}
	}
	return l, nil
}

// BindError is a port that could not be opened.
type BindError struct {
	Address string
	Err     error
}

func (e *BindError) Error() string {
	return "could not bind to address " + e.Address + ": " + e.Err.Error()
}
func (e *BindError) Unwrap() error { return e.Err }

// keepAlive sets SO_KEEPALIVE where accepted sockets inherit it, as httpd does.
func keepAlive(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
	})
}

func normalizeAll(addrs []string) ([]string, error) {
	var list []string
	for _, a := range addrs {
		n, err := normalize(a)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list, nil
}

// normalize gives equal addresses one form, host:port.
func normalize(addr string) (string, error) {
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("listening address %q: want [address:]port, IPv6 in brackets", addr)
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return "", fmt.Errorf("listening address %q: no valid port", addr)
	}
	if host == "*" || host == "::" {
		host = ""
	}
	return net.JoinHostPort(host, port), nil
}
