// Package buffer is mod_buffer: bodies of responses and requests passed on in larger pieces.
package buffer

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"transom/internal/module"
)

// Module returns mod_buffer.
func Module() *module.Module {
	return &module.Module{Name: "mod_buffer", Identifier: "buffer_module", Directives: directives, Offers: module.Offers{
		Filters:      []module.NamedFilter{{Name: "BUFFER", Rank: module.ContentSetRank, Wrap: wrap}},
		InputFilters: []module.InputFilter{{Name: "BUFFER", Insert: collect}}}}
}

var settings = &module.Slot[values]{Merge: func(outer, inner *values) *values { return &values{module.Inherit(outer.size, inner.size)} }}

type values struct{ size int }

// defaultSize is httpd's; maxSize keeps a typing error from taking the memory.
const (
	defaultSize = 128 << 10
	maxSize     = 64 << 20
)

var directives = []module.Directive{
	{Name: "BufferSize", Where: module.Sections | module.InHtaccess, Override: module.OverrideFileInfo, Args: module.One, Syntax: "BufferSize integer",
		Doc: "How many bytes the filter BUFFER collects.", Set: func(c *module.Command) error {
			n, err := strconv.Atoi(c.Args[0])
			if err != nil || n <= 0 || n > maxSize {
				return fmt.Errorf("BufferSize must be a size in bytes, and greater than zero (at most %d), not %q", maxSize, c.Args[0])
			}
			settings.Edit(c.Dir).size = n
			return nil
		}},
}

func size(r *module.Request) int { return cmp.Or(settings.Of(r.Dir).size, defaultSize) }

// collect is the input filter.
func collect(r *module.Request) {
	r.HTTP.Body = &reader{r.HTTP.Body, bufio.NewReaderSize(r.HTTP.Body, size(r)), nil}
}

type reader struct {
	io.ReadCloser
	b   *bufio.Reader
	err error // how the body ended
}

func (b *reader) Read(p []byte) (int, error) {
	if b.b.Buffered() == 0 {
		if b.err != nil {
			return 0, b.err
		}
		if _, b.err = b.b.Peek(b.b.Size()); b.b.Buffered() == 0 {
			return 0, b.err
		}
	}
	return b.b.Read(p)
}

func wrap(r *module.Request) module.OutputFilter {
	size := size(r)
	return func(next http.ResponseWriter) http.ResponseWriter {
		return &writer{module.FilterWriter{Next: next}, bufio.NewWriterSize(next, size)}
	}
}

type writer struct {
	module.FilterWriter
	b *bufio.Writer
}

func (w *writer) Write(b []byte) (int, error) { return w.b.Write(b) }

// Flush does nothing: collecting what the handler sends in pieces is what the filter is for.
func (w *writer) Flush() {}

func (w *writer) Finish() error { return w.b.Flush() }
