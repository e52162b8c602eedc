package rawnet

import (
	"errors"
	"io"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Splice moves to dst what src has, at most max bytes, by splice(2), so that it never comes into this process. It waits for
// src's first byte until the read deadline that is set there, and for dst as Write does. srcErr is io.EOF at src's end, and
// errors.ErrUnsupported if nothing can be moved in this way: nothing has been taken from src then.
func Splice(dst, src *Conn, max int64, patience time.Duration) (n int64, srcErr, dstErr error) {
	p, _ := pipes.Get().(*pipe)
	if p == nil {
		if p = newPipe(); p == nil {
			return 0, errors.ErrUnsupported, nil
		}
	}
	if srcErr = p.fill(src, max); srcErr != nil {
		pipes.Put(p)
		return 0, srcErr, nil
	}
	taken := p.held
	if dstErr = p.drain(dst, patience); dstErr != nil {
		return taken - p.held, nil, dstErr // what it still holds goes with it
	}
	pipes.Put(p)
	return taken, nil, nil
}

// pipes keeps empty ones; the collector closes those that nobody uses.
var pipes sync.Pool

// pipe is the place in the kernel that splice needs between two sockets.
type pipe struct {
	ends *[2]int // to read, to write
	held int64
}

// pipeSize is asked for; without (before Linux 2.6.35) a pipe holds 64 KiB.
const pipeSize = 256 << 10

func newPipe() *pipe {
	p := &pipe{ends: new([2]int)}
	if unix.Pipe2(p.ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC) != nil {
		return nil
	}
	unix.FcntlInt(uintptr(p.ends[0]), unix.F_SETPIPE_SZ, pipeSize)
	runtime.AddCleanup(p, func(ends *[2]int) {
		unix.Close(ends[0])
		unix.Close(ends[1])
	}, p.ends)
	return p
}

func (p *pipe) fill(src *Conn, max int64) error {
	var n int64
	var failed syscall.Errno
	err := src.raw.Read(func(fd uintptr) (over bool) {
		n, failed = splice(int(fd), p.ends[1], min(max, pipeSize))
		return failed != syscall.EAGAIN
	})
	switch {
	case err != nil:
		return renamed("splice", err)
	case failed == syscall.EINVAL, failed == syscall.ENOSYS:
		return errors.ErrUnsupported
	case failed != 0:
		return src.failed("splice", failed)
	case n == 0:
		return io.EOF
	}
	p.held = n
	return nil
}

func (p *pipe) drain(dst *Conn, patience time.Duration) error {
	return dst.afterWrite("splice", dst.insist(patience, func(fd uintptr) {
		for dst.writeErr = 0; p.held > 0; {
			n, err := splice(p.ends[0], int(fd), p.held)
			if err != 0 {
				dst.writeErr = err
				return
			}
			p.held -= n
		}
	}))
}

func splice(from, to int, max int64) (int64, syscall.Errno) {
	for {
		n, err := unix.Splice(from, nil, to, nil, int(max), unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if err != syscall.EINTR {
			return int64(n), errnoOf(err) // an int on 386
		}
	}
}
