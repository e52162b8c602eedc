package reqtimeout

import (
	"errors"
	"io"
	"net/http"

	"transom/internal/module"
	"transom/internal/observe"
	"transom/internal/wire/http1"
)

var hooks = []module.Hook{
	{Phase: module.InsertFilter, Run: watchBody, Only: module.Bodies},
	{Phase: module.LogTransaction, Run: logHeader, Only: module.Malformed},
}

func logHeader(r *module.Request) module.Result {
	if r.Conn.Bad.Status == http.StatusRequestTimeout {
		r.Logf("reqtimeout", observe.Info, "AH01382", "Request header read timeout")
	}
	return module.Declined
}

// watchBody tells of a body that does not come in time, if the log wants to know.
func watchBody(r *module.Request) module.Result {
	if r.HTTP.Body != nil && r.ErrorLog().Logs("reqtimeout", observe.Info) {
		r.HTTP.Body = &body{r.HTTP.Body, r, false}
	}
	return module.OK
}

type body struct {
	io.ReadCloser
	r    *module.Request
	told bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	var failed *http1.Error
	if !b.told && errors.As(err, &failed) && failed.Status == http.StatusRequestTimeout {
		b.told = true
		b.r.Logf("reqtimeout", observe.Info, "AH01382", "Request body read timeout")
	}
	return n, err
}
