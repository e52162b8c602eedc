package upstream

import (
	"errors"
	"io"
	"net"
	"time"

	"transom/internal/rawnet"
)

// Read reads the response's body. At its end the connection goes back to the pool.
func (x *exchange) Read(p []byte) (int, error) {
	if x.drained {
		return 0, io.EOF
	}
	if x.ended {
		return 0, net.ErrClosed
	}
	n, err := x.body.Read(p)
	if err != nil {
		return n, x.bodyOver(err)
	}
	return n, nil
}

func (x *exchange) bodyOver(err error) error {
	if err == io.EOF {
		x.drained = x.body.Done()
		x.over()
		return err
	}
	x.keepAlive = false
	return &Error{Status: 502, Code: "AH01110", Reason: "error reading response", Worker: x.w.name, Err: err, Timeout: isTimeout(err)}
}

// over releases the connection when the response is through, unless the request isn't: Close will decide then.
func (x *exchange) over() {
	if x.up == nil || x.up.Over() {
		x.end(true)
	}
}

// Close ends the exchange. A response that was not read to its end ends the connection.
func (x *exchange) Close() error {
	x.end(x.drained)
	return nil
}

// recycle gives the memory to another exchange. Nobody may use this one, its Response or its Fields any more.
func (x *exchange) recycle() {
	if x.ended && x.up == nil {
		*x = exchange{}
		exchanges.Put(x)
	}
}

func (x *exchange) end(ok bool) {
	if x.ended {
		return
	}
	x.ended = true
	if x.up != nil {
		defer x.up.Rethrow()
		ok = x.up.End() && ok
	}
	if x.stop != nil && !x.stop() {
		ok = false
	}
	x.c.Release(ok && x.keepAlive && !x.unsent)
}

// Splicer is a response that the kernel can move a body to. listen has its rules.
type Splicer interface {
	SpliceFrom(src *rawnet.Conn, max int64) (n int64, srcErr, err error)
}

// WriteTo writes the rest of the body to dst. The kernel moves it if dst is a Splicer, the length is known, and nothing but
// sockets stands at both ends.
func (x *exchange) WriteTo(dst io.Writer) (total int64, err error) {
	if into, ok := dst.(Splicer); ok && x.c.plain && x.body.Left() > copySize {
		total, err = x.copy(dst, func() bool { return len(x.c.R.Buffered()) > 0 })
		if err != nil {
			return total, err
		}
		n, err := x.splice(into)
		total += n
		if err != errors.ErrUnsupported {
			return total, err
		}
	}
	n, err := x.copy(dst, func() bool { return true })
	return total + n, err
}

func (x *exchange) copy(dst io.Writer, more func() bool) (total int64, err error) {
	buf := buffers.Get().(*[copySize]byte)
	defer buffers.Put(buf)
	for more() {
		n, rerr := x.Read(buf[:])
		if n > 0 {
			m, werr := dst.Write(buf[:n])
			total += int64(m)
			if werr != nil {
				return total, werr
			}
		}
		if rerr == io.EOF {
			return total, nil
		}
		if rerr != nil {
			return total, rerr
		}
	}
	return total, nil
}

// splice waits for the backend under a deadline that each byte moves; the client has its own.
func (x *exchange) splice(into Splicer) (total int64, err error) {
	for x.body.Left() > 0 {
		x.c.armRead(time.Now())
		n, srcErr, err := into.SpliceFrom(x.c.quick, x.body.Left())
		total += n
		x.body.Took(n)
		x.w.read.Add(n)
		switch {
		case err != nil:
			return total, err
		case srcErr == errors.ErrUnsupported:
			return total, srcErr
		case isTimeout(srcErr) && x.c.sentLately():
			x.c.readBy = time.Time{}
		case srcErr == io.EOF:
			return total, x.bodyOver(io.ErrUnexpectedEOF)
		case srcErr != nil:
			return total, x.bodyOver(srcErr)
		}
	}
	x.drained = true
	x.over()
	return total, nil
}
