package upstream

import (
	"errors"
	"fmt"
	"net/http"
)

// Error is a failed exchange. Status, Code and Reason are httpd's for the same failure.
type Error struct {
	Status int    // for the client: 500, 502, 503, 504; 400 if its body was malformed, 408 if that didn't come
	Code   string // httpd's log number: "AH01102"
	Reason string // short, may be shown to the client
	Worker string // name of the worker
	Err    error  // cause; nil if there is nothing to add

	Timeout   bool // the backend was silent too long (failontimeout)
	Connect   bool // no connection was made: nothing has been sent, another worker may be tried
	Client    bool // the client's body failed, the backend did nothing wrong
	Abandoned bool // the context was done
}

func (e *Error) Error() string {
	text := e.Reason
	if e.Worker != "" {
		text += " (" + e.Worker + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

var (
	errBusy     = errors.New("all connections of the pool are in use")
	errDisabled = errors.New("the worker takes no requests now")
)

func busyError(w *Worker, err error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "AH00941", Reason: "failed to acquire connection",
		Worker: w.Name(), Err: err}
}

func disabledError(w *Worker) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "AH00940", Reason: "disabled connection", Worker: w.Name(),
		Err: errDisabled, Connect: true}
}

func dnsError(w *Worker, host string, err error) *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "AH00898", Worker: w.Name(), Err: err, Connect: true,
		Reason: "DNS lookup failure for: " + host}
}

func connectError(w *Worker, addr string, err error) *Error {
	return &Error{Status: http.StatusServiceUnavailable, Code: "AH01114", Worker: w.Name(), Err: err, Connect: true,
		Reason: fmt.Sprintf("failed to make connection to backend: %s", addr)}
}
