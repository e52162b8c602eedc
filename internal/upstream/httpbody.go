package upstream

import (
	"errors"
	"io"
	"net"

	"transom/internal/rawnet"
)

// Read reads the response's body. At its end the connection goes back to the pool.
func (x *exchange) Read(p []byte) (int, error) {
	if x.Drained {
		return 0, io.EOF
	}
	if x.Ended {
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
		x.Complete()
		return err
	}
	x.Keep = false
	return &Error{Status: 502, Code: "AH01110", Reason: "error reading response", Worker: x.Worker.name, Err: err, Timeout: isTimeout(err)}
}

// Splicer is a response that the kernel can move a body to. listen has its rules.
type Splicer interface {
	SpliceFrom(src *rawnet.Conn, max int64) (n int64, srcErr, err error)
}

// WriteTo writes the rest of the body to dst. What was read ahead of a body of known length goes straight from there. The kernel
// moves the rest if dst is a Splicer, the length is known, and nothing but sockets stands at both ends.
func (x *exchange) WriteTo(dst io.Writer) (total int64, err error) {
	if x.body.Left() > 0 && !x.Ended {
		n, err := x.body.WriteBuffered(dst)
		if x.body.Left() == 0 {
			x.Complete()
		}
		if err != nil || x.Drained {
			return int64(n), err
		}
		total = int64(n)
	}
	return x.writeRest(dst, total)
}

func (x *exchange) writeRest(dst io.Writer, total int64) (int64, error) {
	if x.Conn.plain && x.body.Left() > copySize {
		if into, ok := dst.(Splicer); ok {
			n, err := x.splice(into)
			total += n
			if err != errors.ErrUnsupported {
				return total, err
			}
		}
	}
	n, err := x.copy(dst)
	return total + n, err
}

func (x *exchange) copy(dst io.Writer) (total int64, err error) {
	buf := buffers.Get().(*[copySize]byte)
	defer buffers.Put(buf)
	for {
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
}

// splice waits for the backend under a deadline that each byte moves; the client has its own.
func (x *exchange) splice(into Splicer) (total int64, err error) {
	for x.body.Left() > 0 {
		x.Conn.armRead(clock())
		n, srcErr, err := into.SpliceFrom(x.Conn.quick, x.body.Left())
		total += n
		x.body.Took(n)
		x.Conn.received(n)
		switch {
		case err != nil:
			return total, err
		case srcErr == errors.ErrUnsupported:
			return total, srcErr
		case isTimeout(srcErr) && x.Conn.sentLately():
			x.Conn.readBy = 0
		case srcErr == io.EOF:
			return total, x.bodyOver(io.ErrUnexpectedEOF)
		case srcErr != nil:
			return total, x.bodyOver(srcErr)
		}
	}
	x.Complete()
	return total, nil
}
