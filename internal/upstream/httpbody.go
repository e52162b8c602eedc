package upstream

import (
	"io"
	"net"
	"time"
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
		ok = x.up.End() && ok
	}
	if x.stop != nil && !x.stop() {
		ok = false
	}
	x.c.Release(ok && x.keepAlive && !x.unsent)
}

// spliceUnit is how much may pass the kernel between two looks at the clock.
const spliceUnit = 4 << 20

// WriteTo writes the rest of the body to dst. Between TCP sockets the kernel moves what it can: dst is asked to ReadFrom a
// *net.TCPConn when the length is known and nothing but the socket stands below.
func (x *exchange) WriteTo(dst io.Writer) (total int64, err error) {
	if into, ok := dst.(io.ReaderFrom); ok && x.body.Left() > copySize {
		if tcp, ok := x.c.Conn.(*net.TCPConn); ok {
			return x.splice(dst, into, tcp)
		}
	}
	return x.copy(dst, func() bool { return true })
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

func (x *exchange) splice(dst io.Writer, into io.ReaderFrom, tcp *net.TCPConn) (total int64, err error) {
	total, err = x.copy(dst, func() bool { return len(x.c.R.Buffered()) > 0 })
	if err != nil {
		return total, err
	}
	for x.body.Left() > 0 {
		x.c.armRead(time.Now())
		n, err := into.ReadFrom(&io.LimitedReader{R: tcp, N: min(x.body.Left(), spliceUnit)})
		total += n
		if n > 0 {
			x.body.Took(n)
			x.w.read.Add(n)
		}
		if n > 0 && isTimeout(err) && x.c.readExpired() {
			continue // the client was slow, not the backend
		}
		switch {
		case err == nil && n == 0:
			err = x.bodyOver(io.ErrUnexpectedEOF)
		case isTimeout(err) && x.c.readExpired():
			err = x.bodyOver(err)
		}
		if err != nil {
			return total, err
		}
	}
	if !x.drained {
		x.drained = true
		x.over()
	}
	return total, nil
}
