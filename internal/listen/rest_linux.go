package listen

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"transom/internal/rawnet"
)

// restArea keeps connections that have been quiet for a while without a goroutine each:
// their sockets are watched, once, by an epoll instance, which the runtime's poller
// watches in turn. Whoever takes a connection out of conns owns it.
type restArea struct {
	mu     sync.Mutex
	epoll  *os.File // from the first connection on
	conns  map[int32]*conn
	last   int32
	closed bool
}

const sweepEvery = time.Second // how late a rest may end

// add takes c over, or reports that it can't. A read of c has just found nothing: over TLS
// too, whatever comes next wakes the socket.
func (a *restArea) add(c *conn) bool {
	if c.quick == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.epoll == nil && !a.open() {
		return false
	}
	for a.last++; a.conns[a.last] != nil; a.last++ {
	}
	key := a.last
	if !a.watch(c, key) {
		return false
	}
	if len(a.conns) == 0 {
		a.epoll.SetReadDeadline(time.Now().Add(sweepEvery))
	}
	a.conns[key] = c
	return true
}

// open starts the watching, which close ends.
func (a *restArea) open() bool {
	_, epoll, raw, err := rawnet.NewEpoll()
	if err != nil {
		return false
	}
	a.epoll = epoll
	a.conns = make(map[int32]*conn)
	go a.run(raw)
	return true
}

// watch asks for one event, under key, when c's socket is readable.
func (a *restArea) watch(c *conn, key int32) bool {
	var ctlErr error
	ctl := func(epoll, fd uintptr) {
		ev := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLONESHOT, Fd: key}
		ctlErr = syscall.EpollCtl(int(epoll), syscall.EPOLL_CTL_ADD, int(fd), &ev)
		if ctlErr == syscall.EEXIST {
			ctlErr = syscall.EpollCtl(int(epoll), syscall.EPOLL_CTL_MOD, int(fd), &ev)
		}
	}
	epoll, err := a.epoll.SyscallConn()
	if err != nil {
		return false
	}
	var inner error
	err = epoll.Control(func(e uintptr) {
		inner = c.quick.Control(func(fd uintptr) { ctl(e, fd) })
	})
	return errors.Join(err, inner, ctlErr) == nil
}

func (a *restArea) run(raw syscall.RawConn) {
	var events [64]syscall.EpollEvent
	for {
		n := 0
		err := raw.Read(func(fd uintptr) bool {
			n, _ = syscall.EpollWait(int(fd), events[:], 0)
			return n > 0
		})
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		woken, late := a.takeOut(events[:max(n, 0)])
		for _, c := range woken {
			go c.resume(restAfter)
		}
		for _, c := range late {
			go c.expire()
		}
	}
}

// takeOut takes the connections that events are of, and those whose time is up.
func (a *restArea) takeOut(events []syscall.EpollEvent) (woken, late []*conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, ev := range events {
		if c := a.conns[ev.Fd]; c != nil {
			delete(a.conns, ev.Fd)
			woken = append(woken, c)
		}
	}
	if len(events) == 0 {
		at := now()
		for key, c := range a.conns {
			if c.idleUntil != 0 && at >= c.idleUntil {
				delete(a.conns, key)
				late = append(late, c)
			}
		}
		var next time.Time
		if len(a.conns) > 0 {
			next = time.Now().Add(sweepEvery)
		}
		a.epoll.SetReadDeadline(next)
	}
	return woken, late
}

// close ends the connections that rest; there are none after it.
func (a *restArea) close() {
	a.mu.Lock()
	a.closed = true
	conns := a.conns
	a.conns = nil
	if a.epoll != nil {
		a.epoll.Close()
	}
	a.mu.Unlock()
	for _, c := range conns {
		c.end()
	}
}
