package upstream

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
)

const spoolMemory = 64 << 10

// SpoolBody reads a body whose length must be known before it is sent: short ones into memory, longer ones into an unlinked file,
// which the caller closes when the body has been sent. An error is an *Error.
func SpoolBody(w *Worker, req *Request) (*os.File, error) {
	var short bytes.Buffer
	n, err := io.CopyN(&short, req.Body, spoolMemory)
	switch {
	case err == nil:
		return spoolFile(w, req, &short)
	case !errors.Is(err, io.EOF):
		return nil, ClientError(w, err)
	}
	req.Body, req.ContentLength = &short, n
	return nil, nil
}

func spoolFile(w *Worker, req *Request, first io.Reader) (kept *os.File, err error) {
	file, err := os.CreateTemp("", "transom-body-")
	if err != nil {
		return nil, spoolError(w, err)
	}
	defer func() {
		if kept == nil {
			file.Close()
		}
	}()
	os.Remove(file.Name())
	into := &fileWriter{file: file}
	n, err := io.Copy(into, io.MultiReader(first, req.Body))
	if into.err != nil {
		return nil, spoolError(w, into.err)
	}
	if err != nil {
		return nil, ClientError(w, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, spoolError(w, err)
	}
	req.Body, req.ContentLength = file, n
	return file, nil
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
