package upstream

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
)

const spoolMemory = 64 << 10

// spoolBody reads a body whose length must be known before it is sent: short ones into memory, longer ones into an unlinked file.
func (m *message) spoolBody(w *Worker, req *Request) error {
	var short bytes.Buffer
	n, err := io.CopyN(&short, req.Body, spoolMemory)
	switch {
	case err == nil:
		return m.spoolFile(w, req, &short)
	case !errors.Is(err, io.EOF):
		return clientError(w, err)
	}
	req.Body, req.ContentLength = &short, n
	return nil
}

func (m *message) spoolFile(w *Worker, req *Request, first io.Reader) error {
	file, err := os.CreateTemp("", "transom-body-")
	if err != nil {
		return spoolError(w, err)
	}
	os.Remove(file.Name())
	m.spool = file
	into := &fileWriter{file: file}
	n, err := io.Copy(into, io.MultiReader(first, req.Body))
	if into.err != nil {
		return spoolError(w, into.err)
	}
	if err != nil {
		return clientError(w, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return spoolError(w, err)
	}
	req.Body, req.ContentLength = file, n
	return nil
}

// fileWriter tells the disk's errors from the client's.
type fileWriter struct {
	file *os.File
	err  error
}

func (f *fileWriter) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.err = err
	return n, err
}

func spoolError(w *Worker, err error) *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "AH01090", Reason: "could not keep the request body in a temporary file",
		Worker: w.name, Err: err}
}
