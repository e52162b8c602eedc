package deflate

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"

	"transom/internal/module"
	"transom/internal/observe"
)

var limits = &module.Slot[limitSettings]{Merge: func(outer, inner *limitSettings) *limitSettings {
	return &limitSettings{module.Inherit(outer.body, inner.body), module.Inherit(outer.ratio, inner.ratio), module.Inherit(outer.burst, inner.burst)}
}}

// limitSettings keep a small body from becoming a huge one; 0 is unset.
type limitSettings struct{ body, ratio, burst int64 }

// httpd's defaults.
const (
	defaultRatio = 200
	defaultBurst = 3
	ratioStep    = 8096 // how much is unpacked between two looks at the ratio: DeflateBufferSize
)

// inflateBody is the input filter DEFLATE, which unpacks what the client has packed.
func inflateBody(r *module.Request) {
	if !takeGzip(r.Header()) {
		return
	}
	r.Header().Del("Content-Length")
	r.Header().Del("Content-Md5")
	r.HTTP.ContentLength = -1
	l := limits.Of(r.Dir)
	b := &inflatedBody{packed: r.HTTP.Body, r: r, limit: l.body, ratio: l.ratio, burst: l.burst}
	if core := module.CoreDir.Of(r.Dir); b.limit == 0 && core.LimitBodySet {
		b.limit = core.LimitRequestBody
	}
	if b.ratio == 0 {
		b.ratio = defaultRatio
	}
	if b.burst == 0 {
		b.burst = defaultBurst
	}
	r.HTTP.Body = b
}

// takeGzip takes the last coding out of Content-Encoding if it is gzip.
func takeGzip(h http.Header) bool {
	list := strings.Join(h["Content-Encoding"], ",")
	comma := strings.LastIndexByte(list, ',')
	switch strings.ToLower(strings.TrimSpace(list[comma+1:])) {
	case "gzip", "x-gzip":
	default:
		return false
	}
	if comma < 0 {
		h.Del("Content-Encoding")
	} else {
		h.Set("Content-Encoding", strings.TrimSpace(list[:comma]))
	}
	return true
}

// inflatedBody is a request body unpacked.
type inflatedBody struct {
	packed io.ReadCloser
	r      *module.Request
	z      *gzip.Reader // nil before the first Read: a client may wait to be asked for its body
	in     int64
	out    int64

	limit, ratio, burst int64
	next                int64 // when to look at the ratio again
	hits                int64 // how often in a row it was too large
	err                 error
}

func (b *inflatedBody) Close() error { return b.packed.Close() }

func (b *inflatedBody) Read(p []byte) (int, error) {
	if b.z == nil && b.err == nil {
		if b.z, b.err = gzip.NewReader(countedBody{b}); b.err == nil {
			b.z.Multistream(false) // what follows the stream is dropped
		}
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.z.Read(p)
	b.out += int64(n)
	if limit := b.check(); limit != nil {
		n, err = 0, limit
	}
	b.err = err
	return n, err
}

var errRatio = errors.New("the request body grows too much when unpacked (DeflateInflateRatioLimit)")

func (b *inflatedBody) check() error {
	if b.limit > 0 && b.out > b.limit {
		b.r.Logf("deflate", observe.Warn, "AH02648", "Inflated content length of %d is larger than the configured limit of %d", b.out, b.limit)
		return &http.MaxBytesError{Limit: b.limit}
	}
	for ; b.out >= b.next+ratioStep; b.next += ratioStep {
		if b.out/max(b.in, 1) < b.ratio {
			b.hits = 0
		} else if b.hits++; b.hits > b.burst {
			return errRatio
		}
	}
	return nil
}

// countedBody reads what the client sent.
type countedBody struct{ b *inflatedBody }

func (c countedBody) Read(p []byte) (int, error) {
	n, err := c.b.packed.Read(p)
	c.b.in += int64(n)
	return n, err
}
