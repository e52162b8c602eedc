// Package deflate is mod_deflate: responses compressed with gzip, compressed ones and request bodies unpacked.
package deflate

import (
	"fmt"
	"math"
	"strconv"

	"github.com/klauspost/compress/gzip"

	"transom/internal/module"
)

var settings = &module.Slot[values]{Merge: merge}

// values belong to a server, as in httpd.
type values struct {
	module.Compression
	level int // 0: unset
}

func merge(outer, inner *values) *values {
	return &values{outer.Merge(&inner.Compression), module.Inherit(outer.level, inner.level)}
}

const sizes = "the library chooses the sizes of its buffers and windows"

var directives = []module.Directive{
	{Name: "DeflateCompressionLevel", Where: module.Servers, Args: module.One, Syntax: "DeflateCompressionLevel 1-9",
		Doc: "How much work is put into compressing.", Set: func(c *module.Command) error {
			n, err := strconv.Atoi(c.Args[0])
			if err != nil || n < gzip.BestSpeed || n > gzip.BestCompression {
				return fmt.Errorf("Compression Level must be between 1 and 9, not %q", c.Args[0])
			}
			settings.Edit(c.Server.Settings).level = n
			return nil
		}},
	{Name: "DeflateAlterETag", Where: module.Servers, Args: module.One, Syntax: "DeflateAlterETag AddSuffix|NoChange|Remove",
		Doc: "What becomes of the ETag of a compressed response.", Set: func(c *module.Command) error {
			return settings.Edit(c.Server.Settings).SetAlterETag(c)
		}},
	{Name: "DeflateFilterNote", Where: module.Servers, Args: module.OneOrTwo, Syntax: "DeflateFilterNote [Input|Output|Ratio] notename",
		Doc: "A note for logs: bytes before or behind compression, or the ratio in percent.", Set: func(c *module.Command) error {
			return settings.Edit(c.Server.Settings).AddNote(c)
		}},
	{Name: "DeflateBufferSize", Where: module.Servers, Args: module.One, Syntax: "DeflateBufferSize value", Doc: "The size of httpd's buffer.", Support: module.Accepted(sizes),
		Set: func(c *module.Command) error { return within(c, 1, math.MaxInt32, nil) }},
	{Name: "DeflateWindowSize", Where: module.Servers, Args: module.One, Syntax: "DeflateWindowSize value", Doc: "The size of zlib's window.", Support: module.Accepted(sizes),
		Set: func(c *module.Command) error { return within(c, 1, 15, nil) }},
	{Name: "DeflateMemLevel", Where: module.Servers, Args: module.One, Syntax: "DeflateMemLevel value", Doc: "How much memory zlib uses.", Support: module.Accepted(sizes),
		Set: func(c *module.Command) error { return within(c, 1, 9, nil) }},
	{Name: "DeflateInflateLimitRequestBody", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "DeflateInflateLimitRequestBody value",
		Doc: "The largest request body once unpacked; without it LimitRequestBody counts.", Set: func(c *module.Command) error {
			return within(c, 0, math.MaxInt64, &limits.Edit(c.Dir).body)
		}},
	{Name: "DeflateInflateRatioLimit", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "DeflateInflateRatioLimit value",
		Doc: "How many times its size a body may have once unpacked.", Set: func(c *module.Command) error {
			return within(c, 1, math.MaxInt32, &limits.Edit(c.Dir).ratio)
		}},
	{Name: "DeflateInflateRatioBurst", Where: module.Anywhere, Override: module.OverrideAll, Args: module.One, Syntax: "DeflateInflateRatioBurst value",
		Doc: "How often in a row that may be exceeded.", Set: func(c *module.Command) error {
			return within(c, 1, math.MaxInt32, &limits.Edit(c.Dir).burst)
		}},
}

// within reads a number; to may be nil.
func within(c *module.Command, least, most int64, to *int64) error {
	n, err := strconv.ParseInt(c.Args[0], 10, 64)
	if err != nil || n < least || n > most {
		return fmt.Errorf("%s must be a number from %d to %d, not %q", c.Name, least, most, c.Args[0])
	}
	if to != nil {
		*to = n
	}
	return nil
}
