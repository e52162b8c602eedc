package core

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"transom/internal/module"
	"transom/internal/observe"
)

// sendFile answers with the file's content: ranges and conditions are net/http's (RFC 9110 13 and 14).
func sendFile(r *module.Request) module.Result {
	// A pipe in the file's place would block until somebody writes to it.
	f, err := os.OpenFile(r.Filename, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.Logf("core", observe.Error, "AH00132", "file permissions deny server access: %s", r.Filename)
		return http.StatusForbidden
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !os.SameFile(info, r.Info) {
		// What was checked on the way is not what was opened.
		r.Logf("core", observe.Error, "", "%s changed while it was being opened", r.Filename)
		return http.StatusForbidden
	}
	h := r.Writer.Header()
	if tag := etag(info, module.CoreDir.Of(r.Dir).FileETag); tag != "" && h.Get("Etag") == "" {
		h.Set("Etag", tag)
	}
	if r.ContentType != "" {
		h.Set("Content-Type", r.ContentType)
	} else {
		h["Content-Type"] = nil // keeps ServeContent from guessing; httpd sends none
	}
	if r.ContentEncoding != "" {
		h.Set("Content-Encoding", r.ContentEncoding)
	}
	if len(r.Languages) > 0 {
		h.Set("Content-Language", strings.Join(r.Languages, ", "))
	}
	ranges, request := r.Header().Get("Range"), r.HTTP
	if ranges != "" && !wellFormedRange(ranges) {
		// ServeContent would refuse what httpd ignores (RFC 9110 14.2 allows both).
		request = request.Clone(request.Context())
		request.Header.Del("Range")
	}
	if r.ContentEncoding == "" && request.Header.Get("Range") == "" {
		http.ServeContent(r.Writer, request, "", info.ModTime(), f)
		return module.OK
	}
	w := &fileWriter{ResponseWriter: r.Writer, size: info.Size()}
	http.ServeContent(w, request, "", info.ModTime(), f)
	if !w.refused {
		return module.OK
	}
	r.SetErrHeader("Content-Range", h.Get("Content-Range"))
	clear(h)
	return http.StatusRequestedRangeNotSatisfiable
}

// fileWriter keeps ServeContent from answering 416 with a text of its own: that is ErrorDocument's. And it tells the length of a
// file that has a content coding, which ServeContent leaves out lest somebody encodes what follows.
type fileWriter struct {
	http.ResponseWriter
	size    int64
	refused bool
}

func (w *fileWriter) WriteHeader(status int) {
	switch h := w.Header(); {
	case status == http.StatusRequestedRangeNotSatisfiable:
		w.refused = true
		return
	case status == http.StatusOK && h.Get("Content-Length") == "":
		h.Set("Content-Length", strconv.FormatInt(w.size, 10))
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *fileWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom leaves the copying to the writer below.
func (w *fileWriter) ReadFrom(src io.Reader) (int64, error) {
	if w.refused {
		return io.Copy(io.Discard, src)
	}
	return io.Copy(w.ResponseWriter, src)
}

// wellFormedRange says whether a Range header is a list of byte ranges; whether the file has them is another question.
func wellFormedRange(s string) bool {
	list, ok := strings.CutPrefix(s, "bytes=")
	if !ok || strings.Count(list, ",") >= maxRanges {
		return false
	}
	for _, spec := range strings.Split(list, ",") {
		first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
		if !ok || first == "" && last == "" || !digits(first) || !digits(last) {
			return false
		}
		if first != "" && last != "" {
			a, err1 := strconv.ParseInt(first, 10, 64)
			b, err2 := strconv.ParseInt(last, 10, 64)
			if err1 != nil || err2 != nil || b < a {
				return false
			}
		}
	}
	return true
}

// maxRanges is httpd's default for MaxRanges: with more the whole file is sent.
const maxRanges = 200

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// etag makes an entity tag from size and time, httpd's default, or from what FileETag says.
func etag(info os.FileInfo, components []string) string {
	useSize, useTime, useInode := true, true, false
	for i, c := range components {
		c = strings.ToLower(c)
		sign := c[0]
		c = strings.TrimLeft(c, "+-")
		if i == 0 && sign != '+' && sign != '-' {
			useSize, useTime, useInode = false, false, false
		}
		on := sign != '-'
		switch c {
		case "none":
			return ""
		case "all":
			useSize, useTime, useInode = on, on, on
		case "size":
			useSize = on
		case "mtime", "digest":
			useTime = on
		case "inode":
			useInode = on
		}
	}
	var parts []string
	if useInode {
		if n, ok := inode(info); ok {
			parts = append(parts, fmt.Sprintf("%x", n))
		}
	}
	if useSize {
		parts = append(parts, fmt.Sprintf("%x", info.Size()))
	}
	if useTime {
		parts = append(parts, fmt.Sprintf("%x", info.ModTime().UnixMicro()))
	}
	if len(parts) == 0 {
		return ""
	}
	return `"` + strings.Join(parts, "-") + `"`
}
