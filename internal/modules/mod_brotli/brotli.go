// Package brotli is mod_brotli: responses compressed with Brotli.
package brotli

import (
	"fmt"
	"io"
	"strconv"

	"github.com/andybalholm/brotli"

	"transom/internal/module"
)

// Module returns mod_brotli.
func Module() *module.Module {
	return &module.Module{Name: "mod_brotli", Identifier: "brotli_module", Directives: directives, Offers: module.Offers{
		Filters: []module.NamedFilter{{Name: "BROTLI_COMPRESS", Rank: module.ContentSetRank, Wrap: compress}}}}
}

var settings = &module.Slot[values]{Merge: merge}

// values belong to a server, as in httpd.
type values struct {
	module.Compression
	quality int // one more than the directive says; 0: unset
	window  int
}

func merge(outer, inner *values) *values {
	return &values{outer.Merge(&inner.Compression), module.Inherit(outer.quality, inner.quality), module.Inherit(outer.window, inner.window)}
}

var directives = []module.Directive{
	{Name: "BrotliCompressionQuality", Where: module.Servers, Args: module.One, Syntax: "BrotliCompressionQuality 0-11",
		Doc: "How much work is put into compressing.", Set: func(c *module.Command) error {
			n, err := number(c, brotli.BestSpeed, brotli.BestCompression)
			settings.Edit(c.Server.Settings).quality = n + 1
			return err
		}},
	{Name: "BrotliCompressionWindow", Where: module.Servers, Args: module.One, Syntax: "BrotliCompressionWindow 10-24",
		Doc: "The window's size, as a power of two.", Set: func(c *module.Command) error {
			n, err := number(c, 10, 24)
			settings.Edit(c.Server.Settings).window = n
			return err
		}},
	{Name: "BrotliCompressionMaxInputBlock", Where: module.Servers, Args: module.One, Syntax: "BrotliCompressionMaxInputBlock value",
		Doc: "The largest block that is compressed at once.", Support: module.Accepted("the library chooses its blocks"),
		Set: func(c *module.Command) error { _, err := number(c, 16, 24); return err }},
	{Name: "BrotliAlterETag", Where: module.Servers, Args: module.One, Syntax: "BrotliAlterETag AddSuffix|NoChange|Remove",
		Doc: "What becomes of the ETag of a compressed response.", Set: func(c *module.Command) error {
			return settings.Edit(c.Server.Settings).SetAlterETag(c)
		}},
	{Name: "BrotliFilterNote", Where: module.Servers, Args: module.OneOrTwo, Syntax: "BrotliFilterNote [Input|Output|Ratio] notename",
		Doc: "A note for logs: bytes before or behind compression, or the ratio in percent.", Set: func(c *module.Command) error {
			return settings.Edit(c.Server.Settings).AddNote(c)
		}},
}

func number(c *module.Command, least, most int) (int, error) {
	n, err := strconv.Atoi(c.Args[0])
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s must be between %d and %d, not %q", c.Name, least, most, c.Args[0])
	}
	return n, nil
}

// defaultQuality is httpd's.
const defaultQuality = 5

func compress(r *module.Request) module.OutputFilter {
	s := settings.Of(r.Server.Settings)
	options := brotli.WriterOptions{Quality: defaultQuality, LGWin: s.window}
	if s.quality > 0 {
		options.Quality = s.quality - 1
	}
	c := &module.Compressor{Coding: "br", Skip: "no-brotli", Settings: &s.Compression,
		Open: func(w io.Writer) module.CompressWriter { return brotli.NewWriterOptions(w, options) }}
	return c.Filter(r)
}
