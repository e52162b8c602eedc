package deflate

import (
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"transom/internal/module"
)

// Module returns mod_deflate.
func Module() *module.Module {
	return &module.Module{Name: "mod_deflate", Identifier: "deflate_module", Directives: directives, Offers: module.Offers{
		Filters: []module.NamedFilter{
			{Name: "DEFLATE", Rank: module.ContentSetRank, Wrap: deflate},
			{Name: "INFLATE", Rank: module.ResourceRank - 1, Wrap: inflate},
		},
		InputFilters: []module.InputFilter{{Name: "DEFLATE", Insert: inflateBody}}}}
}

func deflate(r *module.Request) module.OutputFilter {
	s := settings.Of(r.Server.Settings)
	level := s.level
	if level == 0 {
		level = defaultLevel
	}
	c := &module.Compressor{Coding: "gzip", Skip: "no-gzip", Force: "force-gzip", Settings: &s.Compression,
		Open: func(w io.Writer) module.CompressWriter { return open(w, level) }}
	return c.Filter(r)
}

// defaultLevel is zlib's.
const defaultLevel = 6

// pools hold writers of each level: one takes hundreds of kilobytes.
var pools [gzip.BestCompression + 1]sync.Pool

// pooled gives its writer back when it is closed.
type pooled struct {
	*gzip.Writer
	pool *sync.Pool
}

func open(w io.Writer, level int) module.CompressWriter {
	pool := &pools[level]
	z, ok := pool.Get().(*gzip.Writer)
	if !ok {
		z, _ = gzip.NewWriterLevel(nil, level) // the level was checked
	}
	z.Reset(w)
	return &pooled{z, pool}
}

func (p *pooled) Close() error {
	err := p.Writer.Close()
	p.Writer.Reset(io.Discard)
	p.pool.Put(p.Writer)
	return err
}
