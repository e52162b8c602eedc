package upstream

import (
	"context"
	"errors"
)

// Lease is the use of a connection for one exchange. What a scheme knows of an exchange embeds it; it is the Response's Body then, and
// owns the connection until End.
type Lease struct {
	Worker *Worker
	Req    *Request
	Conn   *Conn
	Upload *Upload     // nil: the request went out in one write
	stop   func() bool // of the context's watch

	Keep    bool // the connection can carry another exchange behind this one
	Drained bool // the response was read to its end
	Ended   bool
}

// Begin makes the lease of a connection that ends with ctx.
func (l *Lease) Begin(ctx context.Context, w *Worker, req *Request, c *Conn) {
	l.Worker, l.Req, l.Conn, l.Upload, l.stop = w, req, c, nil, nil
	l.Keep, l.Drained, l.Ended = false, false, false
	if ctx.Done() != nil {
		l.watch(ctx)
	}
}

func (l *Lease) watch(ctx context.Context) {
	c := l.Conn
	l.stop = context.AfterFunc(ctx, func() { c.Conn.Close() })
}

// Complete releases the connection when the response is through, unless the request isn't: Close will decide then.
func (l *Lease) Complete() {
	l.Drained = true
	if l.Upload == nil || l.Upload.Over() {
		l.End(true)
	}
}

// Close ends the exchange. A response that was not read to its end ends the connection.
func (l *Lease) Close() error {
	l.End(l.Drained)
	return nil
}

// End releases the connection once; ok says that the response is through.
func (l *Lease) End(ok bool) {
	if l.Ended {
		return
	}
	l.Ended = true
	if l.Upload != nil {
		l.endUpload(ok)
		return
	}
	l.Conn.Release(l.unwatch() && ok && l.Keep)
}

func (l *Lease) endUpload(ok bool) {
	defer l.Upload.Rethrow()
	ok = l.Upload.End() && ok
	l.Conn.Release(l.unwatch() && ok && l.Keep)
}

// unwatch reports whether the context is still in force, whose end would have closed the connection.
func (l *Lease) unwatch() bool { return l.stop == nil || l.stop() }

// Explain finds the cause behind a failure: a context that ended or a client that broke off also fail what we do with the backend.
func (l *Lease) Explain(ctx context.Context, err error) error {
	if l.Upload != nil && l.Upload.client != nil {
		return ClientError(l.Worker, l.Upload.client)
	}
	var e *Error
	if ctx.Err() != nil && errors.As(err, &e) {
		e.Abandoned = true
	}
	return err
}
